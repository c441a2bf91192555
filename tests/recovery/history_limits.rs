//! The limits of a history.

use std::time::Duration;

use serde_json::Value;
use socketio::{History, SocketIo, join_last};
use socketio_test::{Event, TestClient, event};
use test_support::problem;

fn server(history: History) -> SocketIo {
    SocketIo::bare()
        .on("last", |room: String| join_last(room, usize::MAX))
        .history("/", "room:{id}", history)
        .build()
        .unwrap()
}

async fn join(io: &SocketIo, room: &str) -> Vec<Event> {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.call::<Value>("last", room).await.unwrap();
    client.received()
}

#[tokio::test(start_paused = true)]
async fn events_are_kept_for_a_time() {
    let io = server(History::new().max_age(Duration::from_secs(60)));
    io.to("room:a").emit("tick", 1);
    tokio::time::advance(Duration::from_secs(40)).await;
    io.to("room:a").emit("tick", 2);
    tokio::time::advance(Duration::from_secs(40)).await;
    assert_eq!(join(&io, "room:a").await, [event("tick", 2)]);
    tokio::time::advance(Duration::from_secs(40)).await;
    assert_eq!(join(&io, "room:a").await, []);
}

#[tokio::test]
async fn rooms_that_a_client_makes_up_take_no_more_than_the_bytes_of_the_pattern() {
    let io = server(History::new().max_bytes(100_000));
    for number in 0..5_000 {
        io.to(format!("room:{number}")).emit("tick", number);
    }
    let kept = (0..5_000).filter(|number| {
        let page = io.history("/", format!("room:{number}")).read().unwrap();
        !page.events.is_empty()
    });
    let kept: Vec<_> = kept.collect();
    assert!(
        kept.len() < 400 && *kept.last().unwrap() == 4_999,
        "{kept:?}"
    );
    assert_eq!(io.metrics().history.unwrap().events, kept.len() as u64);
    assert!(io.metrics().history.unwrap().bytes <= 100_000);
}

#[tokio::test]
async fn with_last_value_only_the_newest_event_of_each_name_is_kept() {
    let io = server(History::new().last_value(true));
    for number in 0..100 {
        io.to("room:a").emit("price", number);
        io.to("room:a").emit("volume", (number, number));
    }
    let expected = [event("price", 99), event("volume", (99, 99))];
    assert_eq!(join(&io, "room:a").await, expected);
}

#[tokio::test]
async fn a_history_that_is_larger_than_an_outbox_is_not_sent_and_the_client_learns_it() {
    let io = SocketIo::bare()
        .on("last", |count: usize| join_last("room:a", count))
        .max_outbox(10, 1_000_000)
        .history("/", "room:{id}", History::new())
        .build()
        .unwrap();
    for number in 0..20 {
        io.to("room:a").emit("tick", number);
    }
    for (count, recovered) in [(11, false), (10, true)] {
        let client = TestClient::connect(&io, "/").await.unwrap();
        let joined: Value = client.call("last", count).await.unwrap();
        assert_eq!(joined["recovered"], recovered);
        assert_eq!(client.received().len(), if recovered { count } else { 0 });
    }
}

#[test]
fn a_history_that_keeps_nothing_is_refused() {
    for (history, name) in [
        (History::new().max_events(0), "`History::max_events`"),
        (History::new().max_age(Duration::ZERO), "`History::max_age`"),
        (History::new().max_bytes(0), "`History::max_bytes`"),
    ] {
        problem(
            SocketIo::bare().history("/", "room", history),
            &[name, "history_limits.rs:"],
        );
    }
    problem(
        SocketIo::bare().history("/", "room:{", History::new()),
        &["room:{", "history_limits.rs:"],
    );
    problem(
        SocketIo::bare().history("chat", "room", History::new()),
        &["must start with `/`"],
    );
}
