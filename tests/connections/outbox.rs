//! A full outbox: the overflow policy acts, and everything that is dropped is counted.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use socketio::{OverflowPolicy, Reason, SocketIo, SocketIoBuilder, State};
use socketio_test::{TestClient, event};
use test_support::settle;

/// A server that notes the reasons of disconnects.
fn server(
    options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder,
) -> (SocketIo, Arc<Mutex<Vec<Reason>>>) {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let builder = SocketIo::bare()
        .on(
            "disconnect",
            |reason: Reason, log: State<Mutex<Vec<Reason>>>| {
                log.lock().unwrap().push(reason);
            },
        )
        .shared_state(Arc::clone(&reasons));
    (options(builder).build().unwrap(), reasons)
}

#[tokio::test]
async fn a_burst_in_a_loop_is_not_lost() {
    let (io, _) = server(|builder| builder);
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.connection().stop_reading();
    for number in 0..50_000 {
        io.emit("number", number);
    }
    client.connection().resume_reading();
    let events = client.received();
    let numbers = events.iter().map(|event| event.read::<u32>().unwrap());
    assert!(numbers.eq(0..50_000));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_when_its_outbox_is_full() {
    let (io, reasons) = server(|builder| builder.max_outbox(3, 1_000_000));
    let slow = TestClient::connect(&io, "/").await.unwrap();
    let quick = TestClient::connect(&io, "/").await.unwrap();
    slow.connection().stop_reading();
    for number in 0..3 {
        io.emit("number", number);
        quick.received();
    }
    settle().await;
    assert!(
        slow.is_connected(),
        "the outbox is full, but not over its limit"
    );
    io.emit("number", 3);
    assert_eq!(slow.disconnected().await, Reason::TransportError);
    slow.close().await;
    assert_eq!(*reasons.lock().unwrap(), [Reason::TransportError]);
    assert_eq!(quick.received(), [event("number", 3)]);
}

#[tokio::test]
async fn the_outbox_is_bounded_in_bytes_as_well_as_in_messages() {
    let (io, _) = server(|builder| builder.max_outbox(1_000, 100));
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.connection().stop_reading();
    io.emit("blob", Bytes::from(vec![0; 60]));
    settle().await;
    assert!(client.is_connected());
    io.emit("blob", Bytes::from(vec![0; 60]));
    assert_eq!(client.disconnected().await, Reason::TransportError);

    // A message larger than the limit is accepted into an empty outbox.
    let client = TestClient::connect(&io, "/").await.unwrap();
    io.emit("large", "x".repeat(200));
    assert_eq!(client.received().len(), 1);
}

#[tokio::test]
async fn with_drop_newest_events_are_dropped_completely_and_counted() {
    let (io, reasons) = server(|builder| {
        builder
            .max_outbox(4, 1_000_000)
            .overflow_policy(OverflowPolicy::DropNewest)
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    let socket = io.socket("/", client.sid()).unwrap();
    client.connection().stop_reading();
    io.emit("a", 1);
    io.emit("b", Bytes::from_static(b"x"));
    // The transport has its turn, and writes nothing.
    settle().await;
    io.emit("lost", Bytes::from_static(b"two messages and room for one"));
    io.emit("c", 3);
    io.emit("lost", 4);
    assert_eq!(socket.dropped_packets(), 2);
    client.connection().resume_reading();
    assert_eq!(
        client.received(),
        [
            event("a", 1),
            event("b", Bytes::from_static(b"x")),
            event("c", 3)
        ]
    );
    io.emit("d", 5);
    assert_eq!(client.received(), [event("d", 5)]);
    assert!(reasons.lock().unwrap().is_empty());
}

#[tokio::test]
async fn protocol_packets_are_never_dropped() {
    let io = SocketIo::bare()
        .max_outbox(1, 1_000_000)
        .overflow_policy(OverflowPolicy::DropNewest)
        .on("ask", || "answer")
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.connection().stop_reading();
    io.emit("a", 1);
    settle().await;
    io.emit("lost", 2);
    let mut answer = std::pin::pin!(client.call::<String>("ask", ()));
    // Sent now, but read later.
    assert!(futures_util::poll!(answer.as_mut()).is_pending());
    settle().await;
    assert!(io.disconnect("/", client.sid()));
    settle().await;
    client.connection().resume_reading();
    assert_eq!(answer.await.unwrap(), "answer");
    assert_eq!(client.received(), [event("a", 1)]);
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
}

#[tokio::test]
async fn operations_deferred_in_connect_are_bounded_like_an_outbox() {
    let io = SocketIo::bare()
        .max_outbox(100, 1_000_000)
        .on("connect", |socket: socketio::Socket| {
            let emitted = (0..1_000).take_while(|n| socket.try_emit("n", n).is_ok());
            let emitted = emitted.count();
            assert_eq!(emitted, 100);
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.received().len(), 100);
}

#[tokio::test]
async fn waiting_for_the_outbox_to_drain_ends_when_the_client_reads_or_leaves() {
    let (io, _) = server(|builder| builder);
    let client = TestClient::connect(&io, "/").await.unwrap();
    let socket = io.socket("/", client.sid()).unwrap();
    socket.drained().await;
    client.connection().stop_reading();
    socket.emit("number", 1);
    let waiting = || {
        let socket = socket.clone();
        tokio::spawn(async move { socket.drained().await })
    };
    let first = waiting();
    settle().await;
    assert!(!first.is_finished());
    client.connection().resume_reading();
    first.await.unwrap();

    client.connection().stop_reading();
    socket.emit("number", 2);
    let second = waiting();
    settle().await;
    assert!(!second.is_finished());
    client.close().await;
    second.await.unwrap();
}
