//! User code that panics: the event fails and is acknowledged, the connection stays open, and `disconnect` runs once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use socketio::{
    BoxError, EventCall, EventContext, FromEvent, HandlerError, Next, RespondWith, Response,
    SocketIo, SocketIoBuilder, State,
    parser::{Body, Decoder, Json, Message, Packet, PacketLimits, Parser},
};
use socketio_test::{ConnectError, TestClient};

/// How often `disconnect` ran.
#[derive(Clone, Default)]
struct Left(Arc<AtomicUsize>);

/// A value that panics when it is encoded.
struct Bomb;

impl Serialize for Bomb {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("while encoding");
    }
}

/// An error whose text panics.
#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("while formatting");
    }
}

impl std::error::Error for Unspeakable {}

/// An argument that panics when it is read.
struct Explosive;

impl FromEvent for Explosive {
    fn from_event(_: &mut EventContext<'_>) -> Result<Self, BoxError> {
        panic!("while reading");
    }
}

/// A session value that panics when it is made.
#[derive(Clone)]
struct NoDefault;

impl Default for NoDefault {
    fn default() -> Self {
        panic!("no default");
    }
}

/// A session value that panics when it is dropped.
#[derive(Clone, Default)]
struct Mine(bool);

impl Drop for Mine {
    fn drop(&mut self) {
        assert!(!self.0, "while dropping");
    }
}

fn internal() -> Value {
    json!({"error": "internal error"})
}

/// Builds the server twice, with ordered and with overlapping events; `event` must fail with `expected`.
async fn survives(
    build: impl Fn() -> SocketIoBuilder,
    event: &'static str,
    expected: Option<Value>,
) {
    for overlapping in [false, true] {
        let left = Left::default();
        let io = build()
            .on("ping", || "pong")
            .on("disconnect", |left: State<Left>| {
                left.0.fetch_add(1, Ordering::Relaxed);
            })
            .state(left.clone())
            .async_handlers(overlapping)
            .build()
            .unwrap();
        let client = TestClient::connect(&io, "/").await.unwrap();
        let other = TestClient::connect(&io, "/").await.unwrap();
        if let Some(expected) = &expected {
            for _ in 0..2 {
                let failed: Value = client.call(event, ()).await.unwrap();
                assert_eq!(&failed, expected, "overlapping: {overlapping}");
            }
        }
        // Without an acknowledgement, too.
        let _ = client.emit(event, ()).await;
        assert_eq!(client.call::<String>("ping", ()).await.unwrap(), "pong");
        assert_eq!(other.call::<String>("ping", ()).await.unwrap(), "pong");
        client.disconnect().await.unwrap();
        assert_eq!(left.0.load(Ordering::Relaxed), 1);
        assert_eq!(other.call::<String>("ping", ()).await.unwrap(), "pong");
    }
}

