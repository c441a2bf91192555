//! An event store that is down.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketio::{EventStore, MemoryEvents, Reason, Recovery, SocketIo, metrics::StoreHealth};
use socketio_test::{TestClient, TestQueue, TestStore, event};
use tokio::time::sleep;

async fn node(store: &(impl EventStore + Clone)) -> SocketIo {
    let io = SocketIo::bare()
        .on("ask", |_: String| "answer")
        .recovery(Recovery::default())
        .event_store(store.clone())
        .build()
        .unwrap();
    io.subscribed().await;
    io
}

/// Starts a node that also has a message queue.
async fn clustered(store: &TestStore, queue: &TestQueue) -> SocketIo {
    let io = SocketIo::bare()
        .allow_namespace("/")
        .recovery(Recovery::default())
        .event_store(store.clone())
        .message_queue(queue.clone())
        .build()
        .unwrap();
    io.subscribed().await;
    io
}

async fn connect(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    client.unwrap()
}

fn health(io: &SocketIo) -> StoreHealth {
    io.health().store.unwrap()
}

fn outcome(io: &SocketIo, name: &str) -> u64 {
    let outcomes = io.metrics().recovery.unwrap().outcomes;
    let found = outcomes.iter().find(|one| one.name == name);
    found.expect("an outcome of this name").count
}

/// Waits until the store is used again.
async fn available(io: &SocketIo) {
    while !health(io).is_available {
        sleep(Duration::from_millis(100)).await;
    }
    io.flushed().await;
}

