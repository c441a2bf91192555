//! `NoAck` and `Ack`: handlers that send no acknowledgement, or send it themselves.

use std::{sync::Mutex, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{
    Ack, BoxError, EventCall, HandlerError, Next, NoAck, RespondWith, Response, SocketIo, handlers,
};
use socketio_test::{CallFailed, TestClient};
use test_support::Log;
use tokio::sync::oneshot;

/// The `Ack`s that handlers keep.
static KEPT: Mutex<Vec<(String, Ack)>> = Mutex::new(Vec::new());

fn kept(name: &str) -> Ack {
    let mut kept = KEPT.lock().unwrap();
    let index = kept.iter().position(|(one, _)| one == name);
    kept.remove(index.expect("it was kept")).1
}

#[socketio::event]
async fn none() -> NoAck {
    NoAck
}

#[socketio::event]
fn none_or_error(fails: bool) -> Result<NoAck, BoxError> {
    match fails {
        true => Err("it fails".into()),
        false => Ok(NoAck),
    }
}

#[socketio::event]
async fn later(name: String, ack: Ack) -> NoAck {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        ack.send((name, 7, Bytes::from_static(b"b")));
    });
    NoAck
}

#[socketio::event]
fn keep(name: String, ack: Ack) {
    KEPT.lock().unwrap().push((name, ack));
}

#[socketio::event]
fn keep_and_fail(name: String, ack: Ack) -> Result<(), BoxError> {
    KEPT.lock().unwrap().push((name, ack));
    Err("it fails".into())
}

#[socketio::event]
async fn requested(ack: Ack) -> socketio::Result {
    let requested = ack.is_requested();
    ack.try_send(requested)?;
    Ok(())
}

#[socketio::event]
async fn dropped(_ack: Ack) {}

#[derive(Default)]
struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    async fn on_join(&self, room: String, ack: Ack) {
        ack.send(room);
    }

    fn on_quiet(&self) -> NoAck {
        NoAck
    }

    async fn trigger_event(&self, call: EventCall, next: Next) -> socketio::Result<Response> {
        if call.event() == "hand over" {
            let ack = call.ack();
            tokio::spawn(async move { ack.send("from middleware") });
            return Ok(Response::new(NoAck));
        }
        if call.event() == "both" {
            let ack = call.ack();
            let response = Response::new("returned");
            tokio::task::yield_now().await;
            drop(tokio::spawn(async move { ack.send("sent") }));
            return Ok(response);
        }
        Ok(next.run(call).await?)
    }
}

fn server() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![
            none,
            none_or_error,
            later,
            keep,
            keep_and_fail,
            requested,
            dropped
        ])
        .namespace(Rooms)
        .on("ping", || "pong")
        .build()
        .unwrap()
}

/// Asserts that the next acknowledgement is that of a later event, so none was sent for this one.
async fn silent(client: &TestClient, event: &str, payload: Value) {
    let before = client.packets().len();
    client.emit(event, payload.clone()).await.unwrap();
    let call = client.call::<Value>(event, payload);
    assert_eq!(client.call::<String>("ping", ()).await.unwrap(), "pong");
    let packets = client.packets();
    let received = packets[before..].iter().filter(|packet| !packet.is_sent());
    assert_eq!(received.count(), 1, "{event}: {packets:?}");
    drop(call);
}

#[tokio::test]
async fn a_handler_may_send_no_acknowledgement() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    silent(&client, "none", json!(null)).await;
    silent(&client, "none_or_error", json!(false)).await;
    let ack = client.call::<Value>("none_or_error", true).await.unwrap();
    assert_eq!(ack, json!({"error": "internal error"}));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_it_times_out() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let failed = client.call::<Value>("none", ()).await.unwrap_err();
    assert!(matches!(failed, CallFailed::Timeout), "{failed:?}");
}

