//! Failed events: error types, errors of emits and callbacks, the shape of the response.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use socketio::{BoxError, ConnectionRefused, SocketIo, State, broadcast, emit, handlers, try_emit};
use socketio_test::{EmitFailed, TestClient, event};
use test_support::Log;

#[tokio::test]
async fn a_refusal_in_an_ordinary_event_is_an_ordinary_error() {
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
async fn an_emit_that_can_not_be_encoded_fails_its_event_and_sends_nothing() {
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
async fn the_acknowledgement_of_errors_can_be_changed() {
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
async fn any_error_type_can_be_returned() {
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
async fn a_callback_that_fails_does_not_fail_an_event() {
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

/// Without limits, one client wrote 331 MB of log in five seconds, with forged lines.
#[tokio::test(start_paused = true)]
async fn a_client_can_neither_flood_the_log_nor_write_lines_of_its_own() {
    #[derive(Debug, serde::Deserialize)]
    enum Command {
        Start,
    }
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare()
        .on("run", |command: Command| {
            assert!(matches!(command, Command::Start))
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let evil = "\n2026-01-01T00:00:00Z ERROR socketio: forged\u{1b}[2J";
    for _ in 0..100 {
        client.emit("run", evil).await.unwrap_err();
    }
    let lines = log.lines("an event failed");
    assert_eq!(lines.len(), 10);
    assert!(
        lines[0].contains(r"\n2026-01-01T00:00:00Z ERROR socketio: forged\u{1b}[2J"),
        "{lines:?}"
    );
    tokio::time::advance(std::time::Duration::from_secs(10)).await;
    client.emit("run", evil).await.unwrap_err();
    assert!(log.lines("left_out=90").len() == 1);
}
