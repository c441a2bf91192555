//! Who may have an event handled, and who may come in.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use socketio::{
    Auth, ConnectionRefused, Forbidden, HandlerError, Request, RespondWith, Session, SocketIo,
    State, handlers,
};
use socketio_test::{ConnectError, TestClient};

#[derive(Clone, Default, serde::Deserialize)]
struct User {
    name: Option<String>,
}

/// What was run, in order.
#[derive(Clone, Default)]
struct Trail(Arc<Mutex<Vec<String>>>);

impl Trail {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

mod auth {
    use super::*;

    pub(super) async fn logged_in(user: Session<User>) -> bool {
        user.get().name.is_some()
    }

    pub(super) fn named(name: &'static str) -> impl Fn(Session<User>) -> bool + Clone {
        move |user| user.get().name.as_deref() == Some(name)
    }
}

#[socketio::event]
async fn connect(Auth(who): Auth<Option<User>>, user: Session<User>) {
    user.set(who.unwrap_or_default());
}

#[socketio::event(guard = auth::logged_in)]
async fn secret() -> u8 {
    42
}

#[socketio::event(guard = [auth::logged_in, auth::named("ana")])]
async fn for_ana() -> &'static str {
    "hello ana"
}

fn even(number: u64) -> Result<(), Forbidden> {
    match number % 2 {
        0 => Ok(()),
        _ => Err(Forbidden::new("even numbers only")),
    }
}

#[socketio::on("halve", guard = even)]
fn halve(number: u64) -> u64 {
    number / 2
}

fn cached(question: String) -> Result<(), RespondWith> {
    match &*question {
        "known" => Err(RespondWith::new(("from", "guard"))),
        _ => Ok(()),
    }
}

#[socketio::on("ask", guard = cached)]
fn ask(_question: String) -> &'static str {
    "from the handler"
}

fn broken() -> anyhow::Result<()> {
    anyhow::bail!("the database is away")
}

#[socketio::on("broken", guard = broken)]
fn never() {}

async fn out() {
    socketio::disconnect();
}

#[socketio::on("leave", guard = out)]
fn leave() {}

fn server() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![
            connect, secret, for_ana, halve, ask, never, leave
        ])
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_guard_that_says_no_refuses_the_event_and_the_client_is_told() {
    let io = server();
    let nobody = TestClient::connect(&io, "/").await.unwrap();
    let answer: Value = nobody.call("secret", ()).await.unwrap();
    assert_eq!(answer, json!({"error": "forbidden"}));
    assert!(nobody.emit("secret", ()).await.is_err());

    let ana = TestClient::builder(&io)
        .auth(&json!({"name": "ana"}))
        .connect()
        .await
        .unwrap();
    assert_eq!(ana.call::<u8>("secret", ()).await.unwrap(), 42);
}

#[tokio::test]
async fn all_guards_of_an_event_must_let_it_pass() {
    let io = server();
    let bo = TestClient::builder(&io)
        .auth(&json!({"name": "bo"}))
        .connect()
        .await
        .unwrap();
    let answer: Value = bo.call("for_ana", ()).await.unwrap();
    assert_eq!(answer, json!({"error": "forbidden"}));
    let ana = TestClient::builder(&io)
        .auth(&json!({"name": "ana"}))
        .connect()
        .await
        .unwrap();
    assert_eq!(
        ana.call::<String>("for_ana", ()).await.unwrap(),
        "hello ana"
    );
}

#[tokio::test]
async fn a_guard_reads_the_arguments_and_so_does_the_handler() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    assert_eq!(client.call::<u64>("halve", 8).await.unwrap(), 4);
    let answer: Value = client.call("halve", 7).await.unwrap();
    assert_eq!(answer, json!({"error": "even numbers only"}));
    let answer: Value = client.call("halve", "eight").await.unwrap();
    assert!(
        answer["error"].as_str().unwrap().starts_with("argument 1"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_guard_may_answer_in_place_of_the_handler() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let answer: (String, String) = client.call("ask", "known").await.unwrap();
    assert_eq!(answer, ("from".into(), "guard".into()));
    assert_eq!(
        client.call::<String>("ask", "new").await.unwrap(),
        "from the handler"
    );
    client
        .emit("ask", "known")
        .await
        .expect("an answer is no failure");
}

#[tokio::test]
async fn an_error_of_a_guard_is_an_error_of_the_event() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let answer: Value = client.call("broken", ()).await.unwrap();
    assert_eq!(answer, json!({"error": "internal error"}));

    let io = SocketIo::bare()
        .handlers(handlers![never, secret, failed])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<String>("broken", ()).await.unwrap(),
        "broken: the database is away, at broken"
    );
    assert_eq!(
        client.call::<String>("secret", ()).await.unwrap(),
        "secret: forbidden, at auth::logged_in"
    );
}

#[socketio::on_error]
fn failed(error: HandlerError) -> String {
    format!("{}: {error}, at {}", error.event(), error.function())
}

