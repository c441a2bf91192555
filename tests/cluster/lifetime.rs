//! The end of a node: its last messages are published, and nothing keeps it alive.

use std::{sync::Arc, time::Duration};

use socketio_test::{TestClient, TestQueue};

use crate::nodes::{CHANNEL, Pair, builder};

#[tokio::test]
async fn emits_of_disconnect_handlers_are_published_before_the_shutdown_ends() {
    let queue = TestQueue::new();
    let one = builder(&queue)
        .on("disconnect", async || socketio::of("/").emit("gone", ()))
        .build()
        .unwrap();
    let _ana = TestClient::connect(&one, "/").await.unwrap();
    one.shutdown().await;
    assert_eq!(queue.messages(CHANNEL).last().unwrap()["event"], "gone");
    assert!(!one.queue_health().unwrap().is_subscribed);
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_waiting_ends_at_once_and_nothing_is_published() {
    let pair = Pair::new().await;
    pair.queue.cut();
    pair.one.emit("number", 1);
    pair.one.shutdown().await;
    pair.one.emit("number", 2);
    pair.one.flushed().await;
    pair.one.subscribed().await;
    pair.queue.restore();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(pair.queue.messages(CHANNEL).is_empty());
    assert_eq!(pair.one.queue_health().unwrap().dropped, 2);
}

#[tokio::test(start_paused = true)]
async fn a_pending_acknowledgement_does_not_keep_a_server_alive() {
    for shut_down in [true, false] {
        let queue = TestQueue::new();
        let held = Arc::new(());
        let one = builder(&queue)
            .shared_state(Arc::clone(&held))
            .build()
            .unwrap();
        queue.settled([&one]).await;
        one.to("nobody").callback(async |_: ()| {}).emit("ask", ());
        if shut_down {
            one.shutdown().await;
        }
        drop(one);
        queue.cut();
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(Arc::strong_count(&held), 1, "shut down: {shut_down}");
    }
}
