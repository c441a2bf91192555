//! Messages of other processes: invalid ones are ignored, and no message runs handlers or impersonates a client.

use serde_json::json;
use socketio::EventName;
use socketio_test::{TestClient, TestQueue, event};

use crate::{
    nodes::{CHANNEL, Pair, builder},
    python::python,
};

#[tokio::test]
async fn a_python_process_can_only_address_single_clients() {
    let pair = Pair::new().await;
    let cy = TestClient::connect(&pair.two, "/").await.unwrap();
    pair.bo.emit("join", "lobby").await.unwrap();
    let publish = |message| pair.queue.publish(CHANNEL, message);
    publish(json!({"method": "disconnect", "sid": "lobby", "namespace": "/", "host_id": "P"}));
    publish(json!({"method": "disconnect", "namespace": "/", "host_id": "P"}));
    publish(
        json!({"method": "enter_room", "sid": pair.bo.sid().as_str(), "room": 7, "namespace": "/", "host_id": "P"}),
    );
    publish(
        json!({"method": "enter_room", "sid": pair.bo.sid().as_str(), "room": cy.sid().as_str(), "host_id": "P"}),
    );
    pair.settled().await;
    let rooms: Vec<String> = pair.bo.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.bo.sid().as_str(), "lobby", "7"]);
    publish(json!({"method": "disconnect", "sid": pair.bo.sid().as_str(), "host_id": "P"}));
    pair.settled().await;
    assert!(!pair.bo.is_connected());
}

#[tokio::test]
async fn invalid_messages_on_the_channel_are_ignored() {
    let pair = Pair::new().await;
    let deep = "[".repeat(100_000);
    let nested = format!(
        r#"{{"method":"emit","event":"ev","data":{}{}}}"#,
        deep,
        "]".repeat(100_000)
    );
    for rubbish in [
        "7",
        "null",
        "[]",
        "\"text\"",
        "{}",
        "not json",
        "",
        "\u{0}\u{1}",
        r#"{"method":1}"#,
        r#"{"method":"unknown"}"#,
        r#"{"method":"emit"}"#,
        r#"{"method":"emit","event":"ev","data":[1]}"#,
        r#"{"method":"emit","event":5,"data":[1],"namespace":"/"}"#,
        r#"{"method":"emit","event":"connect","data":[1],"namespace":"/"}"#,
        r#"{"method":"emit","event":"ev","data":[1],"namespace":"/","room":{"a":1}}"#,
        r#"{"method":"emit","event":"ev","data":[[{"_placeholder":true,"num":9}],"AA=="],"binary":true,"namespace":"/"}"#,
        r#"{"method":"emit","event":"ev","data":[[{"_placeholder":true,"num":0}],"?"],"binary":true,"namespace":"/"}"#,
        r#"{"method":"emit","event":"ev","data":[],"binary":true,"namespace":"/"}"#,
        r#"{"method":"callback","host_id":"x"}"#,
        r#"{"method":"close_room","namespace":"/"}"#,
        r#"{"method":"enter_room","sid":"x","namespace":"/"}"#,
        r#"{"method":"disconnect","sid":{},"namespace":"/"}"#,
        &deep,
        &nested,
    ] {
        pair.queue.publish_bytes(CHANNEL, rubbish.to_owned());
    }
    pair.one.emit("still", "here");
    pair.settled().await;
    assert_eq!(pair.bo.received(), [event("still", "here")]);
}

#[tokio::test]
async fn disconnecting_an_id_does_not_disconnect_the_room_of_that_name() {
    let pair = Pair::new().await;
    for client in [&pair.ana, &pair.bo] {
        client.emit("join", "lobby").await.unwrap();
    }
    assert!(!pair.one.disconnect("/", "lobby"));
    pair.settled().await;
    assert!(pair.ana.is_connected() && pair.bo.is_connected());
    assert!(pair.one.disconnect("/", pair.ana.sid()));
}

#[tokio::test]
async fn events_of_other_processes_run_no_handlers() {
    let queue = TestQueue::new();
    let one = builder(&queue)
        .on("*", async |name: EventName| {
            assert!(name.is_empty(), "{name:?}")
        })
        .build()
        .unwrap();
    let ana = TestClient::connect(&one, "/").await.unwrap();
    queue.settled([&one]).await;
    queue.publish(CHANNEL, python(json!({"event": "join", "data": ["lobby"]})));
    queue.settled([&one]).await;
    assert_eq!(ana.received(), [event("join", "lobby")]);
}

#[tokio::test]
async fn messages_of_other_processes_are_bounded_in_size_depth_and_names() {
    let queue = TestQueue::new();
    let node = builder(&queue)
        .max_cluster_message(100_000)
        .build()
        .unwrap();
    let client = TestClient::connect(&node, "/").await.unwrap();
    let emit = |data: String, room: String| {
        let message = format!(
            r#"{{"method":"emit","event":"x","data":[{data}],"namespace":"/","room":{room},"host_id":"P"}}"#
        );
        queue.publish_bytes(CHANNEL, message);
    };
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    emit(format!("{:?}", "x".repeat(100_000)), "null".into());
    emit(nested(128), "null".into());
    emit(nested(10_000), "null".into());
    queue.settled([&node]).await;
    assert_eq!(client.received(), []);
    emit(nested(127), "null".into());
    emit("1".into(), r#"[7,"lobby",null]"#.into());
    emit("1".into(), r#"[7,"lobby"]"#.into());
    queue.settled([&node]).await;
    assert_eq!(client.received().len(), 1);
}

#[tokio::test]
async fn a_message_names_at_most_65536_rooms() {
    let queue = TestQueue::new();
    let node = builder(&queue).build().unwrap();
    let client = TestClient::connect(&node, "/").await.unwrap();
    for count in [65_537, 65_536] {
        let mut rooms = vec!["lobby"; count - 1];
        rooms.push(client.sid());
        queue.publish(
            CHANNEL,
            json!({"method": "emit", "event": "x", "data": [count], "namespace": "/", "room": rooms, "host_id": "P"}),
        );
    }
    queue.settled([&node]).await;
    assert_eq!(client.received(), [event("x", 65_536)]);
}
