//! `GET events`: pages, gaps and waiting.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{Row, SocketIo};
use socketio_test::TestClient;
use test_support::settle;

use super::{column, options, pages, read, server};

/// Emits this many events without recipients. Each is a row.
fn emit(io: &SocketIo, times: usize) {
    for index in 0..times {
        io.emit("tick", index);
    }
}

#[tokio::test]
async fn rows_are_numbered_without_gaps_and_read_by_pages() {
    let io = server();
    emit(&io, 10);
    let all = read(&io, "events", 200).await;
    let seqs = column(&all["data"], "seq");
    assert_eq!(seqs.len(), 10);
    let first = seqs[0].as_u64().unwrap();
    assert_eq!(
        seqs,
        (first..first + 10).map(Value::from).collect::<Vec<_>>()
    );
    assert_eq!((&all["next"], &all["gap"]), (&Value::Null, &Value::Null));
    for limit in [1, 3, 10] {
        let rows = pages(&io, &format!("events?limit={limit}")).await;
        assert_eq!(column(&rows.into(), "seq"), seqs, "{limit}");
    }
    let rest = read(&io, &format!("events?after={}", first + 7), 200).await;
    assert_eq!(column(&rest["data"], "seq"), seqs[8..]);
    let none = read(&io, &format!("events?after={}", first + 9), 200).await;
    assert_eq!(
        (&none["data"], &none["gap"], &none["next"]),
        (&json!([]), &Value::Null, &Value::Null)
    );
    let row: Row = serde_json::from_value(all["data"][3].clone()).unwrap();
    assert_eq!(
        (row.seq, row.event.as_deref(), row.clients),
        (first + 3, Some("tick"), 0)
    );
}

#[tokio::test]
async fn dropped_rows_are_reported_as_a_gap() {
    let io = SocketIo::bare()
        .api(options().max_events(4, 1 << 20))
        .build()
        .unwrap();
    emit(&io, 1);
    let first = read(&io, "events", 200).await["data"][0]["seq"]
        .as_u64()
        .unwrap();
    emit(&io, 9);
    let page = read(&io, &format!("events?after={first}"), 200).await;
    assert_eq!(column(&page["data"], "seq").len(), 4);
    let gap = json!({"after": first, "next": first + 6, "missed": 5, "other_process": false});
    assert_eq!(page["gap"], gap);
    // The number is one of a process that ended before this one began.
    let gap = read(&io, "events?after=17", 200).await["gap"].clone();
    assert_eq!(gap["other_process"], true);
    assert_eq!(gap["missed"], 6);
    // Without a number, the request asks for the rows that exist.
    assert_eq!(read(&io, "events", 200).await["gap"], Value::Null);
}

#[tokio::test]
async fn the_rows_in_memory_are_bounded_by_bytes_as_well() {
    let io = SocketIo::bare()
        .api(options().max_events(1_000, 2_000))
        .build()
        .unwrap();
    emit(&io, 100);
    let rows = read(&io, "events", 200).await["data"]
        .as_array()
        .unwrap()
        .len();
    assert!((1..20).contains(&rows), "{rows}");
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_the_next_row() {
    let io = server();
    emit(&io, 1);
    let newest = read(&io, "events", 200).await["data"][0]["seq"].clone();
    let waiting = tokio::spawn({
        let (io, newest) = (io.clone(), newest.clone());
        async move { read(&io, &format!("events?after={newest}&wait=30"), 200).await }
    });
    settle().await;
    assert!(!waiting.is_finished());
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let page = waiting.await.unwrap();
    assert_eq!(column(&page["data"], "socket"), [ana.sid().as_str()]);
    // Without a new row, it is answered when the time is over.
    let begun = tokio::time::Instant::now();
    let newest = page["data"][0]["seq"].as_u64().unwrap();
    let page = read(&io, &format!("events?after={newest}&wait=2.5"), 200).await;
    assert_eq!(page["data"], json!([]));
    assert_eq!(begun.elapsed(), Duration::from_millis(2_500));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_is_answered_when_the_server_stops() {
    let io = server();
    let waiting = tokio::spawn({
        let io = io.clone();
        async move { read(&io, "events?wait=60", 200).await }
    });
    settle().await;
    let begun = tokio::time::Instant::now();
    io.stop();
    assert_eq!(waiting.await.unwrap()["data"], json!([]));
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_number_of_waiting_requests_is_limited_and_abandoned_ones_are_not_counted() {
    let io = SocketIo::bare()
        .api(options().max_waiting(2))
        .build()
        .unwrap();
    let wait = |io: &SocketIo| {
        let io = io.clone();
        tokio::spawn(async move { read(&io, "events?wait=60", 200).await })
    };
    let (one, two) = (wait(&io), wait(&io));
    settle().await;
    let refused = read(&io, "events?wait=60", 503).await;
    assert_eq!(refused["error"]["code"], "too_many_waiting");
    // Requests that don't wait are not limited.
    read(&io, "events", 200).await;
    one.abort();
    settle().await;
    let third = wait(&io);
    settle().await;
    emit(&io, 1);
    for waiting in [two, third] {
        assert_eq!(waiting.await.unwrap()["data"].as_array().unwrap().len(), 1);
    }
}
