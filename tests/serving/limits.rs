//! The limits of HTTP connections: their number, and the heads of their requests.

use http::Request;
use socketio::SocketIo;
use test_support::{
    Log,
    engine_client::{Connector, Stream},
    http::{HANDSHAKE, get, send},
    settle,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Sends a request with a header of this size, and reads the response.
async fn with_header(connector: &Connector, size: usize) -> String {
    let mut stream = connector.connect().await;
    let value = "a".repeat(size);
    let request = format!(
        "GET {HANDSHAKE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Large: {value}\r\n\r\n"
    );
    // The server may have closed the connection before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut response = String::new();
    let _ = stream.read_to_string(&mut response).await;
    response
}

/// Returns whether the server has closed the connection without a response.
async fn is_closed(stream: &mut Stream) -> bool {
    settle().await;
    let mut byte = [0];
    tokio::select! {
        biased;
        read = stream.read(&mut byte) => matches!(read, Ok(0) | Err(_)),
        () = settle() => false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_over_the_limit_is_answered_with_431_and_logged_with_the_cure() {
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare().build().unwrap();
    let connector = Connector::serve(&io);
    let small = with_header(&connector, 30_000).await;
    assert!(small.starts_with("HTTP/1.1 200"), "{small}");
    for size in [33_000, 60_000, 200_000] {
        let large = with_header(&connector, size).await;
        assert!(large.starts_with("HTTP/1.1 431"), "{size}: {large:?}");
    }
    let lines = log.lines("the head of a request is too large");
    assert_eq!(lines.len(), 3);
    assert!(lines[0].contains("raise `max_header_size`"), "{lines:?}");
    assert!(lines[0].contains("peer=192.0.2.7:7"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn headers_over_their_number_are_answered_with_431() {
    let io = SocketIo::bare().max_headers(20).build().unwrap();
    let mut stream = Connector::serve(&io).connect().await;
    let headers: String = (0..25).map(|n| format!("X-{n}: a\r\n")).collect();
    let request = format!("GET {HANDSHAKE} HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 431"), "{response}");
}

#[tokio::test]
async fn the_limits_of_headers_hold_for_socket_io_in_a_server_of_the_program_too() {
    let io = SocketIo::bare().max_header_size(1_000).build().unwrap();
    assert_eq!(get(&io, "transport=polling", &[]).await.status, 200);
    let value = "a".repeat(1_000);
    let large = get(&io, "transport=polling", &[("cookie", &value)]).await;
    assert_eq!(large.status, 431);
    let target = format!("{HANDSHAKE}&token={value}");
    let request = Request::get(target)
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(send(&io, request).await.status, 431);
    let io = SocketIo::bare().max_headers(1).build().unwrap();
    let several = [("x-one", "1"), ("x-two", "2")];
    assert_eq!(get(&io, "transport=polling", &several).await.status, 431);
}

#[tokio::test(start_paused = true)]
async fn at_the_limit_of_tcp_connections_the_oldest_without_a_request_makes_room() {
    let io = SocketIo::bare().max_tcp_connections(3).build().unwrap();
    let connector = Connector::serve(&io);
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(connector.connect().await);
        settle().await;
    }
    // A later connection is served.
    let mut socket = connector.websocket().await;
    assert!(is_closed(&mut silent[0]).await);
    assert!(!is_closed(&mut silent[1]).await);
    assert!(socket.join("/").await.starts_with("40"));
}

#[tokio::test(start_paused = true)]
async fn connections_in_use_do_not_make_room_and_a_websocket_is_one_until_it_ends() {
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare().max_tcp_connections(2).build().unwrap();
    let connector = Connector::serve(&io);
    let first = connector.websocket().await;
    let _second = connector.websocket().await;
    assert!(is_closed(&mut connector.connect().await).await);
    let lines = log.lines("too many TCP connections are open");
    assert_eq!(lines.len(), 1);
    drop(first);
    settle().await;
    connector.websocket().await;
}

#[tokio::test(start_paused = true)]
async fn the_tcp_connections_of_an_address_are_limited_unless_it_is_a_trusted_proxy() {
    let io = SocketIo::bare().max_tcp_connections_per_address(1);
    let connector = Connector::serve(&io.build().unwrap());
    let _socket = connector.websocket().await;
    assert!(is_closed(&mut connector.connect().await).await);

    let io = SocketIo::bare().max_tcp_connections_per_address(1);
    let io = io.trusted_proxies(["192.0.2.7"]).build().unwrap();
    let connector = Connector::serve(&io);
    let _sockets = [connector.websocket().await, connector.websocket().await];
}
