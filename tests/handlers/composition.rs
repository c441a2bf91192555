//! Composition: handlers in modules, nested below paths, in namespaces with parameters.

use serde::Deserialize;
use serde_json::{Value, json};
use socketio::{Handlers, Path, Request, SocketIo, SocketIoBuilder, handlers};
use socketio_test::{ConnectError, TestClient};

/// A module of a program, independent of the other ones.
mod admin {
    use super::*;

    #[socketio::event]
    async fn restart() -> &'static str {
        "restarting"
    }

    pub(super) struct Log;

    #[socketio::namespace("/log")]
    impl Log {
        async fn on_tail(&self, lines: u32) -> u32 {
            lines
        }
    }

    pub(super) fn handlers() -> Handlers {
        Handlers::new()
            .handlers(handlers![restart])
            .namespace(Log)
            .on_in("*", "where", |request: Request| async move {
                request.uri().path().to_owned()
            })
            .guard(|request: Request| request.header("x-admin").is_some())
    }
}

async fn admin(io: &SocketIo, path: &str) -> Result<TestClient, ConnectError> {
    TestClient::builder(io)
        .namespace(path)
        .header("x-admin", "1")
        .connect()
        .await
}

#[tokio::test]
async fn merged_handlers_keep_their_namespaces() {
    let io = SocketIo::bare().merge(admin::handlers()).build().unwrap();
    let main = admin(&io, "/").await.unwrap();
    assert_eq!(
        main.call::<String>("restart", ()).await.unwrap(),
        "restarting"
    );
    let log = admin(&io, "/log").await.unwrap();
    assert_eq!(log.call::<u32>("tail", 3).await.unwrap(), 3);
    TestClient::connect(&io, "/").await.expect_err("guarded");
}

#[tokio::test]
async fn nested_handlers_are_below_their_path_and_so_are_their_guards() {
    let io = SocketIo::bare()
        .on("open", || async { "to all" })
        .nest("/admin", admin::handlers())
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(main.call::<String>("open", ()).await.unwrap(), "to all");
    for path in ["/admin", "/admin/log", "/admin/other"] {
        TestClient::connect(&io, path).await.expect_err("guarded");
        admin(&io, path).await.expect("an admin");
    }
    let log = admin(&io, "/admin/log").await.unwrap();
    assert_eq!(log.call::<u32>("tail", 3).await.unwrap(), 3);
    let elsewhere = admin(&io, "/log").await;
    assert!(
        matches!(&elsewhere, Err(ConnectError::Refused { message, .. }) if message == "Invalid namespace"),
        "{elsewhere:?}"
    );
}

#[tokio::test]
async fn lists_nest_in_lists() {
    let inner = Handlers::new().on("x", || async { "deep" });
    let outer = Handlers::new().nest("/b", inner);
    let io = SocketIo::bare().nest("/a/", outer).build().unwrap();
    let client = TestClient::connect(&io, "/a/b").await.unwrap();
    assert_eq!(client.call::<String>("x", ()).await.unwrap(), "deep");
}

#[socketio::on_error_default]
fn failed() {}

#[test]
fn mistakes_in_merged_handlers_are_reported_by_build() {
    fn problem(builder: SocketIoBuilder, fragment: &str) {
        let error = builder.build().expect_err("something is wrong");
        assert!(error.to_string().contains(fragment), "{error}");
    }

    let x = || Handlers::new().on("x", || async {});
    problem(SocketIo::bare().merge(x()).merge(x()), "has two handlers");
    assert!(SocketIo::bare().merge(x()).nest("/x", x()).build().is_ok());
    problem(
        SocketIo::bare().nest("/a", Handlers::new().handlers(handlers![failed])),
        "`on_error`",
    );
    problem(SocketIo::bare().nest("a", x()), "must start with `/`");
}

#[derive(Debug, Deserialize)]
struct Job {
    project: String,
    id: u64,
}

struct Jobs;

#[socketio::namespace("/{project}/job/{id}", guard = not_secret)]
impl Jobs {
    async fn on_connect(&self, _id: Path<(String, u64)>) {}

    async fn on_which(&self, job: Path<Job>) -> (String, u64) {
        let job = job.into_inner();
        (job.project, job.id)
    }

    async fn on_small(&self, id: Path<(String, u8)>) -> u8 {
        id.1
    }
}

fn not_secret(path: Path<(String, String)>) -> bool {
    path.0 != "secret"
}

#[tokio::test]
async fn handlers_read_the_parameters_of_their_namespace() {
    let io = SocketIo::bare().namespace(Jobs).build().unwrap();
    let client = TestClient::connect(&io, "/rust/job/700").await.unwrap();
    let which: (String, u64) = client.call("which", ()).await.unwrap();
    assert_eq!(which, ("rust".into(), 700));
    let failed: Value = client.call("small", ()).await.unwrap();
    assert_eq!(failed, json!({"error": "Invalid namespace"}));
    for (path, expected) in [
        ("/rust/job/x", "Invalid namespace"),
        ("/secret/job/1", "forbidden"),
    ] {
        let refused = TestClient::connect(&io, path).await;
        assert!(
            matches!(&refused, Err(ConnectError::Refused { message, .. }) if message == expected),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_class_may_be_given_a_path_with_parameters() {
    struct Any;

    #[socketio::namespace("/any")]
    impl Any {
        async fn on_id(&self, id: Path<u32>) -> u32 {
            *id
        }
    }

    let error = SocketIo::bare().namespace(Any).build().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("takes `Path`, but the namespace \"/any\" has no parameters"),
        "{error}"
    );
    let io = SocketIo::bare()
        .namespace_at("/any/{id}", Any)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/any/7").await.unwrap();
    assert_eq!(client.call::<u32>("id", ()).await.unwrap(), 7);
}

#[tokio::test]
async fn the_server_addresses_the_namespace_of_a_class() {
    let io = SocketIo::bare()
        .nest("/admin", admin::handlers())
        .namespace(admin::Log)
        .build();
    let io = io.unwrap();
    let client = TestClient::connect(&io, "/log").await.unwrap();
    io.of_namespace::<admin::Log>().emit("rotated", 1);
    assert_eq!(client.received(), [socketio_test::event("rotated", 1)]);
}