#[tokio::test]
async fn an_error_ack_that_panics_is_replaced_by_the_default() {
    let build = || SocketIo::bare().error_ack(|_| panic!("no answer"));
    survives(build, "unknown", Some(internal())).await;
    let failing = || build().on("fail", || Err::<(), _>(BoxError::from("failed")));
    survives(failing, "fail", Some(internal())).await;
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_event() {
    fn boom() {
        panic!("boom");
    }
    let now = || SocketIo::bare().on("boom", boom);
    survives(now, "boom", Some(internal())).await;
    async fn boom_later() {
        tokio::task::yield_now().await;
        panic!("boom");
    }
    let later = || SocketIo::bare().on("boom", boom_later);
    survives(later, "boom", Some(internal())).await;
}

#[tokio::test]
async fn a_panic_whose_payload_panics_fails_the_event() {
    fn boom() {
        std::panic::panic_any(Mine(true));
    }
    let build = || SocketIo::bare().on("boom", boom);
    survives(build, "boom", Some(internal())).await;
}

#[tokio::test]
async fn an_argument_that_panics_fails_the_event() {
    let build = || SocketIo::bare().on("read", |_: Explosive| ());
    survives(build, "read", Some(internal())).await;
    let build = || SocketIo::bare().on("read", |_: socketio::Session<NoDefault>| ());
    survives(build, "read", Some(internal())).await;
}

#[tokio::test]
async fn a_return_value_that_panics_fails_the_event() {
    let build = || SocketIo::bare().on("make", || Bomb);
    survives(build, "make", Some(internal())).await;
}

#[tokio::test]
async fn a_response_of_respond_with_that_panics_fails_the_event() {
    let build = || SocketIo::bare().on("make", || Err::<(), _>(RespondWith::new(Bomb)));
    survives(build, "make", Some(internal())).await;
}

#[tokio::test]
async fn a_response_of_middleware_that_panics_fails_the_event() {
    async fn respond(call: EventCall, next: Next) -> Result<Response, HandlerError> {
        match call.event() {
            "make" => Ok(Response::new(Bomb)),
            _ => next.run(call).await,
        }
    }
    let build = || SocketIo::bare().middleware(respond);
    survives(build, "make", Some(internal())).await;
}

#[tokio::test]
async fn a_guard_that_panics_fails_the_event() {
    fn explosive() {
        panic!("guard");
    }

    #[socketio::event(guard = explosive)]
    fn guarded() {}

    let build = || SocketIo::bare().handlers(socketio::handlers![guarded]);
    survives(build, "guarded", Some(internal())).await;
}

#[tokio::test]
async fn a_middleware_that_panics_fails_the_event() {
    async fn outside(call: EventCall, next: Next) -> Result<Response, HandlerError> {
        if call.event() == "before" {
            panic!("before");
        }
        let after = call.event() == "after";
        let result = next.run(call).await;
        assert!(!after, "after");
        result
    }
    let build = || SocketIo::bare().middleware(outside).on("after", || 1);
    survives(build, "before", Some(internal())).await;
    survives(build, "after", Some(internal())).await;
}

#[tokio::test]
async fn when_an_error_handler_panics_error_ack_responds() {
    #[socketio::on_error_default]
    fn failed() {
        panic!("again");
    }

    let build = || {
        SocketIo::bare()
            .handlers(socketio::handlers![failed])
            .on("fail", || Err::<(), _>(BoxError::from("failed")))
    };
    survives(build, "fail", Some(internal())).await;
}

#[tokio::test]
async fn an_error_whose_text_panics_is_logged() {
    let build = || SocketIo::bare().on("fail", || Err::<(), _>(Unspeakable));
    survives(build, "fail", Some(internal())).await;
}

#[tokio::test]
async fn a_session_value_that_panics_when_it_is_dropped_has_no_other_effect() {
    let build = || {
        SocketIo::bare().on("keep", |mine: socketio::Session<Mine>| {
            mine.update(|mine| mine.0 = true);
        })
    };
    survives(build, "keep", None).await;
}

/// The callbacks of a client are dropped where the client is removed, which is the handler of another client here.
#[tokio::test]
async fn a_callback_that_panics_when_it_is_dropped_has_no_other_effect() {
    struct Fuse(AtomicUsize);

    impl Drop for Fuse {
        fn drop(&mut self) {
            panic!("while dropping");
        }
    }

    let io = SocketIo::bare()
        .on("ask", || {
            let fuse = Fuse(AtomicUsize::new(0));
            let callback = move |()| {
                fuse.0.fetch_add(1, Ordering::Relaxed);
            };
            socketio::to(socketio::sid())
                .callback(callback)
                .emit("question", ());
        })
        .on("end", |socket: socketio::Socket, sid: String| {
            socket.to(sid).disconnect();
            "ended"
        })
        .build()
        .unwrap();
    let asked = TestClient::connect(&io, "/").await.unwrap();
    let other = TestClient::connect(&io, "/").await.unwrap();
    asked.emit("ask", ()).await.unwrap();
    let ended: String = other.call("end", asked.sid()).await.unwrap();
    assert_eq!(ended, "ended");
}

#[tokio::test]
async fn a_disconnect_handler_that_panics_runs_once() {
    fn gone(runs: State<Left>) {
        runs.0.fetch_add(1, Ordering::Relaxed);
        panic!("bye");
    }
    let runs = Left::default();
    let io = SocketIo::bare()
        .on("disconnect", gone)
        .state(runs.clone())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let failed = client.disconnect().await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(runs.0.load(Ordering::Relaxed), 1);
}

/// JSON, but it panics on acknowledgements with the text `panic`, and on events of this name.
struct Fragile {
    always: bool,
}

struct FragileDecoder(Box<dyn Decoder>);

impl Parser for Fragile {
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError> {
        if let Body::Ack { arguments, .. } = &packet.body {
            let first = arguments.first().and_then(|first| first.as_str());
            assert!(first != Some("panic") && !self.always, "while encoding");
        }
        Json.encode(packet)
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Box::new(FragileDecoder(Json.decoder(limits)))
    }
}

impl Decoder for FragileDecoder {
    fn decode(&mut self, message: Message) -> Result<Option<Packet>, BoxError> {
        let packet = self.0.decode(message)?;
        if let Some(Packet {
            body: Body::Event { name, .. },
            ..
        }) = &packet
        {
            assert_ne!(name, "undecodable");
        }
        Ok(packet)
    }
}

#[tokio::test]
async fn a_parser_that_panics_on_an_acknowledgement_fails_the_event() {
    let build = || {
        SocketIo::bare()
            .parser(Fragile { always: false })
            .on("ask", || "panic")
    };
    survives(build, "ask", Some(internal())).await;
}

#[tokio::test]
async fn a_parser_that_panics_on_every_acknowledgement_closes_no_connection() {
    let io = SocketIo::bare()
        .parser(Fragile { always: true })
        .on("ask", || {
            socketio::emit("asked", ());
            1
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..2 {
        client.emit("ask", ()).await.unwrap();
        assert_eq!(client.received().len(), 1);
    }
}

#[tokio::test]
async fn a_parser_that_panics_on_a_message_closes_only_that_connection() {
    let left = Left::default();
    let io = SocketIo::bare()
        .parser(Fragile { always: false })
        .on("ping", || "pong")
        .on("undecodable", || ())
        .on("disconnect", |left: State<Left>| {
            left.0.fetch_add(1, Ordering::Relaxed);
        })
        .state(left.clone())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let other = TestClient::connect(&io, "/").await.unwrap();
    let _ = client.emit("undecodable", ()).await;
    assert!(!client.is_connected());
    assert_eq!(left.0.load(Ordering::Relaxed), 1);
    assert_eq!(other.call::<String>("ping", ()).await.unwrap(), "pong");
}

#[tokio::test]
async fn a_connect_handler_whose_error_panics_refuses_the_client() {
    #[derive(Debug)]
    struct Hidden;

    impl std::fmt::Display for Hidden {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("hidden")
        }
    }

    impl std::error::Error for Hidden {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            panic!("while looking for the cause");
        }
    }

    let io = SocketIo::bare()
        .on("connect", || Err::<(), _>(Hidden))
        .on_in("/fine", "ping", || "pong")
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/fine").await.unwrap();
    let refused = client.connect_to("/").await;
    assert!(
        matches!(&refused, Err(ConnectError::Refused { message, .. }) if message == "Connection rejected by server"),
        "{refused:?}"
    );
    assert_eq!(client.call::<String>("ping", ()).await.unwrap(), "pong");
}
