//! Socket.IO in a program that owns its hyper server: `cargo run --example embed_hyper`. An address can be given.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socketio::{PeerAddr, SocketIo, emit, request};
use tokio::net::TcpListener;
use tower::ServiceExt;

#[socketio::event]
fn connect() {
    emit("welcome", request().peer_addr());
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder().logger(true).build()?;
    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.unwrap_or("127.0.0.1:5000".into())).await?;
    println!("listening addr={}", listener.local_addr()?);
    loop {
        let (stream, addr) = listener.accept().await?;
        // Responds with 404 elsewhere; `io.layer()` wraps a service that responds with something else.
        let service = io
            .service()
            .map_request(move |mut request: http::Request<_>| {
                request.extensions_mut().insert(PeerAddr(addr));
                request
            });
        // A head must be complete in time, also the next one of an idle connection, and must not be large. WebSocket needs
        // upgrades.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(75))
            .max_buf_size(64 << 10)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .with_upgrades();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("{addr}: {error}");
            }
        });
    }
}