#[tokio::test]
async fn closures_and_error_handlers_may_send_none_either() {
    let io = SocketIo::bare()
        .on("plain", || NoAck)
        .on("future", || async { NoAck })
        .on("result", || async { Ok::<_, BoxError>(NoAck) })
        .on("early", || -> Result<u8, BoxError> {
            Err(RespondWith::new(NoAck).into())
        })
        .on("fails", || -> Result<u8, BoxError> { Err("no".into()) })
        .on("by hand", |n: u8, ack: Ack| async move { ack.send(n) })
        .on("ping", || "pong")
        .on_error(|_: HandlerError| NoAck)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for event in ["plain", "future", "result", "early", "fails"] {
        silent(&client, event, json!(null)).await;
    }
    assert_eq!(client.call::<u8>("by hand", 3).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_ack_may_be_sent_later_from_any_task_and_other_events_do_not_wait() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let later = client.call::<(String, u8, Bytes)>("later", "x");
    assert_eq!(client.call::<String>("ping", ()).await.unwrap(), "pong");
    assert_eq!(
        later.await.unwrap(),
        (String::from("x"), 7, Bytes::from_static(b"b"))
    );
}

#[tokio::test]
async fn ack_works_in_namespace_impls_and_middleware() {
    let client = TestClient::connect(&server(), "/rooms").await.unwrap();
    assert_eq!(
        client.call::<String>("join", "lobby").await.unwrap(),
        "lobby"
    );
    let handed = client.call::<String>("hand over", ()).await.unwrap();
    assert_eq!(handed, "from middleware");
    let first = client.call::<String>("both", ()).await.unwrap();
    assert_eq!(first, "returned", "the first one counts");
    let quiet = client.call::<Value>("quiet", ());
    assert_eq!(client.call::<String>("join", "last").await.unwrap(), "last");
    drop(quiet);
    let acks = client.packets();
    let acks = acks.iter().filter(|packet| !packet.is_sent());
    assert_eq!(acks.count(), 5, "CONNECT and four acknowledgements");
}

#[tokio::test]
async fn a_failed_event_is_acknowledged_once_and_by_the_server() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let ack = client.call::<Value>("keep_and_fail", "failed").await;
    assert_eq!(ack.unwrap(), json!({"error": "internal error"}));
    let before = client.packets().len();
    kept("failed").send("too late");
    assert_eq!(client.packets().len(), before);

    // In the other order, the `Ack` that was sent before the failure is the acknowledgement.
    let io = SocketIo::bare()
        .on("x", |ack: Ack| -> Result<(), BoxError> {
            ack.send("sent");
            Err("and failed".into())
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<String>("x", ()).await.unwrap(), "sent");
    assert_eq!(client.packets().len(), 4, "CONNECT twice, event, ack");
}

#[tokio::test]
async fn an_ack_knows_whether_it_was_requested_and_has_no_effect_otherwise() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    assert!(client.call::<bool>("requested", ()).await.unwrap());
    let before = client.packets().len();
    client.emit("requested", ()).await.unwrap();
    assert_eq!(client.packets().len(), before + 1, "only the event");
    let ack = Ack::default();
    assert!(!ack.is_requested());
    ack.send(1);
}

#[tokio::test]
async fn a_client_that_has_disconnected_gets_none() {
    let log = Log::default();
    let _guard = log.collect();
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for name in ["gone", "gone too"] {
        // Not awaited: only the event is.
        drop(client.call::<Value>("keep", name));
    }
    assert_eq!(client.call::<String>("ping", ()).await.unwrap(), "pong");
    client.disconnect().await.unwrap();
    kept("gone").try_send(1).unwrap();
    drop(kept("gone too"));
    assert!(log.lines("`Ack`").is_empty());
}

#[tokio::test]
async fn dropping_it_sends_nothing_and_is_logged_once() {
    let log = Log::default();
    let _guard = log.collect();
    let client = TestClient::connect(&server(), "/").await.unwrap();
    // Before the handler has ended, and after.
    drop(client.call::<Value>("dropped", ()));
    drop(client.call::<Value>("keep", "dropped"));
    assert_eq!(client.call::<String>("ping", ()).await.unwrap(), "pong");
    assert_eq!(log.lines("`Ack` was dropped").len(), 1);
    drop(kept("dropped"));
    let lines = log.lines("`Ack` was dropped");
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, event) in lines.iter().zip(["dropped", "keep"]) {
        assert!(line.contains("WARN") && line.contains(event), "{line}");
        assert!(line.contains("tests/messages/acks_by_hand.rs:"), "{line}");
    }
    // The client does not wait, so nothing is logged.
    client.emit("dropped", ()).await.unwrap();
    assert_eq!(log.lines("`Ack` was dropped").len(), 2);
}

#[tokio::test]
async fn a_payload_that_cannot_be_encoded_is_an_error_for_the_handler_and_the_client() {
    let (sender, error) = oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let sender = std::sync::Arc::new(sender);
    let io = SocketIo::bare()
        .on("x", move |ack: Ack| {
            let values = vec![Bytes::from_static(b"b"); 11];
            let result = ack.try_send(values);
            let sender = sender.lock().unwrap().take().unwrap();
            sender.send(result.unwrap_err().to_string()).unwrap();
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let ack = client.call::<Value>("x", ()).await.unwrap();
    assert_eq!(ack, json!({"error": "internal error"}));
    let error = error.await.unwrap();
    assert!(error.contains("`max_outgoing_attachments`"), "{error}");
}

#[tokio::test]
async fn guards_may_look_at_it() {
    let log = Log::default();
    let _guard = log.collect();
    fn guard(ack: Ack) -> bool {
        ack.is_requested()
    }
    #[socketio::event(guard = guard)]
    async fn guarded() -> u8 {
        7
    }
    #[socketio::event(guard = guard)]
    async fn guarded_by_hand(ack: Ack) {
        ack.send(8);
    }
    let io = SocketIo::bare()
        .handlers(handlers![guarded, guarded_by_hand])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<u8>("guarded", ()).await.unwrap(), 7);
    assert_eq!(client.call::<u8>("guarded_by_hand", ()).await.unwrap(), 8);
    client.emit("guarded", ()).await.unwrap_err();
    assert!(log.lines("`Ack`").is_empty());
}
