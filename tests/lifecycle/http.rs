//! HTTP applications: their requests at a shutdown, and beside Socket.IO.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use socketio::SocketIo;
use test_support::{engine_client::Connector, http::HANDSHAKE};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use tower::{Layer, Service, ServiceExt};

use crate::fixture::{LONG, request, response};

#[tokio::test(start_paused = true)]
async fn a_request_that_is_being_handled_is_finished_before_run_returns() {
    let io = SocketIo::bare().build().unwrap();
    let (started, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let app = Router::new().route("/slow", {
        let (started, release) = (Arc::clone(&started), Arc::clone(&release));
        get(|| async move {
            started.notify_one();
            release.notified().await;
            "finished"
        })
    });
    let (connector, listener) = Connector::duplex();
    let mut serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve(app, listener).await }
    });
    let mut stream = connector.connect().await;
    request(&mut stream, "/slow").await;
    started.notified().await;
    io.stop();
    let early = timeout(Duration::from_secs(5), &mut serving).await;
    assert!(early.is_err(), "it has not waited for the request");
    release.notify_one();
    serving.await.unwrap().unwrap();
    let response = response(&mut stream).await;
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(response.ends_with("finished"), "{response}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_dropped_at_the_deadline() {
    let io = SocketIo::bare().build().unwrap();
    let started = Arc::new(Notify::new());
    let app = Router::new().route("/", {
        let started = Arc::clone(&started);
        get(|| async move {
            started.notify_one();
            std::future::pending::<()>().await
        })
    });
    let (connector, listener) = Connector::duplex();
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve(app, listener).await }
    });
    let mut stream = connector.connect().await;
    request(&mut stream, "/").await;
    started.notified().await;
    let began = Instant::now();
    io.stop();
    serving.await.unwrap().unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(response(&mut stream).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_shuts_the_server_down_gets_its_response() {
    let io = SocketIo::bare().build().unwrap();
    let app = Router::new().route("/", {
        let io = io.clone();
        get(|| async move {
            io.shutdown().await;
            "it is down"
        })
    });
    let (connector, listener) = Connector::duplex();
    let mut stream = connector.connect().await;
    request(&mut stream, "/").await;
    let began = Instant::now();
    io.serve(app, listener).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    let response = response(&mut stream).await;
    assert!(response.ends_with("it is down"), "{response}");
}

/// An application that is not ready until it is notified.
#[derive(Clone, Default)]
struct Overloaded {
    release: Arc<Notify>,
    ready: bool,
}

impl Service<Request<Body>> for Overloaded {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let notified = std::pin::pin!(self.release.notified());
        if !self.ready && notified.poll(cx).is_pending() {
            // Polled repeatedly, for simplicity.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(self.ready, "called without being ready");
        std::future::ready(Ok(Response::new(Body::from("ready"))))
    }
}

#[tokio::test]
async fn requests_for_socket_io_do_not_wait_for_an_overloaded_application() {
    let io = SocketIo::bare().build().unwrap();
    let app = Overloaded::default();
    let release = Arc::clone(&app.release);
    let mut service = io.layer().layer(app);
    let get = |target: &str| Request::get(target).body(Body::empty()).unwrap();

    let handshake = async { service.ready().await.unwrap().call(get(HANDSHAKE)).await };
    let response = timeout(LONG, handshake).await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);

    let other = service.ready().await.unwrap().call(get("/"));
    release.notify_one();
    let response = timeout(LONG, other).await.unwrap().unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "ready");
}
