//! Sessions over real sockets, in real time.

use tokio::net::{TcpListener, TcpStream};

use super::harness::{
    OK, Response, Server, WebSocket, polling_query, serve, upgrade_query, write_request,
};
use crate::engine::Config;

struct Tcp {
    address: std::net::SocketAddr,
}

impl Tcp {
    async fn start() -> Self {
        // Its pings are far apart: a busy machine must not see one.
        let engine = Server::echo(Config::default()).engine;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(engine.clone(), stream);
            }
        });
        Tcp { address }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

async fn request(stream: &mut TcpStream, method: &str, query: &str, body: &str) -> Response {
    write_request(stream, method, query, &[], body).await;
    Response::read(stream).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_serves_all_requests_of_a_session() {
    let server = Tcp::start().await;
    let mut stream = server.connect().await;
    let query = polling_query(
        &request(&mut stream, "GET", "EIO=4&transport=polling", "")
            .await
            .body,
    );
    for number in 0..100 {
        let body = format!("4{number}\u{1e}bAQID");
        assert_eq!(
            request(&mut stream, "POST", &query, &body).await.brief(),
            OK
        );
        // A poll is answered as soon as there is something: the second echo may come with the next one.
        let mut echo = request(&mut stream, "GET", &query, "").await.body;
        if !echo.contains('\u{1e}') {
            echo.push('\u{1e}');
            echo += &request(&mut stream, "GET", &query, "").await.body;
        }
        assert_eq!(echo, body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_upgrades_lose_nothing() {
    let server = Tcp::start().await;
    let mut polling = server.connect().await;
    for _ in 0..100 {
        let query = polling_query(
            &request(&mut polling, "GET", "EIO=4&transport=polling", "")
                .await
                .body,
        );
        assert_eq!(
            request(&mut polling, "POST", &query, "4one").await.brief(),
            OK
        );
        let mut socket = WebSocket::open(server.connect().await, &upgrade_query(&query))
            .await
            .unwrap();
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
        socket.send("5").await;
        assert_eq!(request(&mut polling, "GET", &query, "").await.status, 400);
        socket.send("4two").await;
        assert_eq!(socket.text().await, "4one");
        assert_eq!(socket.text().await, "4two");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_and_small_messages_are_echoed_in_order() {
    let server = Tcp::start().await;
    let mut socket = WebSocket::open(server.connect().await, "EIO=4&transport=websocket")
        .await
        .unwrap();
    socket.text().await;
    for size in [
        0, 1, 125, 126, 1_000, 1_017, 65_535, 65_536, 200_000, 999_999, 3,
    ] {
        let message = format!("4{}", "x".repeat(size));
        socket.send(&message).await;
        socket.send("4after").await;
        assert!(socket.text().await == message, "{size}");
        assert_eq!(socket.text().await, "4after");
    }
}
