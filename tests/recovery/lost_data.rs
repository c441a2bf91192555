//! An event store that has lost its data.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{MemoryEvents, Reason, Recovery, SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, TestQueue, TestStore, event};
use tokio::time::sleep;

fn bare(store: &TestStore) -> SocketIoBuilder {
    SocketIo::bare()
        .allow_namespace("/")
        .recovery(Recovery::default())
        .event_store(store.clone())
}

async fn started(builder: SocketIoBuilder) -> SocketIo {
    let io = builder.build().unwrap();
    io.subscribed().await;
    io
}

async fn connect(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    client.unwrap()
}

/// Waits until the node has noticed that the store has lost its data.
async fn noticed(io: &SocketIo) {
    sleep(Duration::from_secs(6)).await;
    io.flushed().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_store_has_lost_its_data_earlier_sessions_are_not_recovered() {
    let store = TestStore::new();
    let io = started(bare(&store)).await;
    let (here, away) = (connect(&io).await, connect(&io).await);
    io.emit("tick", 1);
    assert_eq!(here.next().await, event("tick", 1));
    assert_eq!(away.next().await, event("tick", 1));
    away.lose(Reason::TransportClose).await;
    store.cut();
    store.clear();
    store.restore();
    sleep(Duration::from_secs(5)).await;
    io.emit("tick", 2);
    assert_eq!(here.next().await, event("tick", 2));
    for client in [&here, &away] {
        client.lose(Reason::TransportClose).await;
        let back = client.recover().await.unwrap();
        assert!(!back.recovered());
        // The client's new session is in the store.
        back.lose(Reason::TransportClose).await;
        io.emit("tick", 3);
        io.flushed().await;
        let back = back.recover().await.unwrap();
        assert!(back.recovered());
        assert_eq!(back.received(), [event("tick", 3)]);
    }
}

/// Its copy on the queue arrives while the other node does not know yet that the store has lost its data.
#[tokio::test(start_paused = true)]
async fn an_event_of_a_new_epoch_is_delivered_once_if_its_copy_is_faster_than_the_store() {
    let (events, queue) = (MemoryEvents::new(), TestQueue::new());
    let (fast, slow) = (TestStore::of(&events), TestStore::of(&events));
    let one = started(bare(&fast).message_queue(queue.clone())).await;
    let two = started(bare(&slow).message_queue(queue.clone())).await;
    let (here, there) = (connect(&one).await, connect(&two).await);
    one.flushed().await;
    slow.cut();
    events.clear();
    noticed(&one).await;
    one.emit("tick", 1);
    assert_eq!(here.next().await, event("tick", 1));
    assert_eq!(there.next().await, event("tick", 1));
    slow.restore();
    for client in [here, there] {
        client.expect_silence(Duration::from_secs(20)).await;
    }
}

/// Another node may have noticed before this one that the store has lost its data, and have sent the client events in a new epoch.
#[tokio::test(start_paused = true)]
async fn a_client_that_presents_an_epoch_that_the_node_does_not_know_is_not_recovered() {
    let io = started(bare(&TestStore::new())).await;
    for (offset, is_recovered) in [(None, true), (Some("AAAAAAAA.1"), false)] {
        let client = connect(&io).await;
        let packets = client.packets();
        let connected = packets.iter().find(|packet| !packet.is_sent()).unwrap();
        let content = connected.text().unwrap().trim_start_matches('0').to_owned();
        let content: Value = serde_json::from_str(&content).unwrap();
        io.flushed().await;
        client.lose(Reason::TransportClose).await;
        let mut auth = json!({ "pid": content["pid"] });
        if let Some(offset) = offset {
            auth["offset"] = json!(offset);
        }
        let back = TestClient::builder(&io).recoverable().auth(&auth);
        let back = back.connect().await.unwrap();
        assert_eq!(back.sid() == client.sid(), is_recovered, "{auth}");
    }
}

/// The other node does not append the event again, since it is too old.
#[tokio::test(start_paused = true)]
async fn clients_of_a_node_that_has_not_read_what_was_lost_are_told() {
    let events = MemoryEvents::new();
    let (fast, slow) = (TestStore::of(&events), TestStore::of(&events));
    let (one, two) = (started(bare(&fast)).await, started(bare(&slow)).await);
    let (here, there) = (connect(&one).await, connect(&two).await);
    one.emit("tick", 1);
    assert_eq!(here.next().await, event("tick", 1));
    assert_eq!(there.next().await, event("tick", 1));
    slow.cut();
    one.emit("tick", 2);
    assert_eq!(here.next().await, event("tick", 2));
    sleep(Duration::from_secs(60)).await;
    one.emit("tick", 3);
    assert_eq!(here.next().await, event("tick", 3));
    events.clear();
    noticed(&one).await;
    slow.restore();
    assert_eq!(there.disconnected().await, Reason::TransportClose);
    let back = there.recover().await.unwrap();
    assert!(!back.recovered() && back.received().is_empty());
    // Nobody else lacks anything.
    noticed(&two).await;
    assert!(here.is_connected());
    one.emit("tick", 4);
    assert_eq!(here.next().await, event("tick", 4));
    assert_eq!(back.next().await, event("tick", 4));
}

/// Its copies have arrived over the queue, up to the first entry that is appended again. An earlier one has not: it was in the store.
#[tokio::test(start_paused = true)]
async fn clients_that_lack_an_event_before_those_of_an_outage_are_told() {
    let (events, queue) = (MemoryEvents::new(), TestQueue::new());
    let (first, second) = (TestStore::of(&events), TestStore::of(&events));
    let one = started(bare(&first).message_queue(queue.clone())).await;
    let two = started(bare(&second).message_queue(queue.clone())).await;
    let there = connect(&two).await;
    second.cut();
    sleep(Duration::from_secs(4)).await;
    one.emit("tick", 0);
    one.flushed().await;
    first.cut();
    sleep(Duration::from_secs(4)).await;
    // More than a node appends again.
    for number in 1..=5_000 {
        one.emit("tick", number);
        if number % 100 == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    first.restore();
    sleep(Duration::from_secs(5)).await;
    events.clear();
    noticed(&one).await;
    second.restore();
    assert_eq!(there.disconnected().await, Reason::TransportClose);
    assert!(!there.received().contains(&event("tick", 0)));
    assert!(!there.recover().await.unwrap().recovered());
}
