//! The limits of a WebSocket: memory, turns and control frames.

use std::{collections::VecDeque, future::poll_fn, task::Poll};

use bytes::Bytes;
use tokio::io::duplex;

use super::harness::{Server, WEBSOCKET, WebSocket, config, ms, serve};
use crate::{
    base::Message,
    engine::{CloseReason, Config, Event, Outgoing},
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
async fn the_server_writes_however_much_a_client_sends() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    for _ in 0..500 {
        socket.send("4x").await;
    }
    let mut out = VecDeque::from([text("hello")]);
    let mut read = 0;
    while !out.is_empty() {
        assert_eq!(
            poll_fn(|cx| session.poll(cx, &mut out, true)).await,
            Event::Message(text("x"))
        );
        read += 1;
    }
    assert_eq!(read, 65);
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test(start_paused = true)]
async fn the_buffers_of_a_large_message_are_given_back_at_the_heartbeat_and_nothing_is_lost() {
    let mut config = config();
    config.max_payload = 1_000_000;
    let server = Server::echo(config);
    let mut socket = server.websocket().await;
    let large = format!("4{}", "x".repeat(300_000));
    for round in 0..3 {
        socket.send(&large).await;
        assert_eq!(socket.text().await, large, "{round}");
        assert_eq!(socket.text().await, "2");
        // A partial frame is buffered when the next heartbeat is due.
        let frame = masked(0x81, b"4split");
        socket.send("3").await;
        socket.send(&large).await;
        socket.raw(&frame[..5]).await;
        assert_eq!(socket.text().await, large);
        assert_eq!(socket.text().await, "2");
        socket.raw(&frame[5..]).await;
        assert_eq!(socket.text().await, "4split");
        socket.send("3").await;
    }
}

/// Two bytes in a handler must not keep a megabyte alive.
#[tokio::test]
async fn a_small_message_does_not_share_the_buffer_of_a_large_one() {
    let mut config = config();
    config.max_payload = 1_000_000;
    let mut server = Server::new(config);
    let (mut socket, mut session) = server.both_ends().await;
    let sending = async {
        socket.send(&format!("6{}", "x".repeat(15_000))).await;
        for _ in 0..10 {
            socket.send("4small").await;
        }
    };
    let receiving = async {
        for _ in 0..10 {
            let Ok(Message::Text(text)) = session.recv().await else {
                panic!("a text was sent");
            };
            let bytes: bytes::Bytes = text.into_framed().into();
            assert!(bytes.is_unique());
        }
    };
    tokio::join!(sending, receiving);
}

/// Messages without end, counted. A client that reads fast, together with a server that has always more to say.
struct Endless(usize, Message);

impl Outgoing for Endless {
    fn pop(&mut self) -> Option<Message> {
        self.0 += 1;
        Some(self.1.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn one_poll_writes_a_bounded_number_of_messages_and_bytes() {
    use futures_util::FutureExt;
    for (message, most) in [
        (text("x"), 64),
        (Message::Binary(Bytes::from(vec![7; 200_000])), 2),
    ] {
        let server = Server::new(config());
        let (client, stream) = duplex(64 * 1024 * 1024);
        serve(server.engine.clone(), stream);
        let mut server = server;
        let mut socket = WebSocket::open(client, WEBSOCKET).await.unwrap();
        let mut session = server.opened().await;
        let mut nothing = VecDeque::new();
        tokio::select! {
            event = poll_fn(|cx| session.poll(cx, &mut nothing, false)) => panic!("{event:?}"),
            _ = socket.text() => {}
        }
        let mut endless = Endless(0, message);
        for poll in 1..4 {
            let polled = poll_fn(|cx| session.poll(cx, &mut endless, true));
            assert!(polled.now_or_never().is_none());
            assert_eq!(endless.0, poll * most);
        }
        // It has woken its task, since there is more to write.
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            let polled = session.poll(cx, &mut endless, true);
            assert!(polled.is_pending());
            if polls < 3 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn more_pings_and_pongs_within_a_second_than_allowed_close_the_connection() {
    for (first, packet) in [(0x89, ""), (0x8A, ""), (0x81, "3"), (0x81, "6")] {
        let config = Config {
            max_control_rate: 10,
            ..Config::default()
        };
        let mut server = Server::new(config);
        let (mut socket, mut session) = server.both_ends().await;
        let received = tokio::spawn(async move { session.recv().await });
        // At the allowed rate, they are accepted without a limit.
        for _ in 0..10 {
            socket
                .raw(&masked(first, packet.as_bytes()).repeat(10))
                .await;
            tokio::time::sleep(ms(1_001)).await;
        }
        assert!(!received.is_finished());
        socket
            .raw(&masked(first, packet.as_bytes()).repeat(11))
            .await;
        assert_eq!(received.await.unwrap(), Err(CloseReason::TransportError));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_in_too_many_frames_is_refused() {
    let mut server = Server::new(Config::default());
    let (mut socket, mut session) = server.both_ends().await;
    let received = tokio::spawn(async move { session.recv().await });
    socket.raw(&masked(0x01, b"4")).await;
    for _ in 0..20 {
        socket.raw(&masked(0x00, b"").repeat(1_000)).await;
        tokio::task::yield_now().await;
        if received.is_finished() {
            break;
        }
    }
    assert_eq!(received.await.unwrap(), Err(CloseReason::TransportError));
}
