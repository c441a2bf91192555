//! Emits reach the clients of all nodes once, in rooms and namespaces, on their channel.

use bytes::Bytes;
use serde_json::{Value, json};
use socketio_test::{TestClient, TestQueue, event};

use crate::nodes::{CHANNEL, Pair, builder, server};

#[tokio::test]
async fn an_emit_reaches_the_clients_of_all_servers_once() {
    let pair = Pair::new().await;
    pair.one.emit("news", ("a", 2));
    pair.one.emit("none", ());
    pair.one.emit("list", [1, 2]);
    pair.settled().await;
    let heard = [
        event("news", ("a", 2)),
        event("none", ()),
        event("list", [1, 2]),
    ];
    assert_eq!(pair.ana.received(), heard);
    assert_eq!(pair.bo.received(), heard);
}

#[tokio::test]
async fn rooms_span_servers_and_the_sender_can_be_excluded() {
    let pair = Pair::new().await;
    let cy = TestClient::connect(&pair.two, "/").await.unwrap();
    pair.ana.emit("join", "lobby").await.unwrap();
    pair.bo.emit("join", "lobby").await.unwrap();
    pair.ana.emit("to others", ("lobby", "hi")).await.unwrap();
    pair.one.to("lobby").skip(pair.bo.sid()).emit("but bo", ());
    pair.settled().await;
    assert_eq!(pair.bo.received(), [event("said", ("hi", 1))]);
    assert_eq!(pair.ana.received(), [event("but bo", ())]);
    assert!(cy.received().is_empty());
}

#[tokio::test]
async fn a_client_in_several_of_the_rooms_receives_the_event_once() {
    let pair = Pair::new().await;
    for room in ["a", "b"] {
        pair.bo.emit("join", room).await.unwrap();
    }
    pair.one.to(["a", "b"]).emit("news", 1);
    pair.settled().await;
    assert_eq!(pair.bo.received(), [event("news", 1)]);
}

#[tokio::test]
async fn namespaces_are_separate_and_a_client_is_addressed_by_its_id() {
    let pair = Pair::new().await;
    let chat = pair.bo.connect_to("/chat").await.unwrap();
    pair.one.of("/chat").emit("news", 1);
    pair.one.to(pair.bo.sid()).emit("you", 2);
    pair.one.of("/chat").to(pair.bo.sid()).emit("nobody", 3);
    pair.settled().await;
    assert_eq!(chat.received(), [event("news", 1)]);
    assert_eq!(pair.bo.received(), [event("you", 2)]);
}

#[tokio::test]
async fn binary_data_and_null_arrive_unchanged() {
    let pair = Pair::new().await;
    let nested = json!({"list": [1, null], "big": u64::MAX, "text": "é☃😀"});
    let bytes = Bytes::from_static(b"\x00\xff");
    pair.one
        .emit("all", (&nested, &bytes, [&bytes, &Bytes::new()]));
    pair.one.emit("null", Value::Null);
    pair.one
        .emit("like", json!({"_placeholder": true, "num": 0}));
    pair.settled().await;
    assert_eq!(
        pair.bo.received(),
        [
            event("all", (&nested, &bytes, [&bytes, &Bytes::new()])),
            event("null", Value::Null),
            event("like", json!({"_placeholder": true, "num": 0})),
        ]
    );
}

#[tokio::test]
async fn other_channels_and_ignore_queue_do_not_reach_other_servers() {
    let queue = TestQueue::new();
    let (one, two) = (server(&queue), server(&queue));
    let other = builder(&queue).channel("other").build().unwrap();
    let ana = TestClient::connect(&one, "/").await.unwrap();
    let bo = TestClient::connect(&two, "/").await.unwrap();
    let cy = TestClient::connect(&other, "/").await.unwrap();
    queue.settled([&one, &two, &other]).await;
    one.broadcast().ignore_queue(true).emit("here", ());
    one.emit("news", 1);
    queue.settled([&one, &two, &other]).await;
    assert_eq!(ana.received(), [event("here", ()), event("news", 1)]);
    assert_eq!(bo.received(), [event("news", 1)]);
    assert!(cy.received().is_empty());
}

#[tokio::test]
async fn an_event_for_a_local_client_is_not_published() {
    let pair = Pair::new().await;
    pair.one.to(pair.ana.sid()).emit("you", 1);
    pair.ana
        .emit("to others", (pair.ana.sid().as_str(), "x"))
        .await
        .unwrap();
    pair.one
        .to([pair.ana.sid().as_str(), "lobby"])
        .emit("both", ());
    pair.settled().await;
    let messages = pair.queue.messages(CHANNEL);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["room"], "lobby");
    assert_eq!(pair.ana.received(), [event("you", 1), event("both", ())]);
}

#[cfg(feature = "msgpack")]
#[tokio::test]
async fn servers_of_different_parsers_are_one_cluster() {
    let queue = TestQueue::new();
    let packed = builder(&queue).parser(socketio::parser::MsgPack);
    let (one, two) = (server(&queue), packed.build().unwrap());
    let ana = TestClient::connect(&one, "/").await.unwrap();
    let bo = TestClient::connect(&two, "/").await.unwrap();
    queue.settled([&one, &two]).await;
    let bytes = Bytes::from_static(b"ab");
    one.emit("from one", (1, &bytes));
    two.emit("from two", (json!({"a": [1, null]}), &bytes));
    two.emit("null", Value::Null);
    queue.settled([&one, &two]).await;
    for client in [&ana, &bo] {
        let mut heard = client.received();
        heard.sort_by_key(|event| event.name().to_owned());
        assert_eq!(
            heard,
            [
                event("from one", (1, &bytes)),
                event("from two", (json!({"a": [1, null]}), &bytes)),
                event("null", Value::Null),
            ]
        );
    }
}
