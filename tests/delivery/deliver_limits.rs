//! What happens to kept events at their limits: expiry, attempts, and how many are kept.

use std::{sync::Arc, time::Duration};

use socketio::{DeliverError, Deliveries, SocketIo, Undelivered, set_user};
use socketio_test::{TestClient, event};
use test_support::{Log, Notes, problems};
use tokio::{sync::Notify, time::sleep};

/// Notes what could not be delivered.
#[derive(Clone, Default)]
struct Lost {
    notes: Notes,
    changed: Arc<Notify>,
}

impl Lost {
    fn note(&self, deliveries: Deliveries) -> Deliveries {
        let lost = self.clone();
        deliveries.on_undelivered(move |undelivered: Undelivered| {
            let lost = lost.clone();
            async move {
                let who = undelivered.user().map(str::to_owned);
                let who = who.or_else(|| undelivered.sid().map(|_| "client".to_owned()));
                lost.notes.add(format!(
                    "{} {} of {} for {}: {} after {} attempts",
                    undelivered.event(),
                    undelivered.payload::<String>().unwrap(),
                    undelivered.namespace(),
                    who.unwrap(),
                    undelivered.reason(),
                    undelivered.attempts(),
                ));
                lost.changed.notify_one();
            }
        })
    }
}

fn server(deliveries: Deliveries) -> SocketIo {
    SocketIo::bare()
        .on("login", |user: String| set_user(user))
        .deliveries(deliveries)
        .build()
        .unwrap()
}

async fn user(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.call::<()>("login", name).await.unwrap();
    client
}

/// A store in memory is always ready, so `deliver` must yield by itself.
#[tokio::test(start_paused = true)]
async fn a_handler_that_delivers_in_a_loop_lets_other_tasks_run() {
    let io = server(Deliveries::default());
    for (size, events) in [(10, 500), (50_000, 3)] {
        let text = "x".repeat(size);
        let mut all = std::pin::pin!(async {
            for index in 0..events {
                io.to_user(index).deliver("x", &text).await.unwrap();
            }
        });
        assert!(futures_util::poll!(&mut all).is_pending(), "{size} bytes");
        all.await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_expires_and_is_handed_to_the_handler_once() {
    let lost = Lost::default();
    let io = server(lost.note(Deliveries::default().expiry(Duration::from_secs(60))));
    io.to_user("ana").deliver("paid", "one").await.unwrap();
    let longer = io.to_user("ana").deliver("paid", "two");
    longer.expires(Duration::from_secs(3_600)).await.unwrap();
    sleep(Duration::from_secs(50)).await;
    assert!(lost.notes.take().is_empty());
    lost.changed.notified().await;
    sleep(Duration::from_secs(120)).await;
    let expected = ["paid one of / for ana: expired after 0 attempts"];
    assert_eq!(lost.notes.take(), expected);
    // The other one is still kept.
    let client = user(&io, "ana").await;
    assert_eq!(client.next().await, event("paid", "two"));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_sent_as_often_as_is_allowed_is_handed_to_the_handler() {
    let lost = Lost::default();
    let io = server(lost.note(Deliveries::default().max_attempts(3)));
    let client = user(&io, "ana").await;
    io.to(client.sid()).deliver("x", "a").await.unwrap();
    let few = io.to_user("ana").deliver("y", "b").attempts(1);
    few.await.unwrap();
    for _ in 0..2 {
        lost.changed.notified().await;
    }
    let mut notes = lost.notes.take();
    notes.sort();
    let expected = [
        "x a of / for client: not acknowledged after 3 attempts",
        "y b of / for ana: not acknowledged after 1 attempts",
    ];
    assert_eq!(notes, expected);
    assert_eq!(client.received_named("x").len(), 3);
    assert_eq!(client.received_named("y").len(), 1);
    client.expect_silence(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_handler_the_log_says_what_could_not_be_delivered() {
    let log = Log::default();
    let _guard = log.collect();
    let io = server(Deliveries::default().expiry(Duration::from_secs(5)));
    io.to_user("ana").deliver("paid", "secret").await.unwrap();
    sleep(Duration::from_secs(10)).await;
    let lines = log.lines("an event could not be delivered");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("expired") && !lines[0].contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn at_a_limit_further_events_are_refused_and_nothing_is_forgotten() {
    let full = |error: DeliverError, option: &str| {
        assert!(matches!(error, DeliverError::Full(_)), "{error}");
        assert!(error.to_string().contains(option), "{error}");
    };
    let io = server(Deliveries::default().max_per_recipient(2).max_events(3));
    for text in ["one", "two"] {
        io.to_user("ana").deliver("x", text).await.unwrap();
    }
    let refused = io.to_user("ana").deliver("x", "three").await;
    full(refused.unwrap_err(), "`Deliveries::max_per_recipient`");
    io.to_user("bo").deliver("x", "one").await.unwrap();
    let refused = io.to_user("cy").deliver("x", "one").await;
    full(refused.unwrap_err(), "`Deliveries::max_events`");
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("x", |_: String| ());
    client.call::<()>("login", "ana").await.unwrap();
    for text in ["one", "two"] {
        assert_eq!(client.next().await, event("x", text));
    }
    let io = server(Deliveries::default().max_bytes(1_000));
    let large = "x".repeat(500);
    io.to_user("ana").deliver("x", &large).await.unwrap();
    let refused = io.to_user("ana").deliver("x", &large).await;
    full(refused.unwrap_err(), "`Deliveries::max_bytes`");
}

#[tokio::test(start_paused = true)]
async fn a_user_who_never_acknowledges_does_not_use_up_the_memory_for_others() {
    let io = server(Deliveries::default().max_bytes_per_recipient(10_000));
    let large = "x".repeat(4_000);
    for _ in 0..2 {
        // A limit is free again when the events have gone.
        for _ in 0..2 {
            io.to_user("ana").deliver("x", &large).await.unwrap();
        }
        let refused = io.to_user("ana").deliver("x", &large).await;
        assert!(
            matches!(
                refused,
                Err(DeliverError::Full("`Deliveries::max_bytes_per_recipient`"))
            ),
            "{refused:?}"
        );
        io.to_user("bo").deliver("x", "small").await.unwrap();
        let client = TestClient::connect(&io, "/").await.unwrap();
        client.on("x", |_: String| ());
        client.call::<()>("login", "ana").await.unwrap();
        for _ in 0..2 {
            assert_eq!(client.next().await, event("x", &large));
        }
        client.disconnect().await.unwrap();
    }
    // By default, one user has a sixteenth of the memory for all.
    let io = server(Deliveries::default());
    let large = "x".repeat(1_000_000);
    let mut kept = 0;
    while io.to_user("ana").deliver("x", &large).await.is_ok() {
        kept += 1;
    }
    assert_eq!(kept, 4);
    io.to_user("bo").deliver("x", &large).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_shut_down_sends_nothing_more() {
    let io = server(Deliveries::default());
    let client = user(&io, "ana").await;
    io.to_user("ana").deliver("x", "a").await.unwrap();
    client.next().await;
    io.shutdown().await;
    assert_eq!(io.connections(), 0);
}

#[test]
fn limits_that_are_too_small_are_refused() {
    let deliveries = Deliveries::default()
        .max_attempts(0)
        .ack_timeout(Duration::ZERO);
    assert_eq!(
        problems(SocketIo::bare().deliveries(deliveries)),
        [
            "`Deliveries::max_attempts` must not be zero",
            "`Deliveries::ack_timeout` must not be zero",
        ]
    );
}
