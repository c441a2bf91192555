//! The Rust peer, socketioxide on axum, with the handlers of `examples/bench_server.rs`: `peer PORT [value|typed]`.
//! All options have their defaults.

use axum::serve::ListenerExt;
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use socketioxide::{
    SocketIo,
    extract::{AckSender, Data, SocketRef},
};
use tokio::net::TcpListener;

#[derive(Deserialize, Serialize)]
struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User>,
}

#[derive(Deserialize, Serialize)]
struct Item {
    key: String,
    n: u64,
    on: bool,
    tags: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct User {
    name: String,
    tags: Vec<String>,
}

async fn connect<T: DeserializeOwned + Serialize + Send + Sync + 'static>(socket: SocketRef) {
    socket.on("echo", |socket: SocketRef, Data::<T>(data)| async move {
        socket.emit("echo", &data).expect("room in the outbox");
    });
    socket.on("ack", |Data::<T>(data), ack: AckSender| async move {
        ack.send(&data).expect("room in the outbox");
    });
    socket.on("broadcast", |io: SocketIo, Data::<T>(data)| async move {
        io.emit("broadcast", &data)
            .await
            .expect("room in each outbox");
    });
    socket.on(
        "join",
        |socket: SocketRef, Data::<String>(room), ack: AckSender| async move {
            socket.join(room);
            ack.send(&()).expect("room in the outbox");
        },
    );
    socket.on(
        "room",
        |socket: SocketRef, Data::<(String, T)>((room, data))| async move {
            socket
                .within(room)
                .emit("room", &data)
                .await
                .expect("room in each outbox");
        },
    );
    socket.on("bin", |socket: SocketRef, Data::<Bytes>(data)| async move {
        socket.emit("bin", &data).expect("room in the outbox");
    });
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let port: u16 = args
        .next()
        .and_then(|port| port.parse().ok())
        .expect("usage: peer PORT [value|typed]");
    let (layer, io) = SocketIo::new_layer();
    match args.next().as_deref() {
        None | Some("value") => io.ns("/", connect::<serde_json::Value>),
        Some("typed") => io.ns("/", connect::<Message>),
        Some(other) => panic!("not a type of handlers: {other}"),
    };
    let app = axum::Router::new().layer(layer);
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("a free port")
        .tap_io(|stream| stream.set_nodelay(true).expect("a socket"));
    println!("READY");
    axum::serve(listener, app).await.expect("to serve for ever");
}
