//! The behaviour of both versions of the Flask-SocketIO demo.

use serde_json::json;
use socketio::{Reason, SocketIo};
use socketio_test::{Event, TestClient, event};

/// A line of the page.
fn reply(text: impl AsRef<str>, count: u64) -> Event {
    event("reply", json!({ "text": text.as_ref(), "count": count }))
}

pub(crate) async fn is_played(io: SocketIo) {
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(ana.received(), [reply("connected", 0)]);
    assert_eq!(bo.received(), [reply("connected", 0)]);

    // Messages go to the sender, broadcasts to all; the lines of each client are counted.
    ana.emit("echo", "hello").await.unwrap();
    ana.emit("broadcast", "hello all").await.unwrap();
    assert_eq!(ana.received(), [reply("hello", 1), reply("hello all", 2)]);
    assert_eq!(bo.received(), [reply("hello all", 2)]);

    // Rooms.
    ana.emit("join", "lobby").await.unwrap();
    ana.emit("join", "bar").await.unwrap();
    ana.emit("leave", "bar").await.unwrap();
    let own = ana.sid();
    assert_eq!(
        ana.received(),
        [
            reply(format!("in rooms: {own}, lobby"), 3),
            reply(format!("in rooms: {own}, lobby, bar"), 4),
            reply(format!("in rooms: {own}, lobby"), 5),
        ]
    );
    bo.emit("room message", ("lobby", "anybody there?"))
        .await
        .unwrap();
    bo.emit("close room", "lobby").await.unwrap();
    bo.emit("room message", ("lobby", "still?")).await.unwrap();
    assert_eq!(
        ana.received(),
        [reply("anybody there?", 1), reply("lobby is closing", 2)]
    );
    assert_eq!(bo.received(), []);
    let failed = bo.emit("join", ana.sid()).await.unwrap_err();
    assert!(failed.to_string().contains("belongs to one client"));

    // The round-trip time that the page measures.
    bo.emit("ping", ()).await.unwrap();
    assert_eq!(bo.received(), [event("pong", ())]);

    // A client that requests it is disconnected, after it has received a last event.
    bo.emit("disconnect request", ()).await.unwrap();
    let goodbye = bo.next().await;
    assert_eq!(goodbye, reply("goodbye", 4));
    assert!(bo.is_connected());
    bo.ack(&goodbye, ()).await.unwrap();
    assert_eq!(bo.disconnected().await, Reason::ServerDisconnect);
}

/// Checks the background task, which is a thread in Flask-SocketIO.
pub(crate) async fn is_heard_by(io: SocketIo) {
    let ana = TestClient::builder(&io).timeout(std::time::Duration::from_secs(60));
    let ana = ana.connect().await.unwrap();
    ana.received();
    for count in 1..4 {
        assert_eq!(ana.next().await, reply("from the server", count));
    }
}
