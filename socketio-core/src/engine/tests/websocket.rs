//! Sessions over WebSocket.

use bytes::Bytes;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::harness::{BAD_REQUEST, Server, config, ms, polling_query, sid, upgrade_query};
use crate::{
    base::Message,
    engine::{CloseReason, Config, TransportKind},
};

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

/// Returns a masked frame of a client, with its first byte and its payload.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

#[tokio::test(start_paused = true)]
async fn messages_are_echoed_unchanged() {
    use futures_util::SinkExt;
    let server = Server::echo(config());
    let mut socket = server.websocket().await;
    socket.send("4hällo").await;
    socket.0.send(Frame::binary(&[1, 2, 3][..])).await.unwrap();
    socket.send("4").await;
    assert_eq!(socket.frame().await, Some(Frame::text("4hällo")));
    assert_eq!(socket.frame().await, Some(Frame::binary(&[1, 2, 3][..])));
    assert_eq!(socket.frame().await, Some(Frame::text("4")));
}

#[tokio::test(start_paused = true)]
async fn bytes_may_come_as_text() {
    let server = Server::echo(config());
    let mut socket = server.websocket().await;
    socket.send("bAQID").await;
    assert_eq!(socket.frame().await, Some(Frame::binary(&[1, 2, 3][..])));
    socket.send("b").await;
    assert_eq!(socket.frame().await, Some(Frame::binary(&[][..])));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asked_for_it_gets_bytes_as_text() {
    use futures_util::SinkExt;
    for (query, expected) in [
        ("&b64=1", Frame::text("bAQIDBA==")),
        ("&b64=true", Frame::text("bAQIDBA==")),
        ("&b64=", Frame::binary(&[1, 2, 3, 4][..])),
        ("&b64=0", Frame::binary(&[1, 2, 3, 4][..])),
    ] {
        let server = Server::echo(config());
        let open = format!("EIO=4&transport=websocket{query}");
        let mut socket = server.open_websocket(&open).await.unwrap();
        socket.text().await;
        let bytes = Frame::binary(&[1, 2, 3, 4][..]);
        socket.0.send(bytes.clone()).await.unwrap();
        assert_eq!(socket.frame().await, Some(expected.clone()), "{query}");

        // The handshake does not decide for the WebSocket.
        let open = "EIO=4&transport=polling&b64=1";
        let polling = polling_query(&server.get(open).await.body);
        let mut socket = server
            .open_websocket(&(upgrade_query(&polling) + query))
            .await
            .unwrap();
        socket.send("5").await;
        socket.0.send(bytes).await.unwrap();
        assert_eq!(socket.frame().await, Some(expected), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_session_returns_its_transport_and_whether_it_can_write() {
    let mut server = Server::new(config());
    let mut socket = server
        .open_websocket("EIO=4&transport=websocket")
        .await
        .unwrap();
    let mut session = server.opened().await;
    assert_eq!(session.transport(), TransportKind::WebSocket);
    assert!(!session.can_write());
    session.send(text("hello")).await.unwrap();
    assert!(session.can_write());
    let open = socket.text().await;
    assert_eq!(sid(&open), session.sid());
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test(start_paused = true)]
async fn a_message_in_fragments_is_one_message() {
    let server = Server::echo(config());
    let mut socket = server.websocket().await;
    for (first, payload) in [
        (0x01, &b"4h\xc3"[..]),
        (0x00, b""),
        (0x89, b"ping"),
        (0x80, b"\xa4llo"),
    ] {
        socket.raw(&masked(first, payload)).await;
    }
    assert_eq!(socket.frame().await, Some(Frame::Pong(Bytes::from("ping"))));
    assert_eq!(socket.text().await, "4hällo");
}

#[tokio::test(start_paused = true)]
async fn an_invalid_websocket_frame_ends_only_its_session() {
    let cases: [(&str, Vec<u8>, u16); 9] = [
        ("a reserved bit", masked(0xC1, b"4a"), 1002),
        ("all reserved bits", masked(0xF1, b"4a"), 1002),
        ("a reserved opcode", masked(0x83, b"4a"), 1002),
        ("a reserved control opcode", masked(0x8B, b"4a"), 1002),
        ("an unmasked frame", vec![0x81, 2, b'4', b'a'], 1002),
        ("a continuation of nothing", masked(0x80, b"4a"), 1002),
        ("a fragmented ping", masked(0x09, b""), 1002),
        ("text that is not UTF-8", masked(0x81, b"4\xff"), 1007),
        (
            "a frame over the limit",
            vec![0x82, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            1009,
        ),
    ];
    let mut server = Server::new(config());
    for (what, bytes, code) in cases {
        let (mut socket, mut session) = server.both_ends().await;
        socket.raw(&bytes).await;
        assert_eq!(
            session.recv().await,
            Err(CloseReason::TransportError),
            "{what}"
        );
        assert_eq!(socket.close_code().await, code, "{what}");
    }
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_invalid_frame_right_after_the_handshake_ends_only_the_session() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut server = Server::new(config());
    let mut stream = server.connect();
    let request = "GET /?EIO=4&transport=websocket HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream
        .write_all(&[request.as_bytes(), &masked(0xF1, b"4a")].concat())
        .await
        .unwrap();
    let mut session = server.opened().await;
    assert_eq!(session.recv().await, Err(CloseReason::TransportError));
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_refused_in_one_frame_or_in_many() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    socket.send(&format!("4{}", "x".repeat(999))).await;
    assert_eq!(session.recv().await.map(|message| message.len()), Ok(999));
    socket.send(&format!("4{}", "x".repeat(1000))).await;
    assert_eq!(session.recv().await, Err(CloseReason::TransportError));
    assert_eq!(socket.close_code().await, 1009);

    let (mut socket, mut session) = server.both_ends().await;
    socket.raw(&masked(0x01, &[b'4'; 100])).await;
    for _ in 0..10 {
        socket.raw(&masked(0x00, &[b'4'; 100])).await;
    }
    assert_eq!(session.recv().await, Err(CloseReason::TransportError));
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test(start_paused = true)]
async fn invalid_packets_close_the_session_at_once() {
    for packet in ["", "2", "2probe", "abc", "7", "bAQ!D", "\u{1e}"] {
        let mut server = Server::new(config());
        let (mut socket, mut session) = server.both_ends().await;
        socket.send("4before").await;
        socket.send(packet).await;
        assert_eq!(session.recv().await, Ok(text("before")));
        assert_eq!(
            session.recv().await,
            Err(CloseReason::ParseError),
            "{packet:?}"
        );
        assert_eq!(socket.close_code().await, 1002);
        assert!(server.engine.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_may_leave_by_a_packet_by_a_frame_or_by_hanging_up() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    socket.send("1").await;
    assert_eq!(session.recv().await, Err(CloseReason::ForcedClose));
    assert_eq!(socket.close_code().await, 1000);

    let (mut socket, mut session) = server.both_ends().await;
    socket.0.close(None).await.unwrap();
    assert_eq!(session.recv().await, Err(CloseReason::TransportClose));
    assert_eq!(socket.frame().await, Some(Frame::Close(None)));
    assert_eq!(socket.frame().await, None);

    let (socket, mut session) = server.both_ends().await;
    drop(socket);
    assert_eq!(session.recv().await, Err(CloseReason::TransportClose));
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_before_its_handshake_is_answered_is_noticed() {
    let mut server = Server::new(config());
    let query = "EIO=4&transport=websocket";
    let websocket = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut stream = server.connect();
    super::harness::write_request(&mut stream, "GET", query, &websocket, "").await;
    let mut session = server.opened().await;
    drop(stream);
    assert_eq!(session.recv().await, Err(CloseReason::TransportClose));
}

#[tokio::test(start_paused = true)]
async fn polling_for_a_websocket_session_is_refused_without_effect() {
    let server = Server::echo(config());
    let mut socket = server
        .open_websocket("EIO=4&transport=websocket")
        .await
        .unwrap();
    let query = format!("EIO=4&transport=polling&sid={}", sid(&socket.text().await));
    assert_eq!(server.get(&query).await.brief(), BAD_REQUEST);
    assert_eq!(server.post(&query, "4hello").await.brief(), BAD_REQUEST);
    let stream = server
        .request(
            "POST",
            &query,
            &[("content-type", "application/octet-stream")],
            "",
        )
        .await;
    assert_eq!(stream.brief(), BAD_REQUEST);
    socket.send("4there").await;
    assert_eq!(socket.text().await, "4there");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_sends_the_rest_and_waits_for_the_client() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    for _ in 0..200 {
        session.send(text("last words")).await.unwrap();
    }
    session.close(CloseReason::ServerClose);
    socket.send("4too late").await;
    let owner = tokio::spawn(async move { session.recv().await });
    for _ in 0..200 {
        assert_eq!(socket.text().await, "4last words");
    }
    assert_eq!(socket.close_code().await, 1000);
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ServerClose));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_the_close_delays_it_for_a_limited_time() {
    let mut server = Server::new(Config::default());
    let (_socket, mut session) = server.both_ends().await;
    let start = Instant::now();
    session.close(CloseReason::ServerClose);
    assert_eq!(session.recv().await, Err(CloseReason::ServerClose));
    assert_eq!(start.elapsed(), ms(5000));
}

#[tokio::test(start_paused = true)]
async fn a_server_may_close_before_it_has_polled_the_session() {
    let mut server = Server::new(config());
    let mut socket = server
        .open_websocket("EIO=4&transport=websocket")
        .await
        .unwrap();
    let mut session = server.opened().await;
    session.close(CloseReason::ServerClose);
    let owner = tokio::spawn(async move { session.recv().await });
    assert!(socket.text().await.starts_with("0{"));
    assert_eq!(socket.close_code().await, 1000);
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ServerClose));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_session_closes_its_socket() {
    let mut server = Server::new(config());
    let (mut socket, session) = server.both_ends().await;
    drop(session);
    assert_eq!(socket.frame().await, None);
    assert!(server.engine.is_empty());
}
