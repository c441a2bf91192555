//! The close codes that a client over TCP receives when it has sent an invalid message.

use std::time::Duration;

use socketio::SocketIo;
use test_support::{
    Log,
    engine_client::{Connector, Frame, WebSocket},
};

/// More than the buffers of both sockets hold, so that the client still writes when the server has refused its message.
const LARGE: usize = 16 * 1024 * 1024;

fn server() -> SocketIo {
    SocketIo::bare().allow_namespace("/").build().unwrap()
}

async fn connect(io: SocketIo) -> WebSocket {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connector = Connector::tcp(listener.local_addr().unwrap());
    tokio::spawn(async move { io.serve((), listener).await });
    let mut client = connector.websocket().await;
    client.join("/").await;
    client
}

/// Returns a masked frame of a client with its first byte.
fn frame(first: u8, payload: &str) -> Vec<u8> {
    let mut bytes = Frame::Text(payload.to_owned()).encode();
    bytes[0] = first;
    bytes
}

/// Writes everything before it reads, as clients do whose writing blocks, and returns the close code.
async fn close_code(client: &mut WebSocket, bytes: &[u8]) -> Option<u16> {
    client.send_bytes(bytes).await.expect("the server takes it");
    match &client.frames_to_the_end().await[..] {
        [Frame::Close(code)] => code.as_ref().map(|(code, _)| *code),
        other => panic!("not one close frame: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_answered_with_1009_and_the_log_names_the_option() {
    let log = Log::default();
    let _guard = log.collect();
    let fragment = "x".repeat(100_000);
    let messages = [
        frame(0x81, &format!("4{}", "x".repeat(LARGE))),
        frame(0x82, &"x".repeat(LARGE)),
        // Each fragment is within the limit.
        [frame(0x01, "4"), frame(0x00, &fragment).repeat(160)].concat(),
    ];
    for (index, message) in messages.iter().enumerate() {
        let mut client = connect(server()).await;
        assert_eq!(
            close_code(&mut client, message).await,
            Some(1009),
            "{index}"
        );
    }
    let lines = log.lines("a WebSocket message is too large");
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in lines {
        assert!(line.contains("WARN engineio"), "{line}");
        assert!(line.contains("raise `max_http_buffer_size`"), "{line}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_answered_with_1007() {
    let invalid = |first, payload: &[u8]| {
        let mut bytes = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        bytes.extend_from_slice(payload);
        bytes
    };
    for message in [
        invalid(0x81, b"42[\"a\",\"\xff\"]"),
        // A character that is cut off, in one frame and by the last fragment.
        invalid(0x81, b"42[\"a\",\"\xf0\x9f"),
        [invalid(0x01, b"42[\"a\",\"\xf0\x9f"), invalid(0x80, b"\"]")].concat(),
    ] {
        let mut client = connect(server()).await;
        let more = frame(0x82, &"x".repeat(LARGE));
        let message = [message, more].concat();
        assert_eq!(close_code(&mut client, &message).await, Some(1007));
    }
}

#[tokio::test]
async fn an_invalid_packet_is_answered_with_1002_also_if_more_follows() {
    let io = SocketIo::bare()
        .allow_namespace("/")
        .max_http_buffer_size(2 * LARGE)
        .build()
        .unwrap();
    let mut client = connect(io).await;
    let message = [
        frame(0x81, "9"),
        frame(0x81, &format!("4{}", "x".repeat(LARGE))),
    ]
    .concat();
    assert_eq!(close_code(&mut client, &message).await, Some(1002));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_with_413_after_it_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connector = Connector::tcp(listener.local_addr().unwrap());
    tokio::spawn(async move { server().serve((), listener).await });
    let client = connector.polling().await;
    client.join("/").await;
    let body = format!("4{}", "x".repeat(LARGE));
    assert_eq!(client.post(&body).await.status, 413);
    // The session goes on.
    assert_eq!(client.post("3").await.status, 200);
}

#[tokio::test]
async fn a_client_that_continues_after_its_mistake_is_disconnected() {
    let mut client = connect(server()).await;
    client
        .send_bytes(&frame(0x82, &"x".repeat(2_000_000)))
        .await
        .unwrap();
    let more = vec![0; 100_000];
    let writing = async { while client.send_bytes(&more).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(60), writing)
        .await
        .expect("the server closes the connection");
}
