//! Error handlers: which errors they see, in which context, and that they cannot turn a refusal into an acceptance.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, ConnectionRefused, HandlerError, Rest, SocketIo, SocketIoBuilder, State, emit,
    handlers, sid,
};
use socketio_test::{ConnectError, EmitFailed, TestClient, event};

#[derive(Debug)]
struct SoldOut(String);

impl std::fmt::Display for SoldOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no {} left", self.0)
    }
}

impl std::error::Error for SoldOut {}

#[socketio::event]
async fn buy(item: String) -> Result<(), SoldOut> {
    Err(SoldOut(item))
}

#[socketio::on("buy", namespace = "/shop")]
async fn buy_in_shop(item: String) -> Result<(), SoldOut> {
    Err(SoldOut(item))
}

#[socketio::on("buy", namespace = "/market")]
async fn buy_on_market(item: String) -> Result<(), SoldOut> {
    Err(SoldOut(item))
}

#[socketio::on("boom", namespace = "/shop")]
async fn boom() {
    panic!("boom");
}

#[socketio::on_error("/shop")]
async fn shop_failed(error: HandlerError, arguments: Rest<Value>) -> Value {
    let kind = match error.downcast_ref::<SoldOut>() {
        Some(_) => "sold out",
        None if error.is_panic() => "panic",
        None if error.argument_error().is_some() => "arguments",
        None => "other",
    };
    emit("failed", (error.event(), error.sid() == &sid()));
    json!({"kind": kind, "arguments": arguments.0, "function": error.function()})
}

#[socketio::on_error_default]
async fn anything_failed(error: HandlerError) -> String {
    format!("default: {error} ({})", error.namespace())
}

fn shop() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![
            buy,
            buy_in_shop,
            buy_on_market,
            boom,
            shop_failed,
            anything_failed
        ])
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_error_handler_of_a_namespace_receives_the_error_and_responds() {
    let client = TestClient::connect(&shop(), "/shop").await.unwrap();
    assert_eq!(
        client.call::<Value>("buy", "peas").await.unwrap(),
        json!({"kind": "sold out", "arguments": ["peas"], "function": "buy_in_shop"})
    );
    assert_eq!(
        client.call::<Value>("boom", (1, 2)).await.unwrap(),
        json!({"kind": "panic", "arguments": [1, 2], "function": "boom"})
    );
    assert_eq!(
        client.call::<Value>("buy", (7, "x")).await.unwrap(),
        json!({"kind": "arguments", "arguments": [7, "x"], "function": "buy_in_shop"})
    );
    assert_eq!(
        client.received(),
        [
            event("failed", ("buy", true)),
            event("failed", ("boom", true)),
            event("failed", ("buy", true))
        ]
    );
}

#[tokio::test]
async fn namespaces_without_an_error_handler_use_the_default_one() {
    let io = shop();
    for (path, text) in [
        ("/", "default: no peas left (/)"),
        ("/market", "default: no peas left (/market)"),
    ] {
        let client = TestClient::connect(&io, path).await.unwrap();
        let answer: String = client.call("buy", "peas").await.unwrap();
        assert_eq!(answer, text);
        client.emit("buy", "peas").await.unwrap();
    }
}

#[tokio::test]
async fn error_handlers_do_not_run_for_unknown_events() {
    let io = shop();
    let client = TestClient::connect(&io, "/shop").await.unwrap();
    assert_eq!(
        client.call::<Value>("steal", ()).await.unwrap(),
        json!({"error": "unknown event"})
    );
    assert!(client.received().is_empty());
}

#[tokio::test]
async fn when_an_error_handler_fails_the_first_error_is_returned() {
    #[socketio::event]
    async fn first() -> socketio::Result {
        Err("first".into())
    }
    #[socketio::on_error]
    async fn second(_error: HandlerError) -> socketio::Result<String> {
        Err("second".into())
    }
    let io = SocketIo::bare()
        .handlers(handlers![first, second])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let Err(EmitFailed::Handler(error)) = client.emit("first", ()).await else {
        panic!();
    };
    assert_eq!(error.to_string(), "first");
    assert_eq!(
        client.call::<Value>("first", ()).await.unwrap(),
        json!({"error": "internal error"})
    );
}

#[tokio::test]
async fn a_failed_event_does_not_close_the_connection() {
    let io = shop();
    let client = TestClient::connect(&io, "/shop").await.unwrap();
    let sid = client.sid().clone();
    for _ in 0..3 {
        client.emit("boom", ()).await.unwrap();
        client.emit("buy", ()).await.unwrap();
    }
    assert!(client.is_connected());
    assert!(io.socket("/shop", &sid).is_some());
}

// D5
#[tokio::test]
async fn no_handler_runs_twice_and_no_error_is_mistaken_for_another() {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = |builder: SocketIoBuilder, event: &'static str| {
        let runs = Arc::clone(&runs);
        builder.on(event, move || {
            runs.fetch_add(1, Relaxed);
            Err::<(), BoxError>(format!("{event} takes no argument").into())
        })
    };
    let reports = Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    let io = count(
        count(
            SocketIo::bare().handlers(handlers![keep_error]),
            "disconnect",
        ),
        "event",
    )
    .shared_state(Arc::clone(&reports))
    .build()
    .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("event", (1, 2)).await.unwrap();
    client.disconnect().await.unwrap();
    assert_eq!(runs.load(Relaxed), 2);
    assert_eq!(
        *reports.lock().unwrap(),
        ["event takes no argument", "disconnect takes no argument"]
    );
}

#[socketio::on_error]
async fn keep_error(error: HandlerError, reports: State<std::sync::Mutex<Vec<String>>>) {
    reports.lock().unwrap().push(error.to_string());
}

struct Guarded;

#[socketio::namespace("/guarded")]
impl Guarded {
    async fn on_connect(&self, known: Auth<Option<Value>>) -> socketio::Result<bool> {
        match known.into_inner().unwrap_or_default()["as"].as_str() {
            Some("error") => Err("the database is down".into()),
            Some("refused") => Err(ConnectionRefused::new("not you").into()),
            other => Ok(other.is_some()),
        }
    }

    async fn on_work(&self) -> socketio::Result {
        Err("broken".into())
    }

    /// Whatever it returns, the client stays refused.
    async fn on_error(&self, error: HandlerError) -> String {
        format!("{}: {error}", sid())
    }
}

// D6
#[tokio::test]
async fn the_error_handler_of_a_class_has_the_context_and_can_not_override_a_refusal() {
    let io = SocketIo::bare().namespace(Guarded).build().unwrap();
    let hello = |name: &str| {
        let auth = json!({ "as": name });
        TestClient::builder(&io).namespace("/guarded").auth(&auth)
    };
    for (name, said) in [
        ("error", "Connection rejected by server"),
        ("refused", "not you"),
    ] {
        let refused = hello(name).connect().await;
        let Err(ConnectError::Refused { message, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(message, said);
    }
    let client = hello("ana").connect().await.unwrap();
    let answer: String = client.call("work", ()).await.unwrap();
    assert_eq!(answer, format!("{}: broken", client.sid()));
}
