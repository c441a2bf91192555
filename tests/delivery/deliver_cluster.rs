//! Events that are kept until they are acknowledged, for users with clients on several nodes.

use std::time::Duration;

use socketio::{Deliveries, SocketIo, set_user};
use socketio_test::{TestClient, TestQueue, event};
use tokio::time::{Instant, sleep};

fn node(queue: &TestQueue) -> SocketIo {
    SocketIo::bare()
        .message_queue(queue.clone())
        .on("login", |user: String| set_user(user))
        .deliveries(Deliveries::default().ack_timeout(Duration::from_secs(20)))
        .build()
        .unwrap()
}

async fn user(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.call::<()>("login", name).await.unwrap();
    client
}

#[tokio::test(start_paused = true)]
async fn the_clients_of_a_user_on_all_nodes_get_an_event_and_one_acknowledgement_is_enough() {
    let queue = TestQueue::new();
    let (one, two) = (node(&queue), node(&queue));
    let silent = user(&one, "ana").await;
    let (remote, other) = (user(&two, "ana").await, user(&two, "bo").await);
    one.to_user("ana").deliver("paid", "a").await.unwrap();
    one.to_user("ana").deliver("paid", "b").await.unwrap();
    for name in ["a", "b"] {
        assert_eq!(silent.next().await, event("paid", name));
        let received = remote.next().await;
        assert_eq!(received, event("paid", name));
        // The next one waits for it.
        assert_eq!(silent.received(), []);
        remote.ack(&received, ()).await.unwrap();
    }
    for client in [&silent, &remote, &other] {
        client.expect_silence(Duration::from_secs(600)).await;
    }
    assert_eq!(one.metrics().acks_timed_out, 0);
}

#[tokio::test(start_paused = true)]
async fn without_an_acknowledgement_all_clients_of_the_user_get_the_event_again() {
    let queue = TestQueue::new();
    let (one, two) = (node(&queue), node(&queue));
    let (local, remote) = (user(&one, "ana").await, user(&two, "ana").await);
    one.to_user("ana").deliver("paid", "a").await.unwrap();
    for _ in 0..2 {
        let begun = Instant::now();
        assert_eq!(local.next().await, event("paid", "a"));
        assert_eq!(remote.next().await, event("paid", "a"));
        assert_eq!(begun.elapsed(), Duration::ZERO);
        sleep(Duration::from_secs(20)).await;
    }
    let last = local.next().await;
    local.ack(&last, ()).await.unwrap();
    assert_eq!(remote.next().await, event("paid", "a"));
    remote.expect_silence(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reconnects_gets_the_event_again_at_once_in_a_cluster() {
    let queue = TestQueue::new();
    let (one, _two) = (node(&queue), node(&queue));
    let client = user(&one, "ana").await;
    one.to_user("ana").deliver("paid", "a").await.unwrap();
    assert_eq!(client.next().await, event("paid", "a"));
    drop(client);
    let begun = Instant::now();
    let back = user(&one, "ana").await;
    let again = back.next().await;
    assert_eq!(again, event("paid", "a"));
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    back.ack(&again, ()).await.unwrap();
}
