//! Socket.IO in an axum application that owns its server: `cargo run --example embed_axum`. An address can be given.
//!
//! `curl -d hello http://127.0.0.1:5000/news` reaches every client.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use socketio::{PeerAddr, SocketIo, emit, request};
use tokio::net::TcpListener;

#[socketio::event]
fn connect() {
    emit("welcome", request().peer_addr());
}

async fn news(State(io): State<SocketIo>, text: String) -> String {
    io.emit("news", text);
    format!("told {} connections\n", io.connections())
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder().logger(true).build()?;
    let app = Router::new()
        .route("/", get(async || "hello\n"))
        .route("/news", post(news))
        .with_state(io.clone())
        .layer(io.layer())
        // Layers outside of this one also process the requests of Socket.IO. This one adds the address of the peer.
        .layer(axum::middleware::map_request(
            async |axum::extract::ConnectInfo(addr), mut request: axum::extract::Request| {
                request.extensions_mut().insert(PeerAddr(addr));
                request
            },
        ));

    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.unwrap_or("127.0.0.1:5000".into())).await?;
    println!("listening addr={}", listener.local_addr()?);
    // `io.run` does all of this. Here the application decides when to stop. Socket.IO shuts down first, since the server
    // waits until no connection is left.
    let stop = async move {
        let _ = tokio::signal::ctrl_c().await;
        io.shutdown().await;
    };
    let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}
