//! Events that no client of a node can receive: the node reads their recipients, and nothing else.

use serde_json::json;
use socketio::{History, Reason, Recovery, SocketIo};
use socketio_test::{TestClient, TestQueue, event};
use test_support::Log;

use crate::nodes::{CHANNEL, Pair, builder};

/// Returns how many events the second node has skipped since the last call.
fn skipped(pair: &Pair, before: &mut u64) -> u64 {
    let skipped = pair.two.queue_health().unwrap().skipped;
    skipped - std::mem::replace(before, skipped)
}

#[tokio::test]
async fn an_event_is_not_decoded_if_its_rooms_or_its_namespace_are_empty() {
    let pair = Pair::new().await;
    pair.bo.emit("join", "lobby").await.unwrap();
    let mut before = 0;
    for text in ["short", &"long".repeat(1_000)] {
        for room in ["nobody", pair.ana.sid()] {
            pair.one.to(room).emit("said", text);
        }
        pair.one.to(["nobody", "nobody else"]).emit("said", text);
        pair.one.of("/elsewhere").emit("said", text);
        pair.one.to("nobody").callback(|()| ()).emit("said", text);
        pair.settled().await;
        // An event for a single client of the first node would not be published.
        assert_eq!(skipped(&pair, &mut before), 4);
        assert!(pair.bo.received().is_empty());
        for room in ["lobby", pair.bo.sid()] {
            pair.one.to(room).emit("said", text);
        }
        pair.one.to(["nobody", "lobby"]).emit("said", text);
        pair.one.emit("said", text);
        pair.settled().await;
        assert_eq!(skipped(&pair, &mut before), 0);
        assert_eq!(pair.bo.received(), vec![event("said", text); 4]);
    }
    let text = pair.two.metrics().to_prometheus();
    assert!(text.contains("\nsocketio_queue_skipped_messages_total 8\n"));
}

/// Shows that the arguments are not read: only a node with a recipient notices invalid ones.
#[tokio::test]
async fn invalid_arguments_are_only_noticed_by_a_node_with_a_recipient() {
    let log = Log::default();
    let _guard = log.collect();
    let pair = Pair::new().await;
    pair.bo.emit("join", "lobby").await.unwrap();
    let mut before = 0;
    let publish = |room: &str| {
        let padding = "x".repeat(1_000);
        let message = format!(
            r#"{{"method":"emit","host_id":"other","event":"said","binary":false,"namespace":"/","room":"{room}","skip_sid":null,"callback":null,"ext":1,"data":[{padding}"#
        );
        pair.queue.publish_bytes(CHANNEL, message);
    };
    let invalid = "an invalid message on the queue is ignored";
    publish("nobody");
    pair.settled().await;
    assert_eq!(
        (skipped(&pair, &mut before), log.lines(invalid).len()),
        (1, 0)
    );
    publish("lobby");
    pair.settled().await;
    assert_eq!(skipped(&pair, &mut before), 0);
    assert!(!log.lines(invalid).is_empty());
}

/// Python writes the arguments before the target, so they are read, but no further.
#[tokio::test]
async fn events_of_python_nodes_are_skipped_too() {
    let pair = Pair::new().await;
    let mut before = 0;
    let data = ["text".repeat(1_000)];
    for room in ["nobody", "lobby"] {
        let message = json!({"method": "emit", "event": "said", "data": data, "namespace": "/", "room": room, "host_id": "P"});
        pair.queue.publish(CHANNEL, message);
    }
    pair.settled().await;
    assert_eq!(skipped(&pair, &mut before), 2);
    pair.queue.publish(CHANNEL, json!({"method": "emit", "event": "said", "data": [1], "namespace": "/", "room": null, "host_id": "P"}));
    pair.settled().await;
    assert_eq!(skipped(&pair, &mut before), 0);
    assert_eq!(pair.bo.received(), [event("said", 1)]);
}

/// A namespace whose clients have all lost their connections still keeps events for them.
#[tokio::test]
async fn events_of_other_nodes_are_kept_for_a_session_while_its_namespace_is_empty() {
    let queue = TestQueue::new();
    let node = || {
        builder(&queue)
            .recovery(Recovery::default())
            .build()
            .unwrap()
    };
    let (one, two) = (node(), node());
    let client = TestClient::builder(&two)
        .recoverable()
        .connect()
        .await
        .unwrap();
    client.emit("join", "lobby").await.unwrap();
    client.lose(Reason::PingTimeout).await;
    assert!(two.sockets("/").is_empty());
    one.to("lobby").emit("said", "missed");
    one.emit("said", "missed, too");
    queue.settled([&one, &two]).await;
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    let missed = ["missed", "missed, too"].map(|text| event("said", text));
    assert_eq!(back.received(), missed);
}

#[tokio::test]
async fn events_of_other_nodes_are_kept_in_the_history_of_a_room_that_is_empty() {
    let queue = TestQueue::new();
    let node = || -> SocketIo {
        builder(&queue)
            .on("last", |room: String| async move {
                socketio::join_last(room, 10).map(drop)
            })
            .history("/", "room:{id}", History::new())
            .build()
            .unwrap()
    };
    let (one, two) = (node(), node());
    queue.settled([&one, &two]).await;
    one.to("room:a").emit("said", "early");
    queue.settled([&one, &two]).await;
    let client = TestClient::connect(&two, "/").await.unwrap();
    client.emit("last", "room:a").await.unwrap();
    assert_eq!(client.received(), [event("said", "early")]);
}
