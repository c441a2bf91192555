//! A server that reports connects and disconnects, and requests to a port.

use std::time::Duration;

use socketio::{Reason, SocketIo, State, handlers};
use test_support::http::exchange;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

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

pub(crate) fn server() -> (SocketIo, mpsc::UnboundedReceiver<String>) {
    let (sender, reports) = mpsc::unbounded_channel();
    let io = SocketIo::bare()
        .handlers(handlers![connect, disconnect])
        .state(Reports(sender))
        // Clients over polling whose last poll has been answered hold up a shutdown.
        .shutdown_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    (io, reports)
}

pub(crate) async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Sends a request, and returns the whole response as text.
pub(crate) async fn http(port: u16, method: &str, target: &str, body: &str) -> String {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    exchange(stream, method, target, body).await
}

/// Opens a session over polling and joins `/`. Returns the target of further requests.
pub(crate) async fn join(port: u16) -> String {
    test_support::http::join(async || TcpStream::connect(("127.0.0.1", port)).await.unwrap()).await
}
