//! Metrics for Prometheus, and probes: `cargo run --example metrics`. Two addresses can be given.
//!
//! Clients connect to port 5000. Operators have a port of their own, which the firewall closes to others:
//! `curl http://127.0.0.1:9464/metrics`, and `/live` and `/ready` for probes.

use std::time::Duration;

use axum::Router;
use socketio::{Forbidden, Recovery, SocketIo, broadcast};
use tokio::net::TcpListener;

#[socketio::on("chat message")]
fn chat_message(text: String) -> socketio::Result<usize> {
    if text.is_empty() {
        return Err(Forbidden::new("say something").into());
    }
    broadcast().emit("chat message", &text);
    Ok(text.len())
}

#[socketio::event]
async fn search(words: String) -> Vec<String> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    words.split(' ').map(str::to_owned).collect()
}

/// Events over the rate are refused and counted.
#[socketio::event(rate = "1/min")]
fn vote(choice: u8) -> u8 {
    choice
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder()
        .ping_interval(Duration::from_secs(5))
        .recovery(Recovery::default())
        .logger(true)
        .build()?;

    let mut args = std::env::args().skip(1);
    let addr = args.next().unwrap_or("127.0.0.1:5000".into());
    let operators = args.next().unwrap_or("127.0.0.1:9464".into());
    let listener = TcpListener::bind(operators).await?;
    println!("metrics addr={}", listener.local_addr()?);
    let router = Router::new().fallback_service(io.probes());
    tokio::spawn(async move { axum::serve(listener, router).await });

    // Until ctrl-c. Meanwhile `/ready` is answered with 503, so that a load balancer sends no more clients.
    io.run((), addr).await
}
