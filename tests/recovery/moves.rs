//! Clients that move between nodes with one event store: what they present there, and what another node knows of them.

use std::{str::FromStr, time::Duration};

use serde_json::{Value, json};
use socketio::{
    ConnectionSession, History, MemoryEvents, Position, Reason, Recovery, SocketIo, join_since,
};
use socketio_test::{TestClient, TestStore};
use tokio::time::sleep;

async fn node(store: &TestStore) -> SocketIo {
    let count = |count: ConnectionSession<u32>| {
        count.update(|count| *count += 1);
        count.get()
    };
    let io = SocketIo::bare()
        .on("since", |since: Option<Position>| join_since("log", since))
        .on("count", count)
        .on("look", |count: ConnectionSession<u32>| count.get())
        .on_in("/b", "look", |count: ConnectionSession<u32>| count.get())
        .history("/", "log", History::new())
        .recovery(Recovery::default().keep_session::<u32>())
        .event_store(store.clone())
        .build()
        .unwrap();
    io.subscribed().await;
    io
}

async fn nodes() -> (TestStore, SocketIo, SocketIo) {
    let events = MemoryEvents::new();
    let path = TestStore::of(&events);
    let one = node(&path).await;
    (path, one, node(&TestStore::of(&events)).await)
}

async fn connect(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    client.unwrap()
}

/// Joins the room with a history.
async fn since(client: &TestClient, position: impl serde::Serialize) -> bool {
    let joined: Value = client.call("since", position).await.unwrap();
    joined["recovered"].as_bool().unwrap()
}

/// Returns the `pid` in the packet with this beginning.
fn pid(client: &TestClient, beginning: &str) -> String {
    let packets = client.packets();
    let texts = packets.iter().filter(|packet| !packet.is_sent());
    let mut texts = texts.filter_map(|packet| packet.text());
    let text = texts.find_map(|text| text.strip_prefix(beginning)).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    value["pid"].as_str().unwrap().to_owned()
}

/// The node is killed, so that nothing is stored when the connection is lost.
#[tokio::test(start_paused = true)]
async fn a_value_of_the_connection_is_stored_with_the_sessions_of_all_its_namespaces() {
    let (_path, one, two) = nodes().await;
    let client = TestClient::builder(&one).query("recovery", "1");
    let client = client.connect().await.unwrap();
    let other = client.connect_to("/b").await.unwrap();
    let (pid_of_client, pid_of_other) = (pid(&client, "0"), pid(&other, "0/b,"));
    for count in 1..=3 {
        assert_eq!(client.call::<u32>("count", ()).await.unwrap(), count);
    }
    one.flushed().await;
    // The first one to come back is not the one that has changed the value.
    let other = TestClient::builder(&two).query("recovery", "1");
    let other = other.auth(&json!({ "pid": pid_of_other })).namespace("/b");
    let other = other.connect().await.unwrap();
    let client = other.connect_to("/").auth(&json!({ "pid": pid_of_client }));
    let client = client.await.unwrap();
    for client in [other, client] {
        assert_eq!(client.call::<u32>("look", ()).await.unwrap(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn the_offset_of_an_earlier_session_hides_no_event_of_the_present_one() {
    let (_path, one, two) = nodes().await;
    for number in 1..=3 {
        two.to("log").emit("tick", number);
    }
    two.flushed().await;
    sleep(Duration::from_secs(1)).await;
    let epoch = one.history("/", "log").read().unwrap().position;
    let start = Position::from_str(&format!("{}.0", epoch.epoch())).unwrap();
    let client = connect(&one).await;
    assert!(since(&client, start).await);
    assert_eq!(client.received().len(), 3);
    // Its session ends, and it begins another one, in which the events are sent at the same places.
    let socket = one.socket("/", client.sid()).unwrap();
    socket.disconnect();
    one.flushed().await;
    client.lose(Reason::TransportClose).await;
    let client = client.recover_on(&two).await.unwrap();
    assert!(!client.recovered());
    client.connection().stop_reading();
    let lost = tokio::time::timeout(Duration::from_millis(50), since(&client, start));
    assert!(lost.await.is_err());
    client.lose(Reason::TransportClose).await;
    two.flushed().await;
    let back = client.recover_on(&two).await.unwrap();
    let has_all = since(&back, start).await;
    assert_eq!(back.received().len(), if has_all { 3 } else { 0 });
}

#[tokio::test(start_paused = true)]
async fn a_position_of_an_event_that_is_not_kept_yet_is_unknown_to_other_nodes() {
    let (path, one, two) = nodes().await;
    let client = connect(&one).await;
    assert!(since(&client, None::<Position>).await);
    one.flushed().await;
    path.cut();
    one.to("log").emit("tick", 1);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(client.received().len(), 1);
    let position = client.offset().unwrap();
    let back = client.recover_on(&two).await.unwrap();
    assert!(!back.recovered());
    assert!(!since(&back, position).await);
}
