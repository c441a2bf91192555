//! The server that the official JavaScript clients' own tests expect: `official_server --port 3210`
//!
//! Socket.IO at `/socket.io/` as the tests of socket.io-client want it, Engine.IO at `/engine.io/` as those of engine.io-client do. It
//! prints `READY` once it accepts connections. README.md says how to run their tests.

mod engine_io;

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::json;
use socketio::{
    Auth, ConnectionRefused, Data, NoAck, Recovery, Session, SocketIo, call, emit, event, on,
    request, sid,
};

const DATE: &str = "2026-01-02T03:04:05.678Z";

/// In `/`: a client whose query has `fail` is refused.
#[on("connect")]
async fn refuse_fail() -> Result<(), ConnectionRefused> {
    match request().query("fail") {
        Some(_) => Err(ConnectionRefused::new("Auth failed (main namespace)")),
        None => Ok(()),
    }
}

#[on("connect", namespace = "/no")]
async fn refuse_all() -> Result<(), ConnectionRefused> {
    Err(ConnectionRefused::new("Auth failed (custom namespace)"))
}

/// What the client sent when it connected.
fn handshake(auth: &Option<Data>) -> serde_json::Value {
    let request = request();
    let query: BTreeMap<_, _> = request.query_pairs().collect();
    json!({ "query": query, "auth": auth.as_ref().unwrap_or(&Data::Object(BTreeMap::new())) })
}

#[on("connect", namespace = "/abc")]
async fn show_handshake(auth: Auth<Option<Data>>) {
    emit("handshake", handshake(&auth));
}

#[on("getHandshake")]
async fn get_handshake() -> serde_json::Value {
    handshake(&None)
}

#[on("getId")]
#[on("getId", namespace = "/foo")]
async fn get_id() -> String {
    sid().to_string()
}

#[event]
async fn hi() -> NoAck {
    emit("hi", ());
    NoAck
}

#[event]
async fn echo(argument: Data) -> Data {
    argument
}

/// Other events are not acknowledged.
#[on("*")]
async fn ignore() -> NoAck {
    NoAck
}

/// Asks the client with an event of the same name, and emits `got it` if the acknowledgement is right. Concurrent, since some tests
/// don't acknowledge it.
#[event(concurrent)]
async fn ack() -> socketio::Result<NoAck> {
    let (number, object): (u32, Data) = call("ack", ()).await?;
    if number == 5 && object.get("test").and_then(Data::as_bool) == Some(true) {
        emit("got it", ());
    }
    Ok(NoAck)
}

#[on("getAckDate")]
async fn get_ack_date() -> &'static str {
    DATE
}

#[on("getDate")]
async fn get_date() -> NoAck {
    emit("takeDate", DATE);
    NoAck
}

#[on("getDateObj")]
async fn get_date_object() -> NoAck {
    emit("takeDateObj", json!({ "date": DATE }));
    NoAck
}

#[on("getUtf8")]
async fn get_utf8() -> NoAck {
    for text in [
        "てすと",
        "Я Б Г Д Ж Й",
        "Ä ä Ü ü ß",
        "utf8 — string",
        "utf8 — string",
    ] {
        emit("takeUtf8", text);
    }
    NoAck
}

#[on("false")]
async fn emit_false() -> NoAck {
    emit("false", false);
    NoAck
}

const TEXT: Bytes = Bytes::from_static(b"asdfasdf");

#[event]
async fn doge() -> NoAck {
    emit("doge", TEXT);
    NoAck
}

#[event]
async fn getbin() -> NoAck {
    emit("takebin", TEXT);
    NoAck
}

/// Binary data beside text.
#[derive(Deserialize)]
struct Mixed {
    hello: String,
    message: Bytes,
    goodbye: String,
}

impl Mixed {
    fn is_right(&self) -> bool {
        !self.message.is_empty() && (&*self.hello, &*self.goodbye) == ("lol", "gotcha")
    }
}

#[event]
async fn buffa(_binary: Bytes) -> NoAck {
    emit("buffack", ());
    NoAck
}

#[event]
async fn blob(_binary: Bytes) -> NoAck {
    emit("back", ());
    NoAck
}

#[event]
async fn jsonbuff(mixed: Mixed) -> NoAck {
    if mixed.is_right() {
        emit("jsonbuff-ack", ());
    }
    NoAck
}

#[event]
async fn jsonblob(mixed: Mixed) -> NoAck {
    if mixed.is_right() {
        emit("jsonblob-ack", ());
    }
    NoAck
}

/// How many events of a series have arrived, in their order.
#[derive(Clone, Default)]
struct Arrived(u8);

#[event]
async fn abuff1(_binary: Bytes, arrived: Session<Arrived>) -> NoAck {
    arrived.set(Arrived(1));
    NoAck
}

#[event]
async fn abuff2(_text: String, arrived: Session<Arrived>) -> NoAck {
    if arrived.get().0 == 1 {
        emit("abuff2-ack", ());
    }
    NoAck
}

#[event]
async fn blob1(_binary: Bytes, arrived: Session<Arrived>) -> NoAck {
    arrived.set(Arrived(1));
    NoAck
}

#[event]
async fn blob2(text: String, arrived: Session<Arrived>) -> NoAck {
    if (arrived.get().0, &*text) == (1, "second") {
        arrived.set(Arrived(2));
    }
    NoAck
}

#[event]
async fn blob3(_binary: Bytes, arrived: Session<Arrived>) -> NoAck {
    if arrived.get().0 == 2 {
        emit("blob3-ack", ());
    }
    NoAck
}

#[tokio::main]
async fn main() -> socketio::Result {
    let mut port = 3210;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match &*name {
            "--port" => {
                let number = |_| format!("{name} {value}: expected a number");
                port = value.parse().map_err(number)?;
            }
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    let io = SocketIo::builder()
        .ping_interval(Duration::from_secs(2))
        .recovery(Recovery::default())
        .allow_namespace("/timeout_socket")
        .allow_namespace("/valid")
        .allow_namespace("/asd")
        // So that a client can have a timeout that is shorter.
        .on_handshake(async |_: socketio::Request| {
            tokio::time::sleep(Duration::from_millis(10)).await;
        })
        .logger(true)
        .build()?;
    let engine = engine_io::EngineIo::new();
    let app = tower::service_fn(move |request: Request<_>| {
        let engine = engine.clone();
        async move {
            if request.uri().path().starts_with("/engine.io") {
                return Ok::<_, Infallible>(engine.respond(request).await);
            }
            let mut response = http::Response::new(Default::default());
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        }
    });
    let listener = tokio::net::TcpListener::bind(("localhost", port)).await?;
    println!("READY");
    io.serve(app, listener).await
}