#[tokio::test(start_paused = true)]
async fn events_are_delivered_and_sessions_are_not_recovered() {
    let store = TestStore::new();
    let io = node(&store).await;
    assert!(health(&io).is_available);
    let (away, here) = (connect(&io).await, connect(&io).await);
    away.lose(Reason::TransportClose).await;
    store.cut();
    // The first one waits until the store is given up, the others don't.
    for number in 1..=3 {
        io.emit("tick", number);
        assert_eq!(here.next().await, event("tick", number));
    }
    assert!(!health(&io).is_available);
    assert_eq!(health(&io).unkept, 3);
    // Nothing waits for the store.
    io.flushed().await;
    assert!(io.health().ready);
    let answer: String = here.call("ask", "x").await.unwrap();
    assert_eq!(answer, "answer");
    let refused = away.recover().await.unwrap();
    assert!(!refused.recovered());
    assert_eq!(outcome(&io, "store_unavailable"), 1);

    store.restore();
    available(&io).await;
    // This client has missed an event that was not kept.
    let back = away.recover().await.unwrap();
    assert!(!back.recovered());
    assert_eq!(outcome(&io, "incomplete"), 1);
    // These clients were connected, and can recover later losses.
    for client in [here, refused] {
        client.lose(Reason::TransportClose).await;
        io.emit("tick", 4);
        io.flushed().await;
        let back = client.recover().await.unwrap();
        assert!(back.recovered());
        assert_eq!(back.received().last(), Some(&event("tick", 4)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_does_not_wait_for_a_store_that_is_down() {
    let store = TestStore::new();
    let io = SocketIo::bare()
        .on("enter", |room: String| socketio::join_room(room).is_ok())
        .recovery(Recovery::default())
        .event_store(store.clone())
        .build()
        .unwrap();
    io.subscribed().await;
    let client = connect(&io).await;
    store.cut();
    for room in ["one", "two"] {
        let began = tokio::time::Instant::now();
        assert!(client.call::<bool>("enter", room).await.unwrap());
        assert!(began.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_is_not_read_while_many_acknowledgements_wait_for_the_store() {
    const EVENTS: usize = 3_000;
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let store = TestStore::new();
    let io = SocketIo::bare()
        .on("say", move |text: String| {
            count.fetch_add(1, Ordering::Relaxed);
            socketio::to("room").emit("said", &text);
            text
        })
        .recovery(Recovery::default())
        .event_store(store.clone())
        .build()
        .unwrap();
    io.subscribed().await;
    let client = connect(&io).await;
    store.cut();
    for number in 0..EVENTS {
        drop(client.send_raw(&format!(r#"2{number}["say","hello"]"#)));
    }
    sleep(Duration::from_secs(1)).await;
    // Twice the default of `max_waiting_events`: what is acknowledged late, and what has been read and waits for its handler.
    let early = handled.load(Ordering::Relaxed);
    assert!((256..=512).contains(&early), "{early}");
    // The client is read again when the store counts as down.
    sleep(Duration::from_secs(5)).await;
    assert_eq!(handled.load(Ordering::Relaxed), EVENTS);
    let packets = client.packets();
    let received = packets.iter().filter(|packet| !packet.is_sent());
    let acks = received.filter(|packet| packet.text().is_some_and(|text| text.starts_with('3')));
    assert_eq!(acks.count(), EVENTS);
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_loses_nothing() {
    let store = TestStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    let (away, here) = (connect(&one).await, connect(&two).await);
    sleep(Duration::from_millis(100)).await;
    away.lose(Reason::TransportClose).await;
    sleep(Duration::from_millis(100)).await;
    store.cut();
    one.emit("tick", 1);
    sleep(Duration::from_millis(500)).await;
    store.restore();
    assert_eq!(here.next().await, event("tick", 1));
    available(&two).await;
    let back = away.recover_on(&two).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), [event("tick", 1)]);
    assert_eq!(health(&one).unkept, 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_starts_without_the_store_uses_it_later() {
    let store = TestStore::new();
    store.cut();
    let io = SocketIo::bare()
        .allow_namespace("/")
        .recovery(Recovery::default())
        .event_store(store.clone())
        .build()
        .unwrap();
    let early = connect(&io).await;
    io.emit("tick", 1);
    assert_eq!(early.next().await, event("tick", 1));
    store.restore();
    io.subscribed().await;
    available(&io).await;
    let client = connect(&io).await;
    client.lose(Reason::TransportClose).await;
    io.emit("tick", 2);
    assert_eq!(early.next().await, event("tick", 2));
    let back = client.recover().await.unwrap();
    assert!(back.recovered(), "{:?}", io.metrics().recovery);
    assert_eq!(back.received(), [event("tick", 2)]);
}

/// The memory of the server is used up, for example.
#[tokio::test(start_paused = true)]
async fn only_the_first_event_waits_for_a_store_that_can_only_be_read() {
    let events = MemoryEvents::new();
    let (full, good) = (TestStore::of(&events), TestStore::of(&events));
    let (one, two) = (node(&full).await, node(&good).await);
    let (here, there) = (connect(&one).await, connect(&two).await);
    available(&one).await;
    full.fill();
    for number in 1..=10 {
        let began = tokio::time::Instant::now();
        one.emit("tick", number);
        assert_eq!(here.next().await, event("tick", number));
        let has_waited = began.elapsed() > Duration::from_millis(10);
        assert_eq!(
            has_waited,
            number == 1,
            "{number} after {:?}",
            began.elapsed()
        );
        sleep(Duration::from_secs(2)).await;
        assert!(!health(&one).is_available);
    }
    two.emit("tick", 11);
    assert_eq!(here.next().await, event("tick", 11));
    assert_eq!(there.next().await, event("tick", 11));
    full.restore();
    available(&one).await;
    for number in 1..=10 {
        assert_eq!(there.next().await, event("tick", number));
    }
    for client in [here, there] {
        client.expect_silence(Duration::from_secs(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn other_nodes_get_events_over_the_queue_while_the_store_is_down() {
    let (store, queue) = (TestStore::new(), TestQueue::new());
    let (one, two) = (
        clustered(&store, &queue).await,
        clustered(&store, &queue).await,
    );
    let plain = SocketIo::bare()
        .allow_namespace("/")
        .message_queue(queue.clone())
        .build()
        .unwrap();
    plain.subscribed().await;
    let clients = [
        connect(&one).await,
        connect(&two).await,
        connect(&plain).await,
    ];
    let each_once = async |number: u32| {
        one.emit("tick", number);
        for client in &clients {
            assert_eq!(client.next().await, event("tick", number));
        }
    };
    each_once(1).await;
    store.cut();
    each_once(2).await;
    each_once(3).await;
    store.restore();
    available(&one).await;
    available(&two).await;
    each_once(4).await;
    for client in &clients {
        client.expect_silence(Duration::from_secs(10)).await;
    }
    // Events that a node emits without the store are delivered, and not kept.
    plain.emit("tick", 5);
    for client in &clients {
        assert_eq!(client.next().await, event("tick", 5));
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_an_outage_arrive_in_order_although_the_queue_is_slower_than_the_store() {
    let (store, queue) = (TestStore::new(), TestQueue::new());
    let (one, two) = (
        clustered(&store, &queue).await,
        clustered(&store, &queue).await,
    );
    let (near, far) = (connect(&one).await, connect(&two).await);
    one.emit("tick", 1);
    assert_eq!(near.next().await, event("tick", 1));
    assert_eq!(far.next().await, event("tick", 1));
    store.cut();
    queue.cut();
    for number in 2..=4 {
        one.emit("tick", number);
        assert_eq!(near.next().await, event("tick", number));
    }
    store.restore();
    while !health(&one).is_available || !health(&two).is_available {
        sleep(Duration::from_millis(100)).await;
    }
    one.emit("tick", 5);
    assert_eq!(near.next().await, event("tick", 5));
    for number in 2..=5 {
        assert_eq!(far.next().await, event("tick", number));
    }
    queue.restore();
    for client in [near, far] {
        client.expect_silence(Duration::from_secs(10)).await;
    }
}

/// A node that was stopped, or is slow, while other nodes filled the store.
#[tokio::test(start_paused = true)]
async fn clients_of_a_node_that_has_not_read_what_the_store_has_removed_are_not_recovered() {
    let events = MemoryEvents::new().max_entries(20);
    let slow = TestStore::of(&events);
    let (one, two) = (node(&slow).await, node(&events).await);
    let (here, away) = (connect(&one).await, connect(&one).await);
    one.flushed().await;
    away.lose(Reason::TransportClose).await;
    slow.cut();
    for number in 1..=50 {
        two.emit("tick", number);
    }
    two.flushed().await;
    slow.restore();
    assert_eq!(here.disconnected().await, Reason::TransportClose);
    for (name, client) in [("here", &here), ("away", &away)] {
        let back = client.recover().await.unwrap();
        assert!(
            !back.recovered(),
            "{name} has received {:?}",
            client.received()
        );
        assert_ne!(back.sid(), client.sid());
    }
    // The node goes on with what it can read.
    let back = connect(&one).await;
    two.emit("tick", 51);
    assert_eq!(back.next_named("tick").await, event("tick", 51));
}

/// The node learns of the namespace only from the client that comes back.
#[tokio::test(start_paused = true)]
async fn what_a_node_has_not_read_is_missing_in_a_namespace_that_it_does_not_know_yet() {
    let events = MemoryEvents::new().max_entries(20);
    let slow = TestStore::of(&events);
    let start = async |store: TestStore| {
        let io = SocketIo::bare()
            .allow_namespace("/")
            .allow_namespace("/quiet")
            .recovery(Recovery::default())
            .event_store(store)
            .build()
            .unwrap();
        io.subscribed().await;
        io
    };
    let (one, two) = (
        start(slow.clone()).await,
        start(TestStore::of(&events)).await,
    );
    let client = TestClient::builder(&two).namespace("/quiet").recoverable();
    let client = client.connect().await.unwrap();
    two.flushed().await;
    slow.cut();
    client.lose(Reason::TransportClose).await;
    two.of("/quiet").emit("tick", 0);
    for number in 1..=50 {
        two.emit("tick", number);
    }
    two.flushed().await;
    slow.restore();
    available(&one).await;
    let back = client.recover_on(&one).await.unwrap();
    assert!(!back.recovered(), "without tick 0: {:?}", back.received());
}
