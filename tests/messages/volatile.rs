//! `volatile()`: an event is dropped for clients to whom it can't be written now. The other options of one emit, too.

use std::time::Duration;

use socketio::{CallError, Socket, SocketIo, to_self};
use socketio_test::{TestClient, TestQueue, event};
use test_support::settle;

use crate::server::client;

#[tokio::test]
async fn of_two_volatile_events_in_a_row_only_the_first_is_sent() {
    let io = SocketIo::bare().build().unwrap();
    let client = client(&io, "/").await;
    let socket = io.socket("/", client.sid()).unwrap();
    for number in 0..2 {
        io.broadcast().volatile().emit("number", number);
    }
    assert_eq!(client.received(), [event("number", 0)]);
    assert_eq!(socket.dropped_packets(), 1);
    io.broadcast().volatile().emit("number", 2);
    assert_eq!(client.received(), [event("number", 2)]);
    assert_eq!(io.metrics().outbox.dropped_volatile, 1);
}

#[tokio::test]
async fn a_volatile_event_is_not_sent_behind_another_one() {
    let io = SocketIo::bare()
        .on("both", || {
            socketio::emit("kept", 1);
            to_self().volatile().emit("lost", 2);
        })
        .on("alone", || to_self().volatile().emit("kept", 3))
        .build()
        .unwrap();
    let client = client(&io, "/").await;
    client.emit("both", ()).await.unwrap();
    client.emit("alone", ()).await.unwrap();
    assert_eq!(client.received(), [event("kept", 1), event("kept", 3)]);
}

#[tokio::test]
async fn a_volatile_event_is_not_sent_to_a_client_that_does_not_read_and_the_others_receive_it() {
    let io = SocketIo::bare().build().unwrap();
    let [slow, quick] = [client(&io, "/").await, client(&io, "/").await];
    slow.connection().stop_reading();
    settle().await;
    io.broadcast().volatile().emit("lost", 1);
    assert_eq!(quick.received(), [event("lost", 1)]);
    io.emit("kept", 2);
    slow.connection().resume_reading();
    assert_eq!(slow.received(), [event("kept", 2)]);
}

#[tokio::test]
async fn inside_connect_no_volatile_event_is_sent() {
    let io = SocketIo::bare()
        .on("connect", || {
            to_self().volatile().emit("lost", ());
            socketio::emit("kept", ());
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.received(), [event("kept", ())]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_could_not_be_written_times_out() {
    let io = SocketIo::bare()
        .on("connect", |_: Socket| ())
        .on("ask", async |second: Socket| {
            second.emit("first", ());
            let volatile = second.to_self().volatile().timeout(Duration::from_secs(1));
            let asked = volatile.call::<()>("lost", ()).await;
            matches!(asked, Err(CallError::Timeout))
        })
        .build()
        .unwrap();
    let client = client(&io, "/").await;
    assert!(client.call::<bool>("ask", ()).await.unwrap());
    assert_eq!(client.received(), [event("first", ())]);
}

#[tokio::test]
async fn options_of_an_emit_apply_on_other_nodes() {
    let queue = TestQueue::new();
    let node = || {
        let builder = SocketIo::bare().message_queue(queue.clone());
        builder.build().unwrap()
    };
    let (one, two) = (node(), node());
    let slow = client(&two, "/").await;
    slow.connection().stop_reading();
    settle().await;
    one.broadcast().volatile().emit("lost", 1);
    queue.settled([&one, &two]).await;
    one.emit("kept", 2);
    one.broadcast().compress(false).emit("kept", 3);
    // Addresses no other node.
    one.local().emit("lost", 4);
    queue.settled([&one, &two]).await;
    slow.connection().resume_reading();
    assert_eq!(slow.received(), [event("kept", 2), event("kept", 3)]);
    let messages = queue.messages("flask-socketio");
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert_eq!(messages[0]["volatile"], true);
    assert_eq!(messages[1]["volatile"], serde_json::Value::Null);
}

// R2
#[tokio::test]
async fn with_recovery_a_volatile_event_is_not_kept_and_carries_the_latest_offset() {
    let recovery = socketio::Recovery::default().clients(|_| true);
    let io = SocketIo::bare().recovery(recovery).build().unwrap();
    let client = client(&io, "/").await;
    let socket = io.socket("/", client.sid()).unwrap();
    let offset = || {
        client
            .received()
            .pop()
            .unwrap()
            .read::<(u32, String)>()
            .unwrap()
    };
    io.emit("n", 1);
    let (_, kept) = offset();
    io.broadcast().volatile().emit("n", 2);
    assert_eq!(offset(), (2, kept.clone()));
    socket.to_self().volatile().emit("n", 3);
    assert_eq!(offset(), (3, kept.clone()));
    assert_eq!(io.metrics().recovery.unwrap().kept_events, 1);
    io.emit("n", 4);
    assert_ne!(offset().1, kept);
}
