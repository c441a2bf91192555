//! Forwarding headers: believed if the peer is a trusted proxy, ignored with one warning if not.

use socketio::{HandshakeRefused, PeerAddr, Request, SocketIo, SocketIoBuilder, UnixPeer};
use test_support::{
    Directory, Log,
    engine_client::Connector,
    http::{HANDSHAKE, TextResponse, get, send},
    problem,
};
use tokio::io::AsyncWriteExt;

use crate::listeners::server;

/// The headers of a proxy that ends TLS in front of a page of `https://a.test`.
const HEADERS: [(&str, &str); 5] = [
    ("host", "inner:5000"),
    ("origin", "https://a.test"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "a.test"),
    ("x-forwarded-proto", "https"),
];

fn handshake() -> http::request::Builder {
    HEADERS
        .iter()
        .fold(http::Request::get(HANDSHAKE), |request, (name, value)| {
            request.header(*name, *value)
        })
}

/// Returns the status of a handshake with these headers from a peer.
async fn from(builder: SocketIoBuilder, peer: [u8; 4]) -> u16 {
    let request = handshake().extension(PeerAddr((peer, 4711).into()));
    let io = builder.build().unwrap();
    send(&io, request.body(Default::default()).unwrap())
        .await
        .status
}

#[tokio::test]
async fn a_proxy_on_this_machine_is_trusted_and_no_other() {
    assert_eq!(from(SocketIo::bare(), [127, 0, 0, 1]).await, 200);
    assert_eq!(from(SocketIo::bare(), [10, 0, 0, 1]).await, 403);
    let trusting = || SocketIo::bare().trusted_proxies(["10.0.0.0/8"]);
    assert_eq!(from(trusting(), [10, 0, 0, 1]).await, 200);
    assert_eq!(from(trusting(), [127, 0, 0, 1]).await, 403);
}

#[tokio::test]
async fn a_program_that_serves_connections_itself_provides_the_peer() {
    let io = SocketIo::bare().build().unwrap();
    let status = async |request: http::request::Builder| {
        send(&io, request.body(Default::default()).unwrap())
            .await
            .status
    };
    assert_eq!(status(handshake()).await, 403);
    assert_eq!(status(handshake().extension(UnixPeer)).await, 200);
    let io = SocketIo::bare().trusted_proxies("*").build().unwrap();
    let request = handshake().body(Default::default()).unwrap();
    assert_eq!(send(&io, request).await.status, 200);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_trusted_and_all_readers_agree() {
    let directory = Directory::new("proxied");
    let path = directory.join("io.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let (io, mut requests) = server();
    tokio::spawn(async move { io.serve((), listener).await });
    let connect = async || tokio::net::UnixStream::connect(&path).await.unwrap();

    let head = HEADERS.map(|(name, value)| format!("{name}: {value}\r\n"));
    let head = head.concat();
    let exchange = async |method: &str, target: &str, body: &str| {
        let mut stream = connect().await;
        let request = format!(
            "{method} {target} HTTP/1.1\r\n{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        TextResponse::read(stream).await
    };
    let opened = exchange("GET", HANDSHAKE, "").await;
    assert_eq!(
        opened.header("access-control-allow-origin"),
        "https://a.test"
    );
    let target = format!(
        "{HANDSHAKE}&sid={}",
        test_support::http::sid_of(&opened.body)
    );
    assert_eq!(exchange("POST", &target, "40").await.body, "ok");

    let request = requests.recv().await.unwrap();
    assert_eq!(request.peer_addr(), None);
    assert_eq!(request.forwarded_addr(), Some([203, 0, 113, 9].into()));
    assert_eq!(request.url().unwrap(), format!("https://a.test{HANDSHAKE}"));
    assert!(!request.is_tls());
}

#[tokio::test]
async fn a_hook_reads_what_handlers_read() {
    let builder = || {
        SocketIo::bare().on_handshake(async |request: Request| match request.forwarded_addr() {
            Some(_) => Err(HandshakeRefused::new("known").status(http::StatusCode::IM_A_TEAPOT)),
            None => Ok(()),
        })
    };
    assert_eq!(from(builder(), [127, 0, 0, 1]).await, 418);
    let any = |builder: SocketIoBuilder| builder.cors_allowed_origins("*");
    assert_eq!(from(any(builder()), [10, 0, 0, 1]).await, 200);
}

#[tokio::test]
async fn forwarding_headers_of_others_are_ignored_with_one_warning_that_names_the_option() {
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare().build().unwrap();
    let connector = Connector::serve(&io);
    let target = format!("{HANDSHAKE} HTTP/1.1\r\nForwarded: for=203.0.113.9\r\nX-Rest: ");
    for _ in 0..3 {
        assert_eq!(connector.request("GET", &target, "").await.status, 200);
    }
    assert_eq!(connector.request("GET", HANDSHAKE, "").await.status, 200);
    let warnings =
        log.lines("the forwarding headers of a peer that is not a trusted proxy are ignored");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["WARN", r#".trusted_proxies(["192.0.2.7"])"#, "forwarded"] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
    // Every handshake is counted.
    let problems = io.metrics().problems;
    let ignored = problems.iter().find(|one| one.name == "proxy_not_trusted");
    assert_eq!(ignored.unwrap().count, 3);
}

#[tokio::test]
async fn a_refused_origin_is_logged_with_the_expected_one_and_the_cure() {
    let log = Log::default();
    let _guard = log.collect();
    assert_eq!(from(SocketIo::bare(), [10, 0, 0, 1]).await, 403);
    let line = log.lines("a page of this origin may not connect").concat();
    for part in [
        "WARN",
        "peer=10.0.0.1:4711",
        "origin: https://a.test",
        "expected http://inner:5000",
        r#".trusted_proxies(["10.0.0.1"])"#,
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }

    let listed = SocketIo::bare().cors_allowed_origins("https://b.test");
    assert_eq!(from(listed, [127, 0, 0, 1]).await, 403);
    let line = log.lines("expected https://b.test").concat();
    assert!(line.contains("client=203.0.113.9"), "{line}");

    let io = SocketIo::bare().build().unwrap();
    let device = [("host", "a.test"), ("origin", "file://")];
    assert_eq!(get(&io, "transport=polling", &device).await.status, 403);
    let line = log.lines("origin: file://").concat();
    assert!(line.contains(".cors_non_web_origins(true)"), "{line}");
    let io = SocketIo::bare().cors_non_web_origins(true).build().unwrap();
    assert_eq!(get(&io, "transport=polling", &device).await.status, 200);
}

#[test]
fn a_proxy_that_is_not_an_address_is_a_problem_of_the_builder() {
    problem(
        SocketIo::bare().trusted_proxies(["10.0.0.0/8", "proxy.test"]),
        &["`trusted_proxies`: \"proxy.test\"", "such as `10.0.0.7`"],
    );
    problem(
        SocketIo::bare().trusted_proxies("10.1.2.3/8"),
        &["`trusted_proxies`", "write the network as `10.0.0.0/8`"],
    );
}
