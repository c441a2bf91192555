//! Rooms with a history in an event store: the same positions on all nodes, and after a restart.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{
    History, HistoryPage, Position, Reason, Recovery, SocketIo, SocketIoBuilder, join_last,
    join_since,
};
use socketio_test::{Event, TestClient, TestStore, event};
use tokio::time::sleep;

fn bare(store: &TestStore) -> SocketIoBuilder {
    SocketIo::bare()
        .on("since", |room: String, since: Option<Position>| {
            join_since(room, since)
        })
        .on("last", |room: String, count: usize| join_last(room, count))
        .history("/", "room:{id}", History::new())
        .history("/", "price:{id}", History::new().last_value(true))
        .event_store(store.clone())
}

async fn started(builder: SocketIoBuilder) -> SocketIo {
    let io = builder.build().unwrap();
    io.subscribed().await;
    io
}

async fn since(client: &TestClient, position: Option<Position>) -> Value {
    let joined = client.call("since", ("room:a", position)).await;
    joined.unwrap()
}

fn position(joined: &Value) -> Position {
    serde_json::from_value(joined.clone()).unwrap()
}

fn ticks(numbers: impl IntoIterator<Item = u32>) -> Vec<Event> {
    let numbers = numbers.into_iter();
    numbers.map(|number| event("tick", number)).collect()
}

async fn emit(io: &SocketIo, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        io.to("room:a").emit("tick", number);
    }
    io.flushed().await;
}

fn page(io: &SocketIo, room: &str) -> HistoryPage {
    io.history("/", room).read().unwrap()
}

#[tokio::test(start_paused = true)]
async fn positions_are_the_same_on_all_nodes_and_after_a_restart() {
    let store = TestStore::new();
    let (one, two) = (started(bare(&store)).await, started(bare(&store)).await);
    emit(&one, 1..=2).await;
    emit(&two, 3..=4).await;
    emit(&one, 5..=5).await;
    for (price, number) in [("a", 1), ("b", 2), ("a", 3)] {
        two.to("price:x").emit(price, number);
    }
    two.flushed().await;
    let client = TestClient::connect(&one, "/").await.unwrap();
    let joined = since(&client, None).await;
    sleep(Duration::from_millis(10)).await;
    let pages: Vec<_> = [&one, &two].map(|io| page(io, "room:a")).into();
    assert_eq!(pages[0].events.len(), 5);
    assert_eq!(json!(pages[0].events), json!(pages[1].events));
    // All nodes are gone.
    one.shutdown().await;
    two.shutdown().await;
    let three = started(bare(&store)).await;
    let again = page(&three, "room:a");
    assert_eq!(json!(again.events), json!(pages[0].events));
    assert_eq!(again.position.epoch(), pages[0].position.epoch());
    let prices = page(&three, "price:x").events;
    let prices: Vec<_> = prices.iter().map(|event| &*event.event).collect();
    assert_eq!(prices, ["b", "a"]);
    emit(&three, 6..=7).await;
    let client = TestClient::connect(&three, "/").await.unwrap();
    let joined = since(&client, Some(position(&joined))).await;
    assert_eq!(joined["recovered"], true);
    assert_eq!(client.received(), ticks(6..=7));
}

#[tokio::test(start_paused = true)]
async fn a_client_continues_on_another_node_without_a_gap() {
    let store = TestStore::new();
    let (one, two) = (started(bare(&store)).await, started(bare(&store)).await);
    let client = TestClient::connect(&one, "/").await.unwrap();
    emit(&two, 1..=3).await;
    sleep(Duration::from_millis(10)).await;
    let joined: Value = client.call("last", ("room:a", 2)).await.unwrap();
    assert_eq!(client.received(), ticks(2..=3));
    drop(client);
    emit(&one, 4..=5).await;
    sleep(Duration::from_millis(10)).await;
    let client = TestClient::connect(&two, "/").await.unwrap();
    let joined = since(&client, Some(position(&joined))).await;
    assert_eq!(joined["recovered"], true);
    assert_eq!(client.received(), ticks(4..=5));
    emit(&one, 6..=6).await;
    assert_eq!(client.next().await, event("tick", 6));
    client.expect_silence(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_can_recover_does_so_after_a_history() {
    let store = TestStore::new();
    let node = async || started(bare(&store).recovery(Recovery::default())).await;
    let (one, two) = (node().await, node().await);
    emit(&one, 1..=3).await;
    // On the same node, and on the other one.
    for (io, newest) in [(&one, 3), (&two, 4)] {
        sleep(Duration::from_millis(10)).await;
        let client = TestClient::builder(&one).recoverable().connect().await;
        let client = client.unwrap();
        let _: Value = client.call("last", ("room:a", 10)).await.unwrap();
        assert_eq!(client.received(), ticks(1..=newest));
        sleep(Duration::from_millis(100)).await;
        client.lose(Reason::TransportClose).await;
        sleep(Duration::from_millis(100)).await;
        let back = client.recover_on(io).await.unwrap();
        assert!(back.recovered());
        assert_eq!(back.received(), []);
        let next = newest + 1;
        emit(&two, next..=next).await;
        assert_eq!(back.next().await, event("tick", next));
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_without_clients_appends_to_the_history() {
    let store = TestStore::new();
    let queue = socketio_test::TestQueue::new();
    let io = started(bare(&store).message_queue(queue.clone())).await;
    let worker = SocketIo::bare()
        .history("/", "room:{id}", History::new())
        .event_store(store.clone())
        .message_queue(queue.clone())
        .write_only(true)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    since(&client, None).await;
    worker.to("room:a").emit("tick", 1);
    assert_eq!(client.next().await, event("tick", 1));
    assert_eq!(page(&io, "room:a").events.len(), 1);
    worker.shutdown().await;
    client.expect_silence(Duration::from_secs(1)).await;
}
