//! The start and the end of `run` and `serve`.

use std::{future::ready, io, time::Duration};

use socketio::{Reason, SocketIo};
use socketio_test::TestClient;
use test_support::{engine_client::Connector, http::HANDSHAKE};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};

use crate::fixture::{LONG, request, response};

/// Returns the address of a free port.
async fn free_addr() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

async fn until_served(addr: std::net::SocketAddr) {
    while TcpStream::connect(addr).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_dropped_future_of_run_frees_the_port_at_once_and_stops_the_server() {
    let io = SocketIo::bare().build().unwrap();
    let addr = free_addr().await;
    tokio::select! {
        _ = io.run((), addr) => unreachable!("nobody stops it"),
        () = until_served(addr) => {}
    }
    TcpListener::bind(addr).await.unwrap();
    // Serving again ends at once.
    timeout(LONG, io.run((), addr)).await.unwrap().unwrap();
}

#[tokio::test]
async fn connections_of_a_dropped_serve_are_closed() {
    let io = SocketIo::bare().build().unwrap();
    let (connector, listener) = Connector::duplex();
    let mut stream = connector.connect().await;
    request(&mut stream, HANDSHAKE).await;
    {
        let mut serving = std::pin::pin!(io.serve((), listener));
        let mut open = [0; 12];
        tokio::select! {
            _ = &mut serving => unreachable!("nobody stops it"),
            read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut open) => {
                read.unwrap();
                assert_eq!(&open, b"HTTP/1.1 200");
            }
        }
        assert!(!connector.is_closed());
    }
    assert!(connector.is_closed());
    timeout(LONG, response(&mut stream)).await.unwrap();
}

#[tokio::test]
async fn run_until_ends_with_its_future() {
    let io = SocketIo::bare().build().unwrap();
    let addr = free_addr().await;
    let (stop, stopped) = oneshot::channel();
    let run = io.run_until((), addr, stopped);
    let (result, ()) = tokio::join!(run, async {
        until_served(addr).await;
        stop.send(()).unwrap();
    });
    result.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn serve_until_ends_with_its_future_or_with_the_server() {
    let io = SocketIo::bare().build().unwrap();
    let (_connector, listener) = Connector::duplex();
    io.serve_until((), listener, ready(())).await.unwrap();

    let io = SocketIo::bare().build().unwrap();
    let (_connector, listener) = Connector::duplex();
    let never = std::future::pending::<()>();
    let (result, ()) = tokio::join!(io.serve_until((), listener, never), async { io.stop() });
    result.unwrap();
}

#[tokio::test]
async fn the_error_of_a_port_in_use_names_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let io = SocketIo::bare().build().unwrap();
    let error = io.run((), addr).await.unwrap_err();
    let expected = format!("address {addr}: ");
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(
        error.to_string().ends_with("choose another port"),
        "{error}"
    );
    let error = error.downcast_ref::<io::Error>().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);

    let error = io.run((), "no port").await.unwrap_err().to_string();
    assert!(
        error.contains("can't be resolved") && error.contains("127.0.0.1:5000"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_do_not_delay_the_shutdown() {
    let io = SocketIo::bare().build().unwrap();
    let (connector, listener) = Connector::duplex();
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve((), listener).await }
    });
    let _silent = connector.connect().await;
    let mut idle = connector.connect().await;
    request(&mut idle, "/").await;
    let began = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    io.stop();
    serving.await.unwrap().unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test]
async fn a_handler_can_stop_the_server() {
    let io = SocketIo::bare()
        .on("stop", |io: SocketIo| io.stop())
        .build()
        .unwrap();
    let (_connector, listener) = Connector::duplex();
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve((), listener).await }
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("stop", ()).await.unwrap();
    assert_eq!(client.disconnected().await, Reason::ServerShutdown);
    serving.await.unwrap().unwrap();
}
