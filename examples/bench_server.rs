//! The server for load generators: `cargo run --release --example bench_server -- 3000 value`
//!
//! Prints `READY` when it listens on 127.0.0.1. The second argument is the type that the handlers take and return:
//! `value` (`serde_json::Value`, the default), `raw` (`Box<RawValue>`) or `typed` (an owned struct). The handlers are the
//! same for each; `benches/compare` compares them with other servers. With `--record DIRECTORY`, a recorder writes its files there.
//! `--api` keeps rows for the HTTP API, with the token `bench`, if the feature `api` is on.
//! With `--recovery`, JavaScript clients and clients that connect with `?recovery=1` can recover their sessions.

use socketio::{Recorder, Recovery, SocketIo};
use tokio::net::TcpListener;

/// The handlers of one server, for one type.
macro_rules! handlers {
    ($server:literal, $data:ty) => {
        use bytes::Bytes;
        use socketio::{broadcast, emit, join_room, to};

        #[socketio::on("echo", server = $server)]
        async fn echo(data: $data) {
            emit("echo", data);
        }

        #[socketio::on("ack", server = $server)]
        async fn ack(data: $data) -> $data {
            data
        }

        #[socketio::on("broadcast", server = $server)]
        async fn to_all(data: $data) {
            broadcast().emit("broadcast", data);
        }

        #[socketio::on("join", server = $server)]
        async fn join(room: String) -> socketio::Result {
            join_room(room)?;
            Ok(())
        }

        #[socketio::on("room", server = $server)]
        async fn room(room: String, data: $data) {
            to(room).emit("room", data);
        }

        #[socketio::on("bin", server = $server)]
        async fn bin(data: Bytes) {
            emit("bin", data);
        }
    };
}

mod value {
    handlers!("value", serde_json::Value);
}

mod raw {
    handlers!("raw", Box<serde_json::value::RawValue>);
}

mod typed {
    use serde::{Deserialize, Serialize};

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

    handlers!("typed", Message);
}

#[tokio::main]
async fn main() -> socketio::Result {
    let mut args = std::env::args().skip(1);
    let port: u16 = args
        .next()
        .ok_or(
            "usage: bench_server PORT [value|raw|typed] [--record DIRECTORY] [--api] [--recovery]",
        )?
        .parse()?;
    let (mut data, mut recorder, mut recovery) = ("value", None, None);
    #[cfg(feature = "api")]
    let mut api = None;
    while let Some(arg) = args.next() {
        match &*arg {
            "value" => data = "value",
            "raw" => data = "raw",
            "typed" => data = "typed",
            "--record" => recorder = args.next().map(Recorder::jsonl),
            #[cfg(feature = "api")]
            "--api" => api = Some(socketio::Api::bearer("bench")),
            "--recovery" => recovery = Some(Recovery::default()),
            other => {
                return Err(format!("neither a type of handlers nor an option: {other}").into());
            }
        }
    }
    let mut builder = SocketIo::builder().named(data);
    if let Some(recorder) = recorder {
        builder = builder.recorder(recorder);
    }
    if let Some(recovery) = recovery {
        builder = builder.recovery(recovery);
    }
    #[cfg(feature = "api")]
    if let Some(api) = api {
        builder = builder.api(api);
    }
    let io = builder.build()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("READY");
    io.serve((), listener).await
}
