//! Events that fail, and who is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use socketio::{
    BoxError, ConnectionRefused, HandlerError, Rest, SocketIo, State, broadcast, emit, handlers,
    sid, try_emit,
};
use socketio_test::{EmitFailed, TestClient, event};

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
async fn a_namespaces_error_handler_sees_the_error_and_answers() {
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
async fn namespaces_without_one_of_their_own_have_the_default_one() {
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
async fn error_handlers_do_not_see_unknown_events() {
    let io = shop();
    let client = TestClient::connect(&io, "/shop").await.unwrap();
    assert_eq!(
        client.call::<Value>("steal", ()).await.unwrap(),
        json!({"error": "unknown event"})
    );
    assert!(client.received().is_empty());
}

#[tokio::test]
async fn an_error_handler_that_fails_leaves_the_first_error() {
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
async fn a_failed_event_does_not_cost_the_connection() {
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

#[tokio::test]
async fn a_refusal_in_an_ordinary_event_is_an_error_like_others() {
    let io = SocketIo::bare()
        .on("enter", || {
            Err::<(), BoxError>(ConnectionRefused::new("no").into())
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let Err(EmitFailed::Handler(error)) = client.emit("enter", ()).await else {
        panic!();
    };
    let refused = error.downcast_ref::<ConnectionRefused>().unwrap();
    assert_eq!(refused.message(), "no");
    assert!(client.is_connected());
}

#[tokio::test]
async fn an_emit_that_can_not_be_sent_fails_its_event_and_reaches_nobody() {
    let unfit = || BTreeMap::from([(vec![1_u8], 1)]);
    let io = SocketIo::bare()
        .on("unfit", move || {
            broadcast().emit("news", unfit());
            emit("after", ());
            "done"
        })
        .on("reserved", || emit("disconnect", ()))
        .on("tried", move || {
            let error = try_emit("news", unfit()).unwrap_err();
            error.to_string()
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let Err(EmitFailed::Handler(error)) = client.emit("unfit", ()).await else {
        panic!();
    };
    assert!(
        error.to_string().starts_with("the event was not sent"),
        "{error}"
    );
    assert_eq!(client.received(), [event("after", ())]);
    assert_eq!(
        client.call::<Value>("unfit", ()).await.unwrap(),
        json!({"error": "internal error"})
    );
    client.received();
    let Err(EmitFailed::Handler(error)) = client.emit("reserved", ()).await else {
        panic!();
    };
    assert!(
        error.to_string().contains("`disconnect` is a reserved"),
        "{error}"
    );
    let tried: String = client.call("tried", ()).await.unwrap();
    assert!(tried.starts_with("the event was not sent"), "{tried}");
    assert!(client.received().is_empty() && client.is_connected());
}

#[tokio::test]
async fn the_shape_of_error_answers_can_be_changed() {
    let io = SocketIo::bare()
        .on("fail", || Err::<(), _>(BoxError::from("why")))
        .error_ack(|error| {
            json!({"code": if error.is_unknown_event() { 404 } else { 500 }, "event": error.event()})
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<Value>("fail", ()).await.unwrap(),
        json!({"code": 500, "event": "fail"})
    );
    assert_eq!(
        client.call::<Value>("typo", ()).await.unwrap(),
        json!({"code": 404, "event": "typo"})
    );
}

#[tokio::test]
async fn any_error_type_will_do() {
    #[socketio::on("anyhow")]
    async fn by_anyhow() -> anyhow::Result<()> {
        anyhow::bail!("by anyhow")
    }
    #[socketio::on("eyre")]
    async fn by_eyre() -> eyre::Result<()> {
        eyre::bail!("by eyre")
    }
    #[socketio::on("string")]
    async fn by_string() -> Result<(), String> {
        Err("by string".into())
    }
    #[socketio::on("io")]
    async fn by_io() -> std::io::Result<()> {
        Err(std::io::Error::other("by io"))
    }
    let io = SocketIo::bare()
        .handlers(handlers![by_anyhow, by_eyre, by_string, by_io])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for name in ["anyhow", "eyre", "string", "io"] {
        let Err(EmitFailed::Handler(error)) = client.emit(name, ()).await else {
            panic!();
        };
        assert_eq!(error.to_string(), format!("by {name}"));
    }
}

#[tokio::test]
async fn a_callback_that_fails_is_nobodys_event() {
    let notes: Arc<Mutex<Vec<u8>>> = Arc::default();
    let io = SocketIo::bare()
        .on("ask", |notes: State<Mutex<Vec<u8>>>| {
            broadcast()
                .callback(move |answer: u8| {
                    let notes = notes.clone();
                    async move {
                        assert_ne!(answer, 1, "a panic of the callback");
                        notes.lock().unwrap().push(answer);
                        emit("noted", ());
                    }
                })
                .emit("number", ());
        })
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let one = TestClient::connect(&io, "/").await.unwrap();
    let two = TestClient::connect(&io, "/").await.unwrap();
    let text = TestClient::connect(&io, "/").await.unwrap();
    one.on("number", |()| 1);
    text.on("number", |()| "unfit");
    two.on("number", |()| 2);
    two.emit("ask", ()).await.unwrap();
    two.next_named("noted").await;
    assert_eq!(*notes.lock().unwrap(), [2]);
    assert!(one.is_connected() && text.is_connected());
}
