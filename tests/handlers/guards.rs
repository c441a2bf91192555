//! Guards of events: refusing, responding instead of the handler, errors.

use serde_json::{Value, json};
use socketio::{Auth, Forbidden, HandlerError, Reason, RespondWith, Session, SocketIo, handlers};
use socketio_test::TestClient;

use crate::namespace_guards::Members;

#[derive(Clone, Default, serde::Deserialize)]
struct User {
    name: Option<String>,
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
async fn connect(who: Auth<Option<User>>, user: Session<User>) {
    user.set(who.into_inner().unwrap_or_default());
}

#[socketio::event(guard = auth::logged_in)]
async fn secret() -> u8 {
    42
}

#[socketio::event(guard = [auth::logged_in, auth::named("ana")])]
async fn for_ana() -> &'static str {
    "hello ana"
}

pub(crate) fn even(number: u64) -> Result<(), Forbidden> {
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
async fn a_guard_that_returns_false_refuses_the_event_and_it_is_acknowledged() {
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
async fn all_guards_of_an_event_must_accept_it() {
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
async fn a_guard_may_respond_in_place_of_the_handler() {
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
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
}

#[test]
fn a_server_describes_its_guards() {
    let io = SocketIo::bare()
        .namespace(Members)
        .handlers(handlers![connect, for_ana])
        .guard_in("/members", || true)
        .build()
        .unwrap();
    let table = io.describe().to_string();
    for line in [
        "connect  connect(Auth<Option<User>>, Session<User>)  tests/handlers/guards.rs:",
        "for_ana  for_ana() guarded by auth::logged_in, auth::named(\"ana\")  tests/handlers/guards.rs:",
        "Members::on_say(String) guarded by guard, member  tests/handlers/namespace_guards.rs:",
        "Members::shout(String) guarded by guard, member, loud  tests/handlers/namespace_guards.rs:",
    ] {
        assert!(table.contains(line), "{line} in\n{table}");
    }
}
