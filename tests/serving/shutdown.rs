//! Stopping a server: by a handler, and by the shutdown timeout.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use socketio::{Reason, SocketIo};
use socketio_test::TestClient;
use test_support::http::{HANDSHAKE, text};
use tower::ServiceExt;

use crate::fixture::listener;

#[tokio::test(start_paused = true)]
async fn handlers_that_outlast_the_shutdown_timeout_are_dropped() {
    let dropped = Arc::new(());
    let held = Arc::clone(&dropped);
    let io = SocketIo::bare()
        .on("disconnect", move || {
            let held = Arc::clone(&held);
            async move {
                std::future::pending::<()>().await;
                drop(held);
            }
        })
        .build()
        .unwrap();
    let get = |target: &str| Request::get(target).body(Body::empty()).unwrap();
    let open = text(io.service().oneshot(get(HANDSHAKE)).await.unwrap()).await;
    let sid = open.split('"').nth(3).unwrap();
    let target = format!("{HANDSHAKE}&sid={sid}");
    let post = Request::post(&target).body(Body::from("40")).unwrap();
    io.service().oneshot(post).await.unwrap();

    let begin = tokio::time::Instant::now();
    io.shutdown().await;
    assert_eq!(begin.elapsed().as_secs(), 10);
    assert_eq!(io.connections(), 0);
    drop(io);
    assert_eq!(Arc::strong_count(&dropped), 1);
}

#[tokio::test]
async fn a_handler_can_stop_the_server() {
    let io = SocketIo::bare()
        .on("stop", |io: SocketIo| io.stop())
        .build()
        .unwrap();
    let (listener, _) = listener().await;
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve((), listener).await }
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("stop", ()).await.unwrap();
    assert_eq!(client.disconnected().await, Reason::ServerShutdown);
    serving.await.unwrap().unwrap();
}
