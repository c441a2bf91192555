//! The clients of `test_support::engine_client`: acknowledgements over each transport, heartbeats, closing, and not reading.

use std::time::Duration;

use socketio::{Reason, SocketIo, State};
use test_support::{
    Notes,
    engine_client::{Connector, Frame, WebSocket},
    settle,
};

fn server() -> SocketIo {
    SocketIo::bare()
        .on("echo", |text: String| text)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_event_is_acknowledged_over_websocket() {
    let connector = Connector::serve(&server());
    let mut client = connector.websocket().await;
    assert!(client.join("/").await.starts_with("40{"));
    client.send(r#"421["echo","hello"]"#).await;
    assert_eq!(
        client.next_packet().await.as_deref(),
        Some(r#"431["hello"]"#)
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_is_acknowledged_over_polling() {
    let connector = Connector::serve(&server());
    let client = connector.polling().await;
    assert!(client.join("/").await.starts_with("40{"));
    client.send(r#"421["echo","hello"]"#).await;
    assert_eq!(client.get().await.body, r#"431["hello"]"#);
}

#[tokio::test]
async fn an_event_is_acknowledged_over_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connector = Connector::tcp(listener.local_addr().unwrap());
    tokio::spawn(async move { server().serve((), listener).await });
    let mut client = connector.websocket().await;
    assert!(client.join("/").await.starts_with("40{"));
    client.send(r#"421["echo","hello"]"#).await;
    assert_eq!(
        client.next_packet().await.as_deref(),
        Some(r#"431["hello"]"#)
    );
}

#[tokio::test(start_paused = true)]
async fn a_polling_session_is_upgraded() {
    let connector = Connector::serve(&server());
    let polling = connector.polling().await;
    polling.join("/").await;
    let target = polling.upgrade_target();
    let stream = connector.connect().await;
    let mut client = WebSocket::upgrade(stream, &target).await.unwrap();
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    client.send("5").await;
    client.send(r#"421["echo","hello"]"#).await;
    assert_eq!(client.text().await, r#"431["hello"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_stays_and_one_that_does_not_is_closed() {
    let io = SocketIo::bare()
        .ping_interval(Duration::from_secs(1))
        .ping_timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    let (packets, open) = client.packets_for(Duration::from_secs(10)).await;
    assert!(packets.is_empty() && open, "{packets:?}");
    assert!(client.pings() >= 9, "{}", client.pings());

    client.ignore_pings();
    let (_, open) = client.packets_for(Duration::from_secs(10)).await;
    assert!(!open);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_is_disconnected_when_its_outbox_stays_full() {
    let notes = Notes::default();
    let io = SocketIo::bare()
        .max_outbox(10, 1_000_000)
        .on("disconnect", |reason: Reason, notes: State<Notes>| {
            notes.add(reason.as_str());
        })
        .state(notes.clone())
        .build()
        .unwrap();
    let connector = Connector::serve(&io).buffer(256);
    let mut client = connector.websocket().await;
    client.join("/").await;
    for number in 0..20 {
        io.emit("number", (number, "x".repeat(100)));
        settle().await;
    }
    // It has a second to catch up, and does not.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let frames = client.frames_to_the_end().await;
    assert!((1..20).contains(&frames.len()), "{frames:?}");
    settle().await;
    assert_eq!(notes.take(), ["transport error"]);
}

/// The connection is closed by the server's own deadline, since the client neither answers Close nor ends the connection.
#[tokio::test(start_paused = true)]
async fn a_client_that_ignores_close_loses_its_connection() {
    let connector = Connector::serve(&server());
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.send("4nonsense").await;
    let frames = client.frames_to_the_end().await;
    assert!(matches!(frames[..], [Frame::Close(_)]), "{frames:?}");
}
