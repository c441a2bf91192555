//! The room of a client's id is private, in a cluster as in one process: no other client can join it, close it, or
//! acknowledge for it.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{CallError, RoomError, SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, TestQueue, event};

use crate::nodes::CHANNEL;

fn node(queue: &TestQueue) -> SocketIo {
    builder(queue).build().unwrap()
}

fn builder(queue: &TestQueue) -> SocketIoBuilder {
    SocketIo::bare()
        .message_queue(queue.clone())
        .on("join", async |room: String| socketio::join_room(&room))
        .on("close", async |room: String| socketio::close_room(&room))
        .on("join through recipients", async |room: String| {
            socketio::to(socketio::sid()).join_room(&room)
        })
}

/// Three nodes: the victim is a client of the first, the intruder of the second; the third has no clients.
struct Cluster {
    queue: TestQueue,
    nodes: [SocketIo; 3],
    victim: TestClient,
    intruder: TestClient,
}

impl Cluster {
    async fn new() -> Self {
        Self::of(node).await
    }

    async fn of(node: impl Fn(&TestQueue) -> SocketIo) -> Self {
        let queue = TestQueue::new();
        let nodes = [node(&queue), node(&queue), node(&queue)];
        let victim = TestClient::connect(&nodes[0], "/").await.unwrap();
        let intruder = TestClient::connect(&nodes[1], "/").await.unwrap();
        let cluster = Cluster {
            queue,
            nodes,
            victim,
            intruder,
        };
        cluster.settled().await;
        cluster
    }

    async fn settled(&self) {
        self.queue.settled(&self.nodes).await;
    }

    /// Checks that an event from each node to the victim is received by the victim only.
    async fn expect_privacy(&self) {
        for node in &self.nodes {
            node.to(self.victim.sid()).emit("secret", ());
            node.to([self.victim.sid().as_str(), "lobby"])
                .emit("secret", ());
        }
        self.settled().await;
        assert_eq!(self.victim.received(), vec![event("secret", ()); 6]);
        assert_eq!(self.intruder.received(), []);
    }
}

