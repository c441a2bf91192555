//! Requests with ambiguous headers get status 400, whatever their path is.

use http::{Request, header};
use http_body_util::Empty;
use socketio::SocketIo;
use test_support::http::HANDSHAKE;
use tower::ServiceExt;

use crate::strayed::ask;

#[tokio::test]
async fn two_hosts_are_refused_for_every_path() {
    for path in [HANDSHAKE, "/", "/socket.io-api/clients"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\nhost: a.test\r\n\r\n");
        // `ask` waits for the end of the connection, so the server has closed it.
        let (response, log) = ask(request.as_bytes()).await;
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with("HTTP/1.1 400"), "{path}: {response}");
        let text = "a header that must be unique is repeated";
        let line = log.lines(text).concat();
        for part in ["INFO", "host: a.test, host: a.test"] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
}

#[tokio::test]
async fn other_headers_that_must_be_unique_are_refused_as_well() {
    for headers in [
        "Origin: http://a.test\r\nOrigin: http://b.test",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        let request = format!("GET {HANDSHAKE} HTTP/1.1\r\nHost: a.test\r\n{headers}\r\n\r\n");
        let (response, _) = ask(request.as_bytes()).await;
        assert!(response.starts_with(b"HTTP/1.1 400"), "{headers}");
    }
}

#[tokio::test]
async fn a_host_with_other_characters_is_refused() {
    for host in [
        "a.test, b.test",
        "a.test/x",
        "user@a.test",
        "a.test?x",
        "a.test\\x",
        "\u{e4}.test",
    ] {
        let request = format!("GET {HANDSHAKE} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let (response, log) = ask(request.as_bytes()).await;
        assert!(response.starts_with(b"HTTP/1.1 400"), "{host}");
        assert_eq!(log.lines("the header `Host` is invalid").len(), 1, "{host}");
    }
    for host in [
        "a.test",
        "A.test:80",
        "[::1]:5000",
        "a_b.test.",
        "",
        "localhost",
    ] {
        let end = "Connection: close\r\n\r\n";
        let request = format!("GET {HANDSHAKE} HTTP/1.1\r\nHost: {host}\r\n{end}");
        let (response, _) = ask(request.as_bytes()).await;
        assert!(response.starts_with(b"HTTP/1.1 200"), "{host}");
    }
}

#[tokio::test]
async fn ambiguous_requests_are_refused_behind_the_server_of_another_framework() {
    let io = SocketIo::bare().on("x", || ()).build().unwrap();
    let request = Request::get(HANDSHAKE)
        .header(header::HOST, "a.test")
        .header(header::HOST, "b.test");
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let response = io.service().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 400);
}
