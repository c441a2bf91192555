//! Several nodes.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, TestQueue};

use super::{builder, column, pages, post, read};

fn node(queue: &TestQueue) -> SocketIoBuilder {
    builder().message_queue(queue.clone())
}

async fn client(io: &SocketIo, rooms: &[&str]) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    for room in rooms {
        client.emit("join", *room).await.unwrap();
    }
    client
}

#[tokio::test(start_paused = true)]
async fn clients_and_rooms_of_all_nodes_are_listed_by_pages() {
    let queue = TestQueue::new();
    let (one, two) = (node(&queue).build().unwrap(), node(&queue).build().unwrap());
    queue.settled([&one, &two]).await;
    let mut clients = Vec::new();
    for (index, io) in [&one, &two, &one, &two, &two].into_iter().enumerate() {
        clients.push(client(io, &["all", &format!("r{index}")]).await);
    }
    let mut sids: Vec<_> = clients.iter().map(|client| client.sid().as_str()).collect();
    sids.sort_unstable();
    for limit in [1, 2, 100] {
        let rows = pages(&one, &format!("sockets?limit={limit}")).await;
        assert_eq!(column(&rows.into(), "id"), sids, "{limit}");
        let rooms = pages(&two, &format!("rooms?limit={limit}")).await;
        assert_eq!(
            column(&rooms.clone().into(), "room"),
            ["all", "r0", "r1", "r2", "r3", "r4"]
        );
        assert_eq!(column(&rooms.into(), "clients"), [5, 1, 1, 1, 1, 1]);
    }
    let page = read(&one, "sockets", 200).await;
    let mut nodes = column(&page["data"], "node");
    nodes.sort_by_key(Value::to_string);
    nodes.dedup();
    assert_eq!(nodes.len(), 2);
    assert_eq!(page["nodes"]["answered"].as_array().unwrap().len(), 2);
    assert_eq!(page["nodes"]["silent"], json!([]));
    // A client of the other node is named with that node.
    let own = &page["nodes"]["answered"][0];
    let rows = page["data"].as_array().unwrap();
    let remote = rows.iter().find(|row| row["node"] != *own).unwrap();
    assert!(two.socket("/", remote["id"].as_str().unwrap()).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_answer_is_named() {
    let queue = TestQueue::new();
    let one = node(&queue).build().unwrap();
    queue.settled([&one]).await;
    let ana = client(&one, &[]).await;
    // The node has answered once, and then stops answering.
    let id = "f".repeat(32);
    let host = read(&one, "events", 200).await["node"].clone();
    queue.publish("flask-socketio", json!({
        "method": "answer", "host_id": host, "node": id, "id": 1, "answer": {"rows": [], "more": false},
    }));
    queue.settled([&one]).await;
    let begun = tokio::time::Instant::now();
    let page = read(&one, "sockets", 200).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert_eq!(column(&page["data"], "id"), [ana.sid().as_str()]);
    assert_eq!(page["nodes"]["silent"], json!([id]));
    // A node that is silent for a minute is forgotten.
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(
        read(&one, "sockets", 200).await["nodes"]["silent"],
        json!([])
    );
}

#[tokio::test(start_paused = true)]
async fn invalid_queries_and_answers_of_other_processes_are_ignored() {
    let queue = TestQueue::new();
    let one = node(&queue).build().unwrap();
    queue.settled([&one]).await;
    let host = read(&one, "events", 200).await["node"].clone();
    for message in [
        json!({"method": "query"}),
        json!({"method": "query", "host_id": "x", "id": 1, "query": "unknown"}),
        json!({"method": "query", "host_id": "x", "id": 1, "query": {"clients": {"limit": -1}}}),
        json!({"method": "answer", "host_id": host, "id": 1}),
        json!({"method": "answer", "host_id": host, "node": "y", "id": 99, "answer": 7}),
        json!({"method": "query", "host_id": "x", "id": 2, "query": {"clients": {"limit": u32::MAX}}}),
    ] {
        queue.publish("flask-socketio", message);
    }
    queue.settled([&one]).await;
    let _ana = client(&one, &[]).await;
    assert_eq!(
        read(&one, "sockets", 200).await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let answers = queue.messages("flask-socketio");
    let answers: Vec<_> = answers
        .iter()
        .filter(|one| one["method"] == "answer" && one["host_id"] == "x")
        .collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["answer"], json!({"rows": [], "more": false}));
}

#[tokio::test(start_paused = true)]
async fn writing_reaches_the_clients_of_other_nodes() {
    let queue = TestQueue::new();
    let (one, two) = (node(&queue).build().unwrap(), node(&queue).build().unwrap());
    queue.settled([&one, &two]).await;
    let bo = client(&two, &[]).await;
    post(
        &one,
        "rooms/join",
        json!({"sockets": bo.sid(), "rooms": "one"}),
        200,
    )
    .await;
    queue.settled([&one, &two]).await;
    let answer = post(&one, "emit", json!({"event": "news", "rooms": "one"}), 200).await;
    // The clients of this process are counted. The other node sends the event to its own.
    assert_eq!(answer["data"]["clients"], 0);
    queue.settled([&one, &two]).await;
    assert_eq!(bo.received_named("news").len(), 1);
    post(&one, "disconnect", json!({"sockets": bo.sid()}), 200).await;
    queue.settled([&one, &two]).await;
    assert!(!bo.is_connected());
}

#[tokio::test(start_paused = true)]
async fn without_its_queue_a_node_lists_its_own_clients_and_names_the_others() {
    let queue = TestQueue::new();
    let (one, two) = (node(&queue).build().unwrap(), node(&queue).build().unwrap());
    queue.settled([&one, &two]).await;
    let (ana, _bo) = (client(&one, &[]).await, client(&two, &[]).await);
    assert_eq!(
        read(&one, "sockets", 200).await["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    queue.cut();
    let page = read(&one, "sockets", 200).await;
    assert_eq!(column(&page["data"], "id"), [ana.sid().as_str()]);
    assert_eq!(page["nodes"]["silent"].as_array().unwrap().len(), 1);
}
