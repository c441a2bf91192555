//! The buffers of a WebSocket.

use std::{convert::Infallible, future::poll_fn, task::Poll};

use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::{
    base::Message,
    engine::{packet::Packet, protocol::FrameFormat, websocket::Socket},
};

/// A socket that takes messages up to 1 MB, and the client's end of its stream.
async fn socket() -> (Socket, DuplexStream) {
    let (mut client, server) = duplex(256 * 1024);
    let (sender, mut upgrades) = mpsc::channel(1);
    let service = service_fn(move |request: Request<Incoming>| {
        let sent = sender.try_send(hyper::upgrade::on(request));
        assert!(sent.is_ok());
        let response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .body(Empty::<bytes::Bytes>::new());
        async { Ok::<_, Infallible>(response.unwrap()) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(server), service);
    tokio::spawn(connection.with_upgrades());
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    client.write_all(request).await.unwrap();
    let socket = Socket::new(
        upgrades.recv().await.unwrap(),
        FrameFormat::V4 { base64: false },
        None,
        1_000_000,
    );
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(client.read_u8().await.unwrap());
    }
    (socket, client)
}

/// A binary frame of a client, masked with zeroes.
fn frame(length: u16) -> Vec<u8> {
    let mut frame = vec![0x82, 0xFE];
    frame.extend(length.to_be_bytes());
    frame.resize(8 + usize::from(length), 0);
    frame
}

async fn read(socket: &mut Socket) -> usize {
    match poll_fn(|cx| socket.poll_packet(cx)).await {
        Ok(Packet::Message(message)) => message.len(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn buffers_are_given_back_once_nothing_is_in_them() {
    let (mut socket, mut client) = socket().await;
    client.write_all(&frame(15_000)).await.unwrap();
    client.write_all(&frame(500)[..100]).await.unwrap();
    assert_eq!(read(&mut socket).await, 15_000);
    let begun = poll_fn(|cx| Poll::Ready(socket.poll_packet(cx))).await;
    assert!(begun.is_pending());
    socket.shrink();
    assert_eq!(socket.largest, 15_000, "the beginning of a frame is inside");

    client.write_all(&frame(500)[100..]).await.unwrap();
    assert_eq!(read(&mut socket).await, 500);
    socket.send(Frame::text("unwritten")).unwrap();
    socket.shrink();
    assert_eq!(socket.largest, 15_000, "a frame is to be flushed");

    poll_fn(|cx| socket.poll_flush(cx)).await.unwrap();
    socket.shrink();
    assert_eq!(socket.largest, 0);
    client.write_all(&frame(500)).await.unwrap();
    assert_eq!(read(&mut socket).await, 500);
}

#[tokio::test]
async fn a_small_message_does_not_keep_the_buffer_of_a_large_one() {
    let (mut socket, mut client) = socket().await;
    client.write_all(&frame(15_000)).await.unwrap();
    assert_eq!(read(&mut socket).await, 15_000);
    client.write_all(&frame(10).repeat(2)).await.unwrap();
    let Ok(Packet::Message(Message::Binary(small))) = poll_fn(|cx| socket.poll_packet(cx)).await
    else {
        panic!("no message");
    };
    assert!(small.is_unique());
}

#[tokio::test]
async fn frames_that_wait_below_the_websocket_survive_that() {
    let (mut socket, mut client) = socket().await;
    client.write_all(&frame(5_000).repeat(10)).await.unwrap();
    for _ in 0..10 {
        assert_eq!(read(&mut socket).await, 5_000);
        socket.shrink();
    }
}

#[tokio::test]
async fn buffers_are_given_back_also_after_fragments_and_lengths_that_are_longer_than_necessary() {
    let (mut socket, mut client) = socket().await;
    let mut fragments = frame(40_000);
    fragments[0] = 0x02;
    let mut last = frame(10);
    last[0] = 0x80;
    client.write_all(&fragments).await.unwrap();
    client.write_all(&last).await.unwrap();
    assert_eq!(read(&mut socket).await, 40_010);
    socket.shrink();
    assert_eq!(socket.largest, 0);

    client.write_all(&frame(15_000)).await.unwrap();
    // Ten bytes, with a length of eight bytes.
    let mut long = vec![0x82, 0xFF];
    long.extend(10_u64.to_be_bytes());
    long.extend([0; 14]);
    client.write_all(&long).await.unwrap();
    assert_eq!(read(&mut socket).await, 15_000);
    assert_eq!(read(&mut socket).await, 10);
    assert!(!socket.is_receiving());
    socket.shrink();
    assert_eq!(socket.largest, 0);
}
