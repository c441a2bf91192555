//! Clients of other nodes: joined to rooms, disconnected, and not listed.

use serde_json::{Value, json};
use socketio::Auth;
use socketio_test::{TestClient, TestQueue};

use crate::nodes::{CHANNEL, Pair, builder, server};

#[tokio::test]
async fn clients_of_other_servers_are_moved_and_disconnected() {
    let pair = Pair::new().await;
    pair.one
        .to(pair.bo.sid())
        .join_room(["a", "b", "c"])
        .unwrap();
    pair.one.to(pair.bo.sid()).leave_room("b");
    pair.one.close_room("c").unwrap();
    pair.settled().await;
    let rooms: Vec<String> = pair.bo.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.bo.sid().as_str(), "a"]);
    // All clients of a room, on both nodes.
    pair.ana.emit("join", "a").await.unwrap();
    pair.one
        .to("a")
        .skip(pair.ana.sid())
        .join_room("d")
        .unwrap();
    pair.two.broadcast().join_room("all").unwrap();
    pair.settled().await;
    let rooms: Vec<String> = pair.bo.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.bo.sid().as_str(), "a", "all", "d"]);
    let rooms: Vec<String> = pair.ana.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.ana.sid().as_str(), "a", "all"]);

    assert!(!pair.one.disconnect("/", pair.bo.sid()));
    pair.settled().await;
    assert!(!pair.bo.is_connected());
    assert!(pair.ana.is_connected());
}

#[tokio::test]
async fn operations_of_connect_on_other_clients_are_dropped_when_it_refuses() {
    let queue = TestQueue::new();
    let one = builder(&queue).on("connect", async |auth: Auth<Option<Value>>| {
        socketio::broadcast().disconnect();
        socketio::to(socketio::sid()).join_room("own").unwrap();
        auth.is_none()
    });
    let (one, two) = (one.build().unwrap(), server(&queue));
    let bo = TestClient::connect(&two, "/").await.unwrap();
    queue.settled([&one, &two]).await;
    let refused = TestClient::builder(&one)
        .auth(&json!({"a": 1}))
        .connect()
        .await;
    assert!(refused.is_err());
    queue.settled([&one, &two]).await;
    assert!(bo.is_connected());
    assert!(queue.messages(CHANNEL).is_empty());
}

#[tokio::test]
async fn only_local_clients_are_listed() {
    let pair = Pair::new().await;
    assert_eq!(pair.one.sockets("/").len(), 1);
    assert!(pair.one.socket("/", pair.ana.sid()).is_some());
    assert!(pair.one.socket("/", pair.bo.sid()).is_none());
    assert_eq!(pair.two.connections(), 1);
}
