//! Clients see a shutdown as an outage, and reconnect. After `Socket::close` and `Socket::disconnect` they do not reconnect.

use std::time::Duration;

use socketio::{Socket, SocketIo};
use test_support::engine_client::{Connector, Frame};
use tokio::{io::AsyncReadExt, time::sleep};

fn server() -> SocketIo {
    SocketIo::bare()
        .on("close", |socket: Socket| socket.close())
        .build()
        .unwrap()
}

/// The texts of frames, which must all be texts.
fn texts(frames: &[Frame]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| match frame {
            Frame::Text(text) => &**text,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_websocket_receives_what_was_emitted_and_neither_disconnect_nor_close() {
    let io = server();
    let mut client = Connector::serve(&io).websocket().await;
    client.join("/").await;
    io.emit("news", "last");
    let (frames, ()) = tokio::join!(client.frames_to_the_end(), io.shutdown());
    assert_eq!(texts(&frames), [r#"42["news","last"]"#]);
}

/// The response to a poll that waits when the server is shut down, right after `emit`.
async fn poll(emit: impl FnOnce(&SocketIo)) -> String {
    let io = server();
    let client = Connector::serve(&io).polling().await;
    client.join("/").await;
    let mut poll = client.begin_get().await;
    // Waits until the server has received the poll.
    sleep(Duration::from_secs(1)).await;
    emit(&io);
    io.shutdown().await;
    let mut response = String::new();
    poll.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_fails() {
    let response = poll(|_| ()).await;
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_receives_what_was_emitted_and_neither_disconnect_nor_close() {
    let response = poll(|io| io.emit("news", "last")).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(
        response.ends_with("\r\n\r\n42[\"news\",\"last\"]"),
        "{response}"
    );
}

#[tokio::test(start_paused = true)]
async fn closing_a_connection_tells_clients_not_to_reconnect() {
    let io = server();
    let mut client = Connector::serve(&io).websocket().await;
    client.join("/").await;
    client.send(r#"42["close"]"#).await;
    let frames = client.frames_to_the_end().await;
    let [Frame::Text(disconnect), Frame::Close(_)] = &*frames else {
        panic!("{frames:?}");
    };
    assert_eq!(disconnect, "41");
}
