//! Events that a node delivers before they are kept, because it can't reach the event store, and appends afterwards.

use std::time::Duration;

use serde_json::Value;
use socketio::{
    History, MemoryEvents, Position, Reason, Recovery, SocketIo, SocketIoBuilder, join_room,
    join_since,
};
use socketio_test::{Event, TestClient, TestQueue, TestStore, event};
use tokio::time::sleep;

/// Returns a node that is connected to the store in its own way.
fn bare(store: &TestStore) -> SocketIoBuilder {
    SocketIo::bare()
        .on("enter", || join_room("log").is_ok())
        .on("since", |since: Position| join_since("log", since))
        .recovery(Recovery::default())
        .history("/", "log", History::new())
        .event_store(store.clone())
}

async fn started(builder: SocketIoBuilder) -> SocketIo {
    let io = builder.build().unwrap();
    io.subscribed().await;
    io
}

/// Connects a client to the room with a history.
async fn connect(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    let client = client.unwrap();
    assert!(client.call::<bool>("enter", ()).await.unwrap());
    client
}

/// Waits until the nodes use the store, and have read each other's entries.
async fn available(nodes: &[&SocketIo]) {
    for io in nodes {
        while !io.health().store.unwrap().is_available {
            sleep(Duration::from_millis(100)).await;
        }
        io.flushed().await;
    }
    sleep(Duration::from_millis(500)).await;
}

fn tick(number: u32) -> Event {
    event("tick", number)
}

fn emit(io: &SocketIo, number: u32) {
    io.to("log").emit("tick", number);
}

/// Returns whether a client that joins with this position gets everything that it has missed.
async fn is_recovered(client: &TestClient, position: Position) -> bool {
    let joined: Value = client.call("since", position).await.unwrap();
    joined["recovered"].as_bool().unwrap()
}

/// Returns the position of the latest event.
fn newest(io: &SocketIo) -> Position {
    io.history("/", "log").read().unwrap().position
}

