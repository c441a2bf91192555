//! The server of `benches/delivery`: `delivery_server PORT [--recovery]`. Once somebody has emitted `start`, it emits the numbers from 1
//! to `count` to everyone, one each `interval` milliseconds.

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
    let io = builder.build()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("ready");
    io.serve((), listener).await
}
