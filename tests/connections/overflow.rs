//! The overflow policies of single emits, and waiting for room.

use bytes::Bytes;
use socketio::{OverflowPolicy, Reason, Socket, SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, event};
use test_support::settle;

/// A client that does not read, and its server.
async fn stalled(
    options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder,
) -> (SocketIo, TestClient, Socket) {
    let io = options(SocketIo::bare().max_outbox(4, 1_000_000));
    let io = io.build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let socket = io.socket("/", client.sid()).unwrap();
    client.connection().stop_reading();
    (io, client, socket)
}

fn numbers(client: &TestClient) -> Vec<u32> {
    client.connection().resume_reading();
    let events = client.received();
    events.iter().map(|event| event.read().unwrap()).collect()
}

#[tokio::test]
async fn with_drop_oldest_the_newest_events_arrive() {
    let (io, client, socket) = stalled(|io| io.overflow_policy(OverflowPolicy::DropOldest)).await;
    for number in 0..100 {
        io.emit("number", number);
        // The transport has its turn, and writes nothing.
        settle().await;
    }
    assert_eq!(socket.dropped_packets(), 96);
    assert_eq!(numbers(&client), [96, 97, 98, 99]);
    assert_eq!(io.metrics().outbox.dropped_oldest, 96);
    io.emit("number", 100);
    assert_eq!(client.received(), [event("number", 100)]);
}

#[tokio::test]
async fn a_burst_beyond_the_limits_is_cut_after_the_transport_has_had_its_turn() {
    let (io, client, socket) = stalled(|io| io.overflow_policy(OverflowPolicy::DropOldest)).await;
    for number in 0..10 {
        io.emit("number", number);
    }
    assert_eq!(socket.dropped_packets(), 0);
    settle().await;
    assert_eq!(socket.dropped_packets(), 6);
    assert_eq!(numbers(&client), [6, 7, 8, 9]);
}

#[tokio::test]
async fn an_event_is_dropped_with_its_attachments() {
    let (io, client, _) = stalled(|io| io.overflow_policy(OverflowPolicy::DropOldest)).await;
    let blob = || Bytes::from_static(b"x");
    io.emit("a", blob());
    io.emit("b", blob());
    settle().await;
    io.emit("c", 1);
    io.emit("d", 2);
    io.emit("e", blob());
    client.connection().resume_reading();
    assert_eq!(
        client.received(),
        [event("c", 1), event("d", 2), event("e", blob())]
    );
}

#[tokio::test]
async fn events_with_another_policy_are_kept() {
    let (io, client, socket) = stalled(|io| io).await;
    let lossy = || io.broadcast().overflow(OverflowPolicy::DropOldest);
    io.emit("n", 0);
    lossy().emit("n", 1);
    lossy().emit("n", 2);
    io.emit("n", 3);
    settle().await;
    lossy().emit("n", 4);
    lossy().emit("n", 5);
    // The newest policy of this emit drops it, whatever the others have.
    io.broadcast()
        .overflow(OverflowPolicy::DropNewest)
        .emit("n", 6);
    settle().await;
    assert!(socket.is_connected());
    assert_eq!(socket.dropped_packets(), 3);
    assert_eq!(numbers(&client), [0, 3, 4, 5]);
}

#[tokio::test]
async fn with_nothing_to_drop_the_new_event_is_dropped() {
    let (io, client, _) = stalled(|io| io).await;
    for number in 0..4 {
        io.emit("n", number);
    }
    settle().await;
    let lossy = || io.broadcast().overflow(OverflowPolicy::DropOldest);
    lossy().emit("n", 4);
    assert_eq!(numbers(&client), [0, 1, 2, 3]);
}

#[tokio::test]
async fn latest_per_key_keeps_the_newest_event_of_each_key() {
    let (io, client, _) = stalled(|io| io.overflow_policy(OverflowPolicy::LatestPerKey)).await;
    let price = |key: &str, price: u32| io.broadcast().key(key).emit("price", price);
    for round in 0..10 {
        price("a", round);
        price("b", 100 + round);
        io.emit("volume", 200 + round);
        settle().await;
    }
    assert_eq!(io.metrics().outbox.dropped_oldest, 0);
    // The outbox has room for one event more than there are keys: the one that was replaced last.
    let mut newest = numbers(&client);
    newest.sort_unstable();
    assert_eq!(newest.len(), 4);
    for number in [9, 109, 209] {
        assert!(newest.contains(&number), "{newest:?}");
    }
}

#[tokio::test]
async fn more_keys_than_fit_lose_the_oldest() {
    let (io, client, _) = stalled(|io| io).await;
    for number in 0..10 {
        io.broadcast()
            .overflow(OverflowPolicy::LatestPerKey)
            .key(number)
            .emit("n", number);
        settle().await;
    }
    assert_eq!(numbers(&client), [6, 7, 8, 9]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_must_not_be_lost_disconnects_under_a_lossy_policy() {
    let (io, client, _) = stalled(|io| io.overflow_policy(OverflowPolicy::DropOldest)).await;
    for number in 0..5 {
        io.broadcast()
            .overflow(OverflowPolicy::Disconnect)
            .emit("n", number);
    }
    assert_eq!(client.disconnected().await, Reason::TransportError);
}

#[tokio::test]
async fn emit_wait_waits_for_room_instead_of_dropping() {
    let (io, client, socket) = stalled(|io| io).await;
    let sending = tokio::spawn(async move {
        for number in 0..20 {
            socket.emit_wait("n", number).await.unwrap();
        }
    });
    settle().await;
    assert!(!sending.is_finished());
    client.connection().resume_reading();
    sending.await.unwrap();
    let events = client.received();
    let numbers = events.iter().map(|event| event.read::<u32>().unwrap());
    assert!(numbers.eq(0..20));
    assert_eq!(io.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn emit_wait_delivers_to_others_at_once_and_fails_after_its_timeout() {
    let (io, client, socket) = stalled(|io| io).await;
    for _ in 0..4 {
        socket.emit("n", 0);
    }
    settle().await;
    let quick = TestClient::connect(&io, "/").await.unwrap();
    let timeout = std::time::Duration::from_secs(3);
    let wait = io.broadcast().timeout(timeout).emit_wait("n", 1);
    let mut wait = std::pin::pin!(wait);
    assert!(futures_util::poll!(wait.as_mut()).is_pending());
    assert_eq!(quick.received(), [event("n", 1)]);
    assert!(wait.await.unwrap_err().is_outbox_full());
    assert_eq!(numbers(&client), [0; 4]);
}

#[tokio::test]
async fn emit_wait_ends_when_the_client_leaves() {
    let (_io, client, socket) = stalled(|io| io).await;
    for _ in 0..4 {
        socket.emit("n", 0);
    }
    settle().await;
    let wait = tokio::spawn(async move { socket.emit_wait("n", 1).await });
    settle().await;
    assert!(!wait.is_finished());
    client.lose(Reason::TransportClose).await;
    wait.await.unwrap().unwrap();
}
