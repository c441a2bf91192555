//! Outages: what is emitted meanwhile arrives later, the oldest messages are dropped and counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use socketio::{
    BoxError, SocketIo,
    message_queue::{BoxFuture, MessageQueue, Publisher, Subscription},
};
use socketio_test::{TestQueue, event};
use test_support::Log;

use crate::nodes::{CHANNEL, Pair, builder};

#[tokio::test(start_paused = true)]
async fn what_is_emitted_while_the_queue_is_gone_arrives_when_it_is_back() {
    let pair = Pair::new().await;
    // The pauses are by chance: several rounds.
    for round in 0..10 {
        pair.queue.cut();
        for number in 0..100 {
            pair.one.emit("number", (round, number));
        }
        // Clients here don't wait for the queue.
        assert_eq!(pair.ana.received().len(), 100);
        tokio::time::sleep(Duration::from_secs(10 + 7 * round)).await;
        let health = pair.one.queue_health().unwrap();
        assert!(!health.is_subscribed && !health.is_publishing);
        assert_eq!((health.waiting, health.dropped), (100, 0));
        pair.queue.restore();
        pair.settled().await;
        let numbers: Vec<_> = (0..100)
            .map(|number| event("number", (round, number)))
            .collect();
        assert_eq!(pair.bo.received(), numbers);
    }
    let health = pair.one.queue_health().unwrap();
    assert!(health.is_subscribed && health.is_publishing);
    pair.two.emit("again", ());
    pair.settled().await;
    assert_eq!(pair.ana.received(), [event("again", ())]);
}

#[tokio::test(start_paused = true)]
async fn of_too_many_messages_the_newest_are_kept_and_the_others_counted() {
    let queue = TestQueue::new();
    let one = builder(&queue)
        .max_unpublished(10, 1_000_000)
        .build()
        .unwrap();
    queue.cut();
    for number in 0..25 {
        one.emit("number", number);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // One was being tried, and stays.
    assert_eq!(one.queue_health().unwrap().dropped, 15);
    queue.restore();
    one.flushed().await;
    let numbers: Vec<_> = queue
        .messages(CHANNEL)
        .iter()
        .map(|message| message["data"][0].as_u64().unwrap())
        .collect();
    assert_eq!(numbers.len(), 10);
    assert_eq!(numbers[1..], (16..25).collect::<Vec<_>>());
    assert_eq!(one.queue_health().unwrap().published, 10);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_panics_is_one_that_failed() {
    struct Panics(TestQueue, AtomicBool);

    impl MessageQueue for Panics {
        fn publisher<'a>(
            &'a self,
            channel: &'a str,
        ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
            assert!(self.1.swap(true, Relaxed), "not the first time");
            self.0.publisher(channel)
        }

        fn subscription<'a>(
            &'a self,
            channel: &'a str,
        ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
            self.0.subscription(channel)
        }
    }

    let log = Log::default();
    let _guard = log.collect();
    let queue = TestQueue::new();
    let panics: Arc<dyn MessageQueue> = Arc::new(Panics(queue.clone(), AtomicBool::new(false)));
    let one = SocketIo::bare().message_queue(panics).build().unwrap();
    one.emit("news", 1);
    one.flushed().await;
    assert_eq!(queue.messages(CHANNEL).len(), 1);
    let lines = log.lines("the message queue panicked: not the first time");
    assert_eq!(lines.len(), 1, "{log:?}");
}
