//! Health, and the responses to probes.

use http::StatusCode;
use socketio::{SocketIo, metrics::Metrics};
use socketio_test::TestQueue;
use test_support::engine_client::Connector;
use tower::ServiceExt;

fn server() -> SocketIo {
    SocketIo::bare().on("say", || async {}).build().unwrap()
}

async fn get(io: &SocketIo, path: &str) -> http::Response<String> {
    let request = http::Request::get(path).body(()).unwrap();
    io.probes().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_server_is_ready_until_it_shuts_down_and_live_as_long_as_it_answers() {
    let io = server();
    let health = io.health();
    assert!(health.live && health.ready && !health.draining);
    assert_eq!(health.queue, None);
    assert_eq!(get(&io, "/ready").await.status(), StatusCode::OK);
    io.stop();
    let health = io.health();
    assert!(health.live && !health.ready && health.draining);
    let response = get(&io, "/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.body(), "draining\n");
    let live = get(&io, "/live").await;
    assert_eq!((live.status(), &**live.body()), (StatusCode::OK, "live\n"));
}

#[tokio::test]
async fn a_node_is_ready_once_it_is_subscribed() {
    let io = SocketIo::bare()
        .on("say", || async {})
        .message_queue(TestQueue::new())
        .build()
        .unwrap();
    assert!(!io.health().ready);
    let response = get(&io, "/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.body(), "not subscribed to the message queue\n");
    io.subscribed().await;
    let health = io.health();
    assert!(health.ready && health.queue.unwrap().is_subscribed);
}

#[tokio::test]
async fn the_probes_are_an_application_that_is_served_beside_socket_io() {
    let io = server();
    let (connector, listener) = Connector::duplex();
    let (serving, probes) = (io.clone(), io.probes());
    tokio::spawn(async move { serving.serve(probes, listener).await });
    let metrics = connector.request("GET", "/metrics", "").await;
    assert_eq!(metrics.status, 200);
    let content_type = metrics.header("content-type");
    assert_eq!(content_type, Metrics::PROMETHEUS_CONTENT_TYPE);
    assert!(metrics.body.contains("\nsocketio_ready 1\n"));
    assert_eq!(connector.request("GET", "/", "").await.status, 404);
    assert_eq!(connector.request("POST", "/metrics", "").await.status, 405);
}

#[tokio::test]
async fn the_probes_are_a_service_of_an_axum_router() {
    let io = server();
    let health = io.clone();
    let router = axum::Router::new()
        .route(
            "/health",
            axum::routing::get(async move || health.health().ready_response()),
        )
        .fallback_service(io.probes());
    for (path, status) in [("/health", 200), ("/ready", 200), ("/elsewhere", 404)] {
        let request = http::Request::get(path).body(axum::body::Body::empty());
        let response = router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}
