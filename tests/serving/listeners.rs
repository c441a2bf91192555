//! Listeners: ports, Unix sockets, custom listeners, failures.

use std::{io, time::Duration};

use socketio::{Listener, Peer, Request, SocketIo};
use test_support::{
    Directory,
    engine_client::Connector,
    http::{HANDSHAKE, exchange, join},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A server that reports what its `connect` handler sees of the request.
pub(crate) fn server() -> (SocketIo, mpsc::Receiver<Request>) {
    let (sender, requests) = mpsc::channel(1);
    let io = SocketIo::bare()
        .on("connect", move |request: Request| {
            let sender = sender.clone();
            async move { sender.send(request).await.unwrap() }
        })
        .build()
        .unwrap();
    (io, requests)
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_served_and_its_peers_have_no_address() {
    let directory = Directory::new("unix");
    let path = directory.join("io.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let (io, mut requests) = server();
    tokio::spawn(async move { io.serve((), listener).await });

    join(async || tokio::net::UnixStream::connect(&path).await.unwrap()).await;
    let request = requests.recv().await.unwrap();
    assert_eq!(request.peer_addr(), None);
    assert!(!request.is_tls());
}

/// The system delays connections beyond the backlog of the listener by a second or more, and may reset them. tokio's own is 128.
#[tokio::test]
async fn hundreds_of_clients_connect_while_the_server_accepts_none() {
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn");
    let allowed = allowed.map_or(4_096, |number| number.trim().parse().unwrap());
    let (io, _requests) = server();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { io.serve((), listener).await });
    let stream = TcpStream::connect(addr).await.unwrap();
    assert!(exchange(stream, "GET", "/", "").await.contains("Not Found"));
    // These calls block the only thread, so that the server does not run meanwhile.
    let connect = |_| std::net::TcpStream::connect_timeout(&addr, Duration::from_millis(500));
    let connected: Result<Vec<_>, _> = (0..300.min(allowed)).map(connect).collect();
    connected.unwrap();
}

#[tokio::test]
async fn a_custom_listener_provides_the_peer_address() {
    let (io, mut requests) = server();
    let pipes = Connector::serve(&io);
    join(async || pipes.connect().await).await;
    let request = requests.recv().await.unwrap();
    assert_eq!(request.peer_addr(), Some(([192, 0, 2, 7], 7).into()));
}

#[tokio::test]
async fn a_listener_that_fails_is_called_again() {
    struct Failing(bool, TcpListener);
    impl Listener for Failing {
        type Io = TcpStream;

        async fn accept(&mut self) -> io::Result<(TcpStream, Peer)> {
            if !std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("once"));
            }
            Listener::accept(&mut self.1).await
        }
    }
    let (io, _requests) = server();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { io.serve((), Failing(false, listener)).await });
    let stream = TcpStream::connect(addr).await.unwrap();
    assert!(exchange(stream, "GET", HANDSHAKE, "").await.contains("0{"));
}

#[tokio::test]
async fn two_listeners_serve_one_server_and_end_together() {
    let (io, _requests) = server();
    let mut serving = Vec::new();
    for _ in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let io = io.clone();
        serving.push(tokio::spawn(async move { io.serve((), listener).await }));
        assert!(exchange(stream, "GET", "/", "").await.contains("Not Found"));
    }
    io.shutdown().await;
    for serving in serving {
        serving.await.unwrap().unwrap();
    }
}
