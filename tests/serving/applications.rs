//! HTTP applications and Socket.IO on one port, in every way of serving.

use std::convert::Infallible;

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, StatusCode};
use socketio::{Layered, Request as Seen, SocketIo};
use socketio_test::TestClient;
use test_support::http::{HANDSHAKE, text};
use tokio::{net::TcpStream, sync::mpsc};
use tower::ServiceExt;

use crate::fixture::{http, join, listener, server};

#[tokio::test]
async fn a_router_and_socket_io_share_a_port() {
    let (io, mut reports) = server();
    let (listener, port) = listener().await;
    let app = Router::new().route("/", get(|| async { "a page" }));
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve(app, listener).await }
    });

    assert!(http(port, "GET", "/", "").await.ends_with("a page"));
    assert!(
        http(port, "GET", "/none", "")
            .await
            .starts_with("HTTP/1.1 404")
    );
    let target = join(port).await;
    assert_eq!(reports.recv().await.unwrap(), "connect");
    assert!(http(port, "GET", &target, "").await.contains("40{"));
    assert_eq!(io.connections(), 1);

    io.shutdown().await;
    assert_eq!(reports.recv().await.unwrap(), "server shutting down");
    assert_eq!(io.connections(), 0);
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn without_an_application_other_paths_are_404() {
    let (io, _reports) = server();
    let (listener, port) = listener().await;
    tokio::spawn(async move { io.serve((), listener).await });
    assert!(http(port, "GET", "/", "").await.starts_with("HTTP/1.1 404"));
    assert!(
        http(port, "GET", HANDSHAKE, "")
            .await
            .contains(r#"0{"sid""#)
    );
    assert!(
        http(port, "GET", "/socket.ioo/?EIO=4", "")
            .await
            .starts_with("HTTP/1.1 404")
    );
    // As the ASGI servers of the family do.
    let no_slash = HANDSHAKE.replace("/?", "?");
    assert!(
        http(port, "GET", &no_slash, "")
            .await
            .contains(r#"0{"sid""#)
    );
}

#[tokio::test]
async fn a_hyper_service_and_a_tower_service_are_applications_too() {
    let hyper = hyper::service::service_fn(|_| async {
        Ok::<_, Infallible>(Response::new(String::from("hyper")))
    });
    let (io, _reports) = server();
    let (first, port) = listener().await;
    tokio::spawn({
        let io = io.clone();
        async move { io.serve(hyper, first).await }
    });
    assert!(http(port, "GET", "/", "").await.ends_with("hyper"));

    let tower =
        tower::service_fn(|_| async { Ok::<_, Infallible>(Response::new(String::from("tower"))) });
    let (second, port) = listener().await;
    tokio::spawn(async move { io.serve(tower, second).await });
    assert!(http(port, "GET", "/", "").await.ends_with("tower"));
}

#[tokio::test]
async fn layers_of_one_server_share_its_sessions() {
    let (io, mut reports) = server();
    let router = |page: &'static str| {
        Router::new()
            .route("/", get(move || async move { page }))
            .route("/{*path}", get(|| async { "everything else" }))
            .layer(io.layer())
    };
    let (one, two) = (router("one"), router("two"));
    let get = |target: &str| Request::get(target).body(Body::empty()).unwrap();

    let page = one.clone().oneshot(get("/")).await.unwrap();
    assert_eq!(text(page).await, "one");
    let open = text(one.oneshot(get(HANDSHAKE)).await.unwrap()).await;
    let sid = open.split('"').nth(3).unwrap();
    let target = format!("{HANDSHAKE}&sid={sid}");
    let post = Request::post(&target).body(Body::from("40")).unwrap();
    let posted = two.clone().oneshot(post).await.unwrap();
    assert_eq!(posted.status(), StatusCode::OK);
    assert_eq!(reports.recv().await.unwrap(), "connect");
    assert!(
        text(two.oneshot(get(&target)).await.unwrap())
            .await
            .contains("40{")
    );
}

#[tokio::test]
async fn the_service_answers_404_on_other_paths() {
    let (io, _reports) = server();
    let get = |target: &str| Request::get(target).body(Body::empty()).unwrap();
    let answer = io.service().oneshot(get("/")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let answer = io.service().oneshot(get(HANDSHAKE)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn another_path_can_be_chosen() {
    let io = SocketIo::bare().path("chat/io").build().unwrap();
    let get = |target: &str| Request::get(target).body(Body::empty()).unwrap();
    let answer = io.service().oneshot(get(HANDSHAKE)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let own = HANDSHAKE.replace("socket.io", "chat/io");
    let answer = io.service().oneshot(get(&own)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn layers_of_an_application_wrap_socket_io_when_it_holds_the_layer() {
    #[derive(Clone)]
    struct User(&'static str);

    let (sender, mut seen) = mpsc::channel(1);
    let io = SocketIo::bare()
        .on("connect", move |request: Seen| {
            let sender = sender.clone();
            async move {
                sender
                    .send(request.extensions().get::<User>().unwrap().0)
                    .await
                    .unwrap()
            }
        })
        .build()
        .unwrap();
    let app = Router::new()
        .route("/", get(|| async { "a page" }))
        .layer(io.layer())
        .layer(axum::Extension(User("ana")));
    let (listener, port) = listener().await;
    tokio::spawn(async move { io.serve(Layered(app), listener).await });

    assert!(http(port, "GET", "/", "").await.ends_with("a page"));
    join(port).await;
    assert_eq!(seen.recv().await.unwrap(), "ana");
}

// D19
#[tokio::test]
async fn a_server_is_built_in_one_step_and_nothing_is_lost_by_attaching_it_twice() {
    let io = SocketIo::bare().on("hello", || "hello").build().unwrap();
    let _first = io.layer();
    let _second = io.service();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<String>("hello", ()).await.unwrap(), "hello");
}