/// Returns the numbers of the events in the history.
fn kept(io: &SocketIo) -> Vec<u64> {
    let page = io.history("/", "log").read().unwrap();
    let events = page.events.iter();
    events.filter_map(|event| event.args[0].as_u64()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_events_of_an_outage_are_in_the_history_afterwards() {
    let events = MemoryEvents::new();
    let (path, other) = (TestStore::of(&events), TestStore::of(&events));
    let (one, two) = (started(bare(&path)).await, started(bare(&other)).await);
    let (near, far) = (connect(&one).await, connect(&two).await);
    emit(&one, 1);
    assert_eq!(near.next().await, tick(1));
    assert_eq!(far.next().await, tick(1));
    let before = newest(&two);
    path.cut();
    for number in 2..=4 {
        emit(&one, number);
        assert_eq!(near.next().await, tick(number));
    }
    assert!(!one.health().store.unwrap().is_available);
    path.restore();
    available(&[&one, &two]).await;
    emit(&one, 5);
    assert_eq!(near.next().await, tick(5));
    // Without a message queue, they arrive over the store alone, once and in order.
    for number in 2..=5 {
        assert_eq!(far.next().await, tick(number));
    }
    for io in [&one, &two] {
        assert_eq!(kept(io), [1, 2, 3, 4, 5]);
    }
    // A client that has received some of them before they were kept must not receive them again as missed events.
    assert!(!is_recovered(&connect(&two).await, before).await);
    assert!(is_recovered(&connect(&two).await, newest(&one)).await);
    for client in [&near, &far] {
        client.lose(Reason::TransportClose).await;
        let back = client.recover_on(&two).await.unwrap();
        assert!(back.recovered());
        assert_eq!(back.received(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_may_lack_an_event_of_an_outage_is_told() {
    let events = MemoryEvents::new();
    let (path, other, third) = (
        TestStore::of(&events),
        TestStore::of(&events),
        TestStore::of(&events),
    );
    let queue = TestQueue::new();
    let one = started(bare(&path).message_queue(queue.clone())).await;
    // Its queue is slower than the store: here it has none.
    let two = started(bare(&other)).await;
    let three = started(bare(&third).message_queue(queue)).await;
    let (client, quick) = (connect(&two).await, connect(&three).await);
    path.cut();
    emit(&one, 1);
    assert_eq!(quick.next().await, tick(1));
    emit(&three, 2);
    assert_eq!(quick.next().await, tick(2));
    // It has a later position than event 1 has on node three, but not the event.
    assert_eq!(client.next().await, tick(2));
    let position = newest(&two);
    two.flushed().await;
    client.lose(Reason::TransportClose).await;
    let back = client.recover_on(&three).await.unwrap();
    assert!(!back.recovered());
    assert!(!is_recovered(&connect(&three).await, position).await);
    let page = three.history("/", "log").since(position).read().unwrap();
    assert!(!page.recovered);

    path.restore();
    available(&[&one, &two, &three]).await;
    // Now all nodes have delivered the same.
    let client = connect(&two).await;
    client.lose(Reason::TransportClose).await;
    emit(&two, 3);
    two.flushed().await;
    sleep(Duration::from_millis(500)).await;
    let back = client.recover_on(&three).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), [tick(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_received_an_event_of_an_outage_does_not_get_it_again() {
    let events = MemoryEvents::new();
    let (path, other) = (TestStore::of(&events), TestStore::of(&events));
    let (one, two) = (started(bare(&path)).await, started(bare(&other)).await);
    let client = connect(&one).await;
    one.flushed().await;
    path.cut();
    emit(&one, 1);
    assert_eq!(client.next().await, tick(1));
    client.lose(Reason::TransportClose).await;
    // That node can read the session, and will read the event later.
    let back = client.recover_on(&two).await.unwrap();
    assert!(!back.recovered());
}

#[tokio::test(start_paused = true)]
async fn what_only_some_nodes_have_read_is_appended_again_if_the_store_loses_its_data() {
    let events = MemoryEvents::new();
    let (path, slow) = (TestStore::of(&events), TestStore::of(&events));
    let (one, two) = (started(bare(&path)).await, started(bare(&slow)).await);
    let (near, far) = (connect(&one).await, connect(&two).await);
    available(&[&one, &two]).await;
    emit(&one, 1);
    assert_eq!(near.next().await, tick(1));
    assert_eq!(far.next().await, tick(1));
    slow.cut();
    emit(&one, 2);
    assert_eq!(near.next().await, tick(2));
    path.cut();
    events.clear();
    path.restore();
    slow.restore();
    assert_eq!(far.next().await, tick(2));
    available(&[&one, &two]).await;
    emit(&two, 3);
    for client in [&near, &far] {
        assert_eq!(client.next().await, tick(3));
        client.expect_silence(Duration::from_secs(10)).await;
    }
    for io in [&one, &two] {
        assert_eq!(kept(io), [1, 2, 3]);
    }
}

/// What it reads when it opens the store is not new for clients that connect afterwards, but those that are connected have not received it.
#[tokio::test(start_paused = true)]
async fn clients_of_a_node_that_has_started_without_the_store_are_told_what_they_lack() {
    let events = MemoryEvents::new();
    let (first, second) = (TestStore::of(&events), TestStore::of(&events));
    let one = started(bare(&first)).await;
    second.cut();
    let two = bare(&second).build().unwrap();
    let client = TestClient::builder(&two).recoverable().connect().await;
    let client = client.unwrap();
    one.emit("tick", 1);
    one.flushed().await;
    sleep(Duration::from_secs(3)).await;
    second.restore();
    assert_eq!(client.disconnected().await, Reason::TransportClose);
    let back = client.recover().await.unwrap();
    assert!(!back.recovered());
    one.emit("tick", 2);
    assert_eq!(back.next().await, tick(2));
}

/// They are read from the store a moment later, by clients that have connected in between, too.
#[tokio::test(start_paused = true)]
async fn copies_that_arrive_before_a_node_has_opened_the_store_change_nothing() {
    let (events, queue) = (MemoryEvents::new(), TestQueue::new());
    let (first, second) = (TestStore::of(&events), TestStore::of(&events));
    let one = started(bare(&first).message_queue(queue.clone())).await;
    let client = connect(&one).await;
    one.flushed().await;
    second.cut();
    let two = bare(&second).message_queue(queue.clone()).build().unwrap();
    let emitting = async {
        sleep(Duration::from_millis(500)).await;
        for number in 1..=3 {
            emit(&one, number);
            assert_eq!(client.next().await, tick(number));
        }
        sleep(Duration::from_millis(500)).await;
        second.restore();
    };
    tokio::join!(two.subscribed(), emitting);
    available(&[&two]).await;
    client.lose(Reason::TransportClose).await;
    emit(&one, 4);
    one.flushed().await;
    let back = client.recover_on(&two).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), [tick(4)]);
}