fn is_private<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains("belongs to one client"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_room_of_a_client_of_another_node_cannot_be_joined() {
    let cluster = Cluster::new().await;
    let sid = cluster.victim.sid().as_str();
    is_private(cluster.intruder.emit("join", sid).await);
    is_private(cluster.intruder.emit("join through recipients", sid).await);
    cluster.expect_privacy().await;
}

#[tokio::test(start_paused = true)]
async fn recipients_cannot_be_added_to_the_room_of_a_client() {
    let cluster = Cluster::new().await;
    let (sid, intruder) = (cluster.victim.sid(), cluster.intruder.sid());
    for node in &cluster.nodes {
        let joined = node.to(intruder).join_room(sid);
        assert_eq!(joined, Err(RoomError::ClientRoom));
        let joined = node.broadcast().skip(sid).join_room(sid);
        assert_eq!(joined, Err(RoomError::ClientRoom));
    }
    cluster.expect_privacy().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_another_node_can_not_add_a_client_to_the_room_of_another_client() {
    let cluster = Cluster::new().await;
    let (sid, intruder) = (
        cluster.victim.sid().as_str(),
        cluster.intruder.sid().as_str(),
    );
    let enter = json!({
        "method": "enter_room", "sid": intruder, "room": sid, "namespace": "/", "host_id": "P",
    });
    cluster.queue.publish(CHANNEL, enter);
    cluster.expect_privacy().await;
}

#[tokio::test(start_paused = true)]
async fn the_room_of_a_client_of_another_node_cannot_be_closed() {
    let cluster = Cluster::new().await;
    let sid = cluster.victim.sid();
    is_private(cluster.intruder.emit("close", sid.as_str()).await);
    for node in &cluster.nodes {
        assert_eq!(node.close_room(sid), Err(RoomError::ClientRoom));
    }
    let close =
        json!({"method": "close_room", "room": sid.as_str(), "namespace": "/", "host_id": "P"});
    cluster.queue.publish(CHANNEL, close);
    cluster.expect_privacy().await;
}

#[tokio::test(start_paused = true)]
async fn only_the_called_client_is_asked_and_acknowledges() {
    let cluster = Cluster::new().await;
    cluster.victim.on("who?", |_: ()| "victim");
    cluster.intruder.on("who?", |_: ()| "intruder");
    is_private(
        cluster
            .intruder
            .emit("join", cluster.victim.sid().as_str())
            .await,
    );
    for node in &cluster.nodes {
        let call = node.to(cluster.victim.sid());
        assert_eq!(call.call::<String>("who?", ()).await.unwrap(), "victim");
        let all = node
            .to(cluster.victim.sid())
            .timeout(Duration::from_secs(1));
        let all = all.call_all::<String>("who?", ()).await.unwrap();
        let all: Vec<_> = all
            .into_iter()
            .map(|(sid, ack)| (sid, ack.unwrap()))
            .collect();
        assert_eq!(all, [(cluster.victim.sid().clone(), "victim".to_owned())]);
    }
}

/// A node without private rooms, a Python node, may have a client in a room of the victim's id.
#[tokio::test(start_paused = true)]
async fn an_ack_of_a_client_that_was_not_called_is_ignored() {
    let cluster = Cluster::new().await;
    let sid = cluster.victim.sid().as_str();
    let forge = async {
        let request = loop {
            match cluster.queue.messages(CHANNEL).pop() {
                Some(request) => break request,
                None => tokio::task::yield_now().await,
            }
        };
        for client in [Value::Null, json!(cluster.intruder.sid().as_str())] {
            let ack = json!({
                "method": "callback", "host_id": request["host_id"], "sid": sid, "namespace": "/",
                "id": request["callback"][2], "args": ["forged"], "client": client,
            });
            cluster.queue.publish(CHANNEL, ack);
        }
    };
    // The victim does not acknowledge.
    let call = cluster.nodes[2].to(cluster.victim.sid());
    let (ack, ()) = tokio::join!(call.call::<String>("who?", ()), forge);
    assert!(matches!(ack, Err(CallError::Timeout)), "{ack:?}");
}

#[tokio::test(start_paused = true)]
async fn without_python_nodes_a_room_whose_name_resembles_an_id_is_an_ordinary_room() {
    let nodes = |queue: &TestQueue| builder(queue).private_python_rooms(false).build();
    let cluster = Cluster::of(|queue| nodes(queue).unwrap()).await;
    for room in [
        "customers-and-orders",
        "-KuUmX3RzQvWpLtYbNcD",
        "q9pBj1Y0vQm6xWJtAAAB",
    ] {
        cluster.intruder.emit("join", room).await.unwrap();
        cluster.nodes[2].to(room).emit("news", room);
        cluster.settled().await;
        assert_eq!(cluster.intruder.received(), [event("news", room)]);
        cluster.nodes[2].close_room(room).unwrap();
        cluster.nodes[2].to(room).emit("news", room);
        cluster.settled().await;
        assert_eq!(cluster.intruder.received(), []);
    }
}

/// A Python node publishes what is for one of its clients to the room of the client's id.
#[tokio::test(start_paused = true)]
async fn the_room_of_a_client_of_a_python_node_can_be_neither_joined_nor_closed() {
    let cluster = Cluster::new().await;
    let sid = "q9pBj1Y0vQm6xWJtAAAB";
    is_private(cluster.intruder.emit("join", sid).await);
    is_private(cluster.intruder.emit("join through recipients", sid).await);
    is_private(cluster.intruder.emit("close", sid).await);
    for node in &cluster.nodes {
        let joined = node.to(cluster.intruder.sid()).join_room(sid);
        assert_eq!(joined, Err(RoomError::ClientRoom));
    }
    let emit = json!({
        "method": "emit", "event": "secret", "data": "for one", "namespace": "/", "room": sid,
        "skip_sid": null, "callback": null, "host_id": "P",
    });
    cluster.queue.publish(CHANNEL, emit);
    cluster.settled().await;
    assert_eq!(cluster.intruder.received(), []);
    // Words are ordinary names.
    let words = "customers-and-orders";
    cluster.intruder.emit("join", words).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_may_join_its_own_room() {
    let cluster = Cluster::new().await;
    let own = cluster.intruder.sid().as_str();
    cluster.intruder.emit("join", own).await.unwrap();
    cluster.nodes[2].to(own).emit("you", ());
    cluster.settled().await;
    assert_eq!(cluster.intruder.received(), [event("you", ())]);
    assert_eq!(cluster.victim.received(), []);
}
