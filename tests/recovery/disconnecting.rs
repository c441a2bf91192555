//! `disconnecting` handlers and sessions that can be recovered.

use std::sync::Arc;

use socketio::{Reason, Recovery, Socket, SocketIo, State, handlers, join_room, rooms, to};
use socketio_test::{TestClient, event};
use test_support::{Notes, settle};
use tokio::sync::Notify;

/// The permission that an event waits for.
struct Gate(Notify);

#[socketio::event]
fn connect(socket: Socket, notes: State<Notes>) {
    notes.add(format!("connect, recovered: {}", socket.recovered()));
}

#[socketio::event]
fn join(room: String) -> Result<(), socketio::RoomError> {
    join_room(room)
}

#[socketio::event]
async fn wait(gate: State<Gate>, notes: State<Notes>) {
    gate.0.notified().await;
    notes.add("waited");
}

#[socketio::event]
async fn disconnecting(reason: Reason, notes: State<Notes>) {
    let room = rooms()[1..].join(" ");
    to(&room).include_self(false).emit("leaving", ());
    settle().await;
    notes.add(format!("disconnecting ({reason}) from {room}"));
}

#[socketio::event]
fn disconnect(reason: Reason, notes: State<Notes>, socket: Socket) {
    let kept = socket.is_session_kept();
    notes.add(format!("disconnect ({reason}), kept: {kept}"));
}

fn server() -> (SocketIo, Arc<Notes>, Arc<Gate>) {
    let (notes, gate) = (Arc::new(Notes::default()), Arc::new(Gate(Notify::new())));
    let io = SocketIo::bare()
        .handlers(handlers![connect, join, wait, disconnecting, disconnect])
        .shared_state(Arc::clone(&notes))
        .shared_state(Arc::clone(&gate))
        .recovery(Recovery::default())
        .build()
        .unwrap();
    (io, notes, gate)
}

async fn in_lobby(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io)
        .recoverable()
        .connect()
        .await
        .unwrap();
    client.emit("join", "lobby").await.unwrap();
    client
}

#[tokio::test]
async fn a_lost_client_runs_it_before_its_session_is_kept() {
    let (io, notes, _) = server();
    let client = in_lobby(&io).await;
    notes.take();
    client.lose(Reason::PingTimeout).await;
    io.to("lobby").emit("missed", ());
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), [event("missed", ())]);
    let expected = [
        "disconnecting (ping timeout) from lobby",
        "disconnect (ping timeout), kept: true",
        "connect, recovered: true",
    ];
    assert_eq!(notes.take(), expected);
}

#[tokio::test]
async fn r4_a_client_that_returns_too_early_runs_it_once_before_disconnect() {
    let (io, notes, _) = server();
    let other = TestClient::connect(&io, "/").await.unwrap();
    other.emit("join", "lobby").await.unwrap();
    let mut client = in_lobby(&io).await;
    notes.take();
    for _ in 0..3 {
        // The server has not noticed the loss of the client.
        let back = client.recover().await.unwrap();
        assert!(back.recovered());
        let expected = [
            "disconnecting (transport close) from lobby",
            "disconnect (transport close), kept: true",
            "connect, recovered: true",
        ];
        assert_eq!(notes.take(), expected);
        assert_eq!(other.received(), [event("leaving", ())]);
        client = back;
    }
}

#[tokio::test]
async fn r4_events_that_had_arrived_run_before_it() {
    let (io, notes, gate) = server();
    let client = in_lobby(&io).await;
    notes.take();
    drop(client.emit("wait", ()));
    settle().await;
    let back = tokio::spawn(async move { client.recover().await.unwrap() });
    settle().await;
    assert_eq!(notes.take(), [""; 0]);
    gate.0.notify_one();
    assert!(back.await.unwrap().recovered());
    let expected = [
        "waited",
        "disconnecting (transport close) from lobby",
        "disconnect (transport close), kept: true",
        "connect, recovered: true",
    ];
    assert_eq!(notes.take(), expected);
}

#[tokio::test]
async fn r4_a_client_that_is_disconnecting_already_runs_it_once() {
    let (io, notes, gate) = server();
    let client = in_lobby(&io).await;
    notes.take();
    drop(client.emit("wait", ()));
    settle().await;
    // Its loss is noticed, and the handler waits for the event that runs.
    let losing = tokio::spawn({
        let connection = client.connection().clone();
        async move { connection.lose(Reason::TransportError).await }
    });
    settle().await;
    let back = tokio::spawn(async move { client.recover().await.unwrap() });
    settle().await;
    gate.0.notify_one();
    losing.await.unwrap();
    assert!(back.await.unwrap().recovered());
    let notes = notes.take();
    assert_eq!(notes.len(), 4, "{notes:?}");
    assert_eq!(notes[1], "disconnecting (transport error) from lobby");
    assert_eq!(notes[3], "connect, recovered: true");
}