#[tokio::test]
async fn a_guard_may_disconnect() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    client.emit("leave", ()).await.unwrap();
    client.disconnected().await;
}

struct Members;

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
async fn the_guard_of_a_class_decides_who_joins() {
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
async fn on_connect_runs_behind_the_guard_of_its_class() {
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

fn assert_refused(error: &ConnectError, expected: &str) {
    let ConnectError::Refused { message, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(message, expected);
}

#[tokio::test]
async fn the_guard_of_a_namespace_stands_before_everything_in_it() {
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
async fn guards_are_asked_from_the_namespace_to_the_event_and_the_first_that_refuses_is_the_last() {
    fn noting(what: &'static str) -> impl Fn(State<Trail>) -> bool + Clone {
        move |trail| {
            trail.note(what);
            what != "shut"
        }
    }

    struct Rooms;

    #[socketio::namespace("/rooms", guard = noting("class"))]
    impl Rooms {
        #[on("open", guard = [noting("first"), noting("second")])]
        async fn open(&self, trail: State<Trail>) {
            trail.note("handler");
        }

        #[on("closed", guard = [noting("shut"), noting("never")])]
        async fn closed(&self) {}

        async fn on_disconnect(&self, trail: State<Trail>) {
            trail.note("disconnect");
        }
    }

    let trail = Trail::default();
    let io = SocketIo::bare()
        .namespace(Rooms)
        .guard(noting("all"))
        .guard_in("/rooms", noting("namespace"))
        .state(trail.clone())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/rooms").await.unwrap();
    assert_eq!(trail.take(), ["all", "namespace", "class"]);
    client.emit("open", ()).await.unwrap();
    assert_eq!(
        trail.take(),
        ["all", "namespace", "class", "first", "second", "handler"]
    );
    client.emit("closed", ()).await.unwrap_err();
    assert_eq!(trail.take(), ["all", "namespace", "class", "shut"]);
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

#[test]
fn a_server_tells_who_guards_what() {
    let io = SocketIo::bare()
        .namespace(Members)
        .handlers(handlers![connect, for_ana])
        .guard_in("/members", || true)
        .build()
        .unwrap();
    let table = io.describe().to_string();
    for line in [
        "connect  connect(Auth<Option<User>>, Session<User>)  tests/guards.rs:",
        "for_ana  for_ana() guarded by auth::logged_in, auth::named(\"ana\")  tests/guards.rs:",
        "Members::on_say(String) guarded by guard, member  tests/guards.rs:",
        "Members::shout(String) guarded by guard, member, loud  tests/guards.rs:",
    ] {
        assert!(table.contains(line), "{line} in\n{table}");
    }
}

mod at_start {
    use socketio::{Reason, Rest, SocketIoBuilder};

    use super::*;

    fn problem(builder: SocketIoBuilder, fragments: &[&str]) {
        let error = builder.build().expect_err("something is wrong");
        let [problem] = error.problems() else {
            panic!("one problem expected: {error}");
        };
        for fragment in fragments {
            assert!(problem.contains(fragment), "{fragment:?} in {problem:?}");
        }
    }

    fn counted(_count: State<u32>) {}

    #[socketio::on("x", guard = counted)]
    fn with_state() {}

    #[socketio::on("connect", guard = even)]
    fn with_an_argument() {}

    #[test]
    fn the_needs_of_guards_are_checked() {
        problem(
            SocketIo::bare().handlers(handlers![with_state]),
            &[
                "the guard `counted`",
                "tests/guards.rs:",
                "`with_state`",
                "State<u32>",
            ],
        );
        problem(
            SocketIo::bare().handlers(handlers![with_an_argument]),
            &["the guard `even`", "`connect` has no arguments"],
        );
        problem(
            SocketIo::bare().guard_in("/", |_all: Rest<u8>, _why: Reason| true),
            &[
                "the guard of \"/\"",
                "`Reason` is only there in `disconnect`",
            ],
        );
    }

    #[test]
    fn what_guards_a_namespace_takes_nothing_that_only_some_events_have() {
        problem(
            SocketIo::bare().guard_in("/", |_number: u64| true),
            &["takes `u64`", "before `connect`"],
        );
        problem(
            SocketIo::bare().guard_in("/", |_auth: Auth<String>| true),
            &["takes `Auth`", "before events"],
        );
    }

    #[test]
    fn a_guard_that_guards_nothing_is_refused() {
        problem(
            SocketIo::bare()
                .on_in("/chat", "x", || async {})
                .guard_in("/caht", || true),
            &["is for nothing", "\"/caht\""],
        );
        let io = SocketIo::bare()
            .allow_namespace("/feed")
            .on_in("/job/{id}", "x", || async {})
            .guard_in("/feed", || true)
            .guard_in("/job/7", || true)
            .guard_in("/", || true)
            .build();
        assert!(io.is_ok());
    }
}
