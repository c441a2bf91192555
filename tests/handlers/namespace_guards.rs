//! Guards of namespaces and namespace impls: they run before all events, from the namespace to the event, and a panic refuses.

use serde_json::{Value, json};
use socketio::{ConnectionRefused, Request, SocketIo, State};
use socketio_test::{ConnectError, TestClient};
use test_support::Notes;

pub(crate) struct Members;

fn member(request: Request) -> bool {
    request.header("x-member").is_some()
}

async fn loud(text: String) -> bool {
    text.chars().all(char::is_uppercase)
}

#[socketio::namespace("/members", guard = member)]
impl Members {
    async fn on_say(&self, text: String) -> usize {
        text.len()
    }

    #[on("shout", guard = loud)]
    async fn shout(&self, text: String) -> usize {
        text.len()
    }
}

struct Greeted;

#[socketio::namespace("/greeted", guard = member)]
impl Greeted {
    async fn on_connect(&self) -> Result<(), ConnectionRefused> {
        Err(ConnectionRefused::new("from on_connect"))
    }
}

#[tokio::test]
async fn the_guard_of_a_class_refuses_connections() {
    let io = SocketIo::bare().namespace(Members).build().unwrap();
    let refused = TestClient::connect(&io, "/members").await.unwrap_err();
    assert_refused(&refused, "forbidden");
    let client = TestClient::builder(&io)
        .namespace("/members")
        .header("x-member", "1")
        .connect()
        .await
        .unwrap();
    assert_eq!(client.call::<usize>("say", "hello").await.unwrap(), 5);
    assert_eq!(client.call::<usize>("shout", "HELLO").await.unwrap(), 5);
    let answer: Value = client.call("shout", "hello").await.unwrap();
    assert_eq!(answer, json!({"error": "forbidden"}));
}

#[tokio::test]
async fn on_connect_runs_after_the_guard_of_its_class() {
    let io = SocketIo::bare().namespace(Greeted).build().unwrap();
    let refused = TestClient::connect(&io, "/greeted").await.unwrap_err();
    assert_refused(&refused, "forbidden");
    let refused = TestClient::builder(&io)
        .namespace("/greeted")
        .header("x-member", "1")
        .connect()
        .await
        .unwrap_err();
    assert_refused(&refused, "from on_connect");
}

pub(crate) fn assert_refused(error: &ConnectError, expected: &str) {
    let ConnectError::Refused { message, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(message, expected);
}

#[tokio::test]
async fn the_guard_of_a_namespace_runs_before_everything_in_it() {
    let io = SocketIo::bare()
        .on_in("/a", "x", || async { "a" })
        .on_in("*", "x", || async { "any" })
        .guard_in("/a", |request: Request| {
            request.header("x-member").is_some()
        })
        .guard_in("/b/{id}", || async {
            Err::<(), _>(ConnectionRefused::new("not yours"))
        })
        .build()
        .unwrap();
    assert_refused(
        &TestClient::connect(&io, "/a").await.unwrap_err(),
        "forbidden",
    );
    assert_refused(
        &TestClient::connect(&io, "/b/1").await.unwrap_err(),
        "not yours",
    );
    let other = TestClient::connect(&io, "/c").await.unwrap();
    assert_eq!(other.call::<String>("x", ()).await.unwrap(), "any");
}

#[tokio::test]
async fn guards_run_from_the_namespace_to_the_event_until_one_refuses() {
    fn noting(what: &'static str) -> impl Fn(State<Notes>) -> bool + Clone {
        move |trail| {
            trail.add(what);
            what != "shut"
        }
    }

    struct Rooms;

    #[socketio::namespace("/rooms", guard = noting("impl"))]
    impl Rooms {
        #[on("open", guard = [noting("first"), noting("second")])]
        async fn open(&self, trail: State<Notes>) {
            trail.add("handler");
        }

        #[on("closed", guard = [noting("shut"), noting("never")])]
        async fn closed(&self) {}

        async fn on_disconnect(&self, trail: State<Notes>) {
            trail.add("disconnect");
        }
    }

    let trail = Notes::default();
    let io = SocketIo::bare()
        .namespace(Rooms)
        .guard(noting("all"))
        .guard_in("/rooms", noting("namespace"))
        .state(trail.clone())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/rooms").await.unwrap();
    assert_eq!(trail.take(), ["all", "namespace", "impl"]);
    client.emit("open", ()).await.unwrap();
    assert_eq!(
        trail.take(),
        ["all", "namespace", "impl", "first", "second", "handler"]
    );
    client.emit("closed", ()).await.unwrap_err();
    assert_eq!(trail.take(), ["all", "namespace", "impl", "shut"]);
    client.disconnect().await.unwrap();
    assert_eq!(trail.take(), ["disconnect"]);
}

#[tokio::test]
async fn a_guard_that_panics_refuses() {
    let io = SocketIo::bare()
        .on("x", || async { "x" })
        .on_in("/a", "x", || async {})
        .guard_in("/a", || -> bool { panic!("oh") })
        .build()
        .unwrap();
    let refused = TestClient::connect(&io, "/a").await.unwrap_err();
    assert_refused(&refused, "Connection rejected by server");
}
