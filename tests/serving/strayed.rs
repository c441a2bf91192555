//! Clients that reach the server by another path or protocol: the log says so.

use test_support::{Log, engine_client::Connector};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::listeners::server;

/// Writes bytes to a server of `()`, and returns its response and its log.
pub(crate) async fn ask(request: &[u8]) -> (Vec<u8>, Log) {
    let log = Log::default();
    let guard = log.collect();
    let (io, _requests) = server();
    let (sender, pipes) = Connector::duplex();
    tokio::spawn(async move { io.serve((), pipes).await });
    let mut stream = sender.connect().await;
    stream.write_all(request).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    drop(guard);
    (response, log)
}

#[tokio::test]
async fn a_client_with_another_path_is_named_in_the_log() {
    let text = "a Socket.IO client asks at another path: it gets status 404";
    let end = "HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    let request = format!("GET /chat/socket.io/?EIO=4&transport=polling {end}");
    let (response, log) = ask(request.as_bytes()).await;
    assert!(response.starts_with(b"HTTP/1.1 404"));
    let line = log.lines(text).concat();
    for part in ["WARN", "/chat/socket.io/", "`path`"] {
        assert!(line.contains(part), "{part} in {line}");
    }

    let (response, log) = ask(format!("GET /?transport=polling {end}").as_bytes()).await;
    assert!(response.starts_with(b"HTTP/1.1 404"));
    assert_eq!(log.lines(text), [""; 0]);
}

#[tokio::test]
async fn tls_on_a_port_without_it_is_named_in_the_log() {
    // The beginning of a client's hello.
    let (_, log) = ask(b"\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03").await;
    let line = log
        .lines("a client speaks TLS to a port without TLS")
        .concat();
    for part in ["WARN", "`http://`", "run_tls"] {
        assert!(line.contains(part), "{part} in {line}");
    }
}
