//! The server of `benches/delivery`: `delivery_server PORT [--recovery] [--redis URL]`. Once a client has emitted `start`, it emits the
//! numbers from 1 to `count` to everyone, one each `interval` milliseconds. With `--redis` (feature `redis`) it is one node of several, whose
//! events and sessions are stored there.

use std::time::Duration;

use serde::Deserialize;
use socketio::{Drain, Recovery, SocketIo};

#[derive(Deserialize)]
struct Start {
    count: u32,
    interval: u64,
}

#[tokio::main]
async fn main() -> socketio::Result {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let port: u16 = args.first().ok_or("usage: PORT [--recovery]")?.parse()?;
    let start = async |start: Start, io: SocketIo| {
        io.spawn(async move |io| {
            let mut ticks = tokio::time::interval(Duration::from_millis(start.interval));
            for number in 1..=start.count {
                ticks.tick().await;
                io.emit("message", number);
            }
        });
    };
    // So that a deployment of 2,000 clients takes four seconds.
    let mut builder = SocketIo::bare()
        .on("start", start)
        .drain(Drain::default().batch(500));
    if args.iter().any(|arg| arg == "--recovery") {
        builder = builder.recovery(Recovery::default());
    }
    #[cfg(feature = "redis")]
    if let Some(url) = args.iter().skip_while(|arg| *arg != "--redis").nth(1) {
        builder = builder
            .recovery(Recovery::default())
            .message_queue(url.as_str())
            .event_store(socketio::RedisStreams::new(url)?);
    }
    let io = builder.build()?;
    io.subscribed().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("ready");
    io.serve((), listener).await
}
