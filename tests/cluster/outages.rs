//! Outages: messages emitted meanwhile are published later; above the limit, the oldest are dropped and counted.

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
use socketio_test::{TestClient, TestQueue, event};
use test_support::Log;

use crate::nodes::{CHANNEL, Pair, builder};

#[tokio::test(start_paused = true)]
async fn emits_during_an_outage_of_the_queue_arrive_after_it() {
    let pair = Pair::new().await;
    // Several rounds, because the pauses are random.
    for round in 0..10 {
        pair.queue.cut();
        for number in 0..100 {
            pair.one.emit("number", (round, number));
        }
        // Local clients don't wait for the queue.
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
async fn volatile_events_do_not_wait_for_the_queue() {
    let pair = Pair::new().await;
    let cursor = |number: u32| pair.one.broadcast().volatile().emit("cursor", number);
    cursor(1);
    pair.settled().await;
    pair.queue.cut();
    pair.one.emit("said", ());
    tokio::time::sleep(Duration::from_secs(1)).await;
    for number in [2, 3] {
        cursor(number);
        // A local client gets only one in the same instant.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let dropped = pair.one.metrics().outbox.dropped_volatile;
    pair.queue.restore();
    pair.settled().await;
    cursor(4);
    pair.settled().await;
    let expected = [event("cursor", 1), event("said", ()), event("cursor", 4)];
    assert_eq!(pair.bo.received(), expected);
    assert_eq!(dropped, 2);
}

#[tokio::test(start_paused = true)]
async fn repeated_short_cuts_under_load_lose_nothing() {
    let pair = Pair::new().await;
    let mut number = 0_u32;
    // Every 1.5 seconds all connections are cut for a moment, at 200 messages a second.
    for _ in 0..5 {
        for tick in 0..300 {
            match tick {
                0 => pair.queue.cut(),
                20 => pair.queue.restore(),
                _ => {}
            }
            pair.one.emit("number", number);
            number += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    pair.settled().await;
    let received = pair.bo.received();
    let received = received.iter().map(|event| event.read().unwrap());
    let received: Vec<u32> = received.collect();
    let missing: Vec<_> = (0..number)
        .filter(|number| !received.contains(number))
        .collect();
    let lost = pair.two.queue_health().unwrap().lost;
    assert_eq!((missing, lost), (vec![], 0));
    assert!(
        received.into_iter().eq(0..number),
        "in order, and none twice"
    );
}

#[tokio::test(start_paused = true)]
async fn missed_messages_that_another_node_no_longer_has_are_counted_and_logged() {
    let log = Log::default();
    let _guard = log.collect();
    let queue = TestQueue::new();
    let one = builder(&queue)
        .max_unpublished(10, 1_000_000)
        .build()
        .unwrap();
    let two = builder(&queue).build().unwrap();
    let bo = TestClient::connect(&two, "/").await.unwrap();
    one.emit("number", 0);
    queue.settled([&one, &two]).await;
    assert_eq!(bo.received(), [event("number", 0)]);
    queue.cut();
    for number in 1..=25 {
        one.emit("number", number);
    }
    queue.restore();
    tokio::time::sleep(Duration::from_secs(20)).await;
    queue.settled([&one, &two]).await;
    let health = two.queue_health().unwrap();
    assert_eq!(health.lost, one.queue_health().unwrap().dropped);
    let received = bo.received();
    assert_eq!(received.len() as u64, 25 - health.lost);
    assert_eq!(received.last(), Some(&event("number", 25)));
    let lines = log.lines("messages of another node were missed");
    assert!(!lines.is_empty() && lines[0].contains("first="), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn when_too_many_messages_wait_the_oldest_are_dropped_and_counted() {
    let queue = TestQueue::new();
    let one = builder(&queue)
        .max_unpublished(10, 1_000_000)
        // A node that subscribes also publishes messages of its own.
        .write_only(true)
        .build()
        .unwrap();
    queue.cut();
    for number in 0..25 {
        one.emit("number", number);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // The message that is being published is kept.
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
async fn a_panic_of_the_queue_is_handled_as_a_failure() {
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
