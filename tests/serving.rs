//! HTTP and Socket.IO on one port, in every way of serving, and the end of it.

use std::{convert::Infallible, sync::Arc};

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, StatusCode};
use socketio::{Layered, Reason, Request as Seen, SocketIo, State, handlers};
use socketio_test::TestClient;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tower::ServiceExt;

/// What the handlers report.
struct Reports(mpsc::UnboundedSender<String>);

#[socketio::event]
async fn connect(reports: State<Reports>) {
    reports.0.send(String::from("connect")).unwrap();
}

#[socketio::event]
async fn disconnect(reason: Reason, reports: State<Reports>) {
    reports.0.send(reason.detail().to_owned()).unwrap();
}

fn server() -> (SocketIo, mpsc::UnboundedReceiver<String>) {
    let (sender, reports) = mpsc::unbounded_channel();
    let io = SocketIo::bare()
        .handlers(handlers![connect, disconnect])
        .state(Reports(sender))
        .build()
        .unwrap();
    (io, reports)
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// One HTTP exchange; the whole answer as text.
async fn http(port: u16, method: &str, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Opens a session over polling and joins `/`; the target of its further requests.
async fn join(port: u16) -> String {
    let open = http(port, "GET", "/socket.io/?EIO=4&transport=polling", "").await;
    let (_, rest) = open
        .split_once(r#""sid":""#)
        .unwrap_or_else(|| panic!("{open}"));
    let (sid, _) = rest.split_once('"').unwrap();
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let posted = http(port, "POST", &target, "40").await;
    assert!(posted.ends_with("ok"), "{posted}");
    target
}

const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

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
async fn the_service_alone_answers_404_elsewhere() {
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
async fn layers_of_an_application_lie_around_socket_io_when_it_holds_the_layer() {
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

#[tokio::test]
async fn any_thread_can_emit() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let io = io.clone();
            scope.spawn(move || io.emit("number", number));
        }
    });
    let mut numbers: Vec<i32> = client
        .received()
        .iter()
        .map(|event| event.read().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3]);
}

async fn text<B>(response: Response<B>) -> String
where
    B: http_body::Body<Data: Send, Error: std::fmt::Debug>,
{
    use http_body_util::BodyExt;
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}
