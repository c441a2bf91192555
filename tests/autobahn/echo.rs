//! A server of Engine.IO that sends back what it receives, for Autobahn's test suite: `adapter.py` stands between them.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use socketio::{
    SocketIo,
    engine::{Config, Engine, Session},
};

/// The largest message of the suite is 16 MiB.
const LARGEST: usize = 32 << 20;

#[tokio::main]
async fn main() -> socketio::Result {
    let mut config = Config::default();
    config.max_payload = LARGEST;
    // The suite counts frames: no pings.
    config.ping_interval = Duration::from_secs(86_400);
    config.max_control_rate = 1_000_000;
    let engine = Engine::new(config, |session| {
        tokio::spawn(echo(session));
    });
    let app = tower::service_fn(move |request: http::Request<_>| {
        let engine = engine.clone();
        async move { Ok::<http::Response<Full<Bytes>>, Infallible>(engine.handle(request).await) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("READY {}", listener.local_addr()?.port());
    SocketIo::bare().build()?.serve(app, listener).await
}

async fn echo(mut session: Session) {
    while let Ok(message) = session.recv().await {
        if session.send(message).await.is_err() {
            break;
        }
    }
}
