//! Invalid pids, offsets and positions, and the bounds. The official client's view is in
//! `tests/interop/js/suites/recovery-input.test.js`.

use serde_json::{Value, json};
use socketio::{History, Position, Reason, Recovery, SocketIo, SocketIoBuilder, join_since};
use socketio_test::{TestClient, event};

fn bare() -> SocketIoBuilder {
    SocketIo::bare()
        .allow_namespace("/")
        .allow_namespace("/other")
}

async fn recoverable(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    client.unwrap()
}

fn outcome(io: &SocketIo, name: &str) -> u64 {
    let recovery = io.metrics().recovery.unwrap();
    let mut outcomes = recovery.outcomes.into_iter();
    outcomes.find(|one| one.name == name).unwrap().count
}

#[tokio::test]
async fn forged_and_malformed_pids_recover_nothing_and_affect_no_other_client() {
    let io = bare().recovery(Recovery::default()).build().unwrap();
    let client = recoverable(&io).await;
    client.lose(Reason::TransportClose).await;
    io.emit("missed", 1);
    let sid = client.sid().as_str();
    for pid in [
        json!(""),
        json!(sid),
        json!("x".repeat(10_000)),
        json!(17),
        json!(null),
        json!([sid]),
        json!({ "pid": sid }),
    ] {
        let thief = TestClient::builder(&io)
            .recoverable()
            .auth(&json!({ "pid": pid, "offset": "AAAAAAAA.1" }))
            .connect()
            .await
            .unwrap();
        assert!(!thief.recovered(), "{pid}");
        assert_ne!(thief.sid(), client.sid(), "{pid}");
        assert_eq!(thief.received(), [], "{pid}");
    }
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), [event("missed", 1)]);
}

#[tokio::test]
async fn when_a_log_drops_events_only_clients_that_have_missed_them_are_not_recovered() {
    let io = bare()
        .recovery(Recovery::default().max_bytes(10_000))
        .build()
        .unwrap();
    let (early, late) = (recoverable(&io).await, recoverable(&io).await);
    early.lose(Reason::TransportClose).await;
    for number in 0..1_000 {
        io.emit("tick", number);
        if number == 989 {
            assert_eq!(late.received().len(), 990);
            late.lose(Reason::TransportClose).await;
        }
        let kept = io.metrics().recovery.unwrap();
        assert!(kept.kept_bytes <= 10_000, "{kept:?}");
    }
    let back = early.recover().await.unwrap();
    assert!(!back.recovered());
    assert_ne!(back.sid(), early.sid());
    assert_eq!(back.received(), []);
    let back = late.recover().await.unwrap();
    assert!(back.recovered());
    let ticks: Vec<_> = (990..1_000).map(|number| event("tick", number)).collect();
    assert_eq!(back.received(), ticks);
    assert_eq!(
        (outcome(&io, "incomplete"), outcome(&io, "recovered")),
        (1, 1)
    );
}

#[tokio::test]
async fn forged_foreign_and_stale_positions_of_a_history_send_nothing_and_are_reported() {
    let since = |room: String, since: Position| join_since(room, since);
    let io = bare()
        .on("since", since)
        .history("/", "room:{id}", History::new().max_events(3))
        .history("/other", "room:{id}", History::new())
        .build()
        .unwrap();
    let stale = io.history("/", "room:a").read().unwrap().position;
    for number in 0..9 {
        io.to("room:a").emit("tick", number);
        io.of("/other").to("room:a").emit("secret", number);
    }
    let newest = io.history("/", "room:a").read().unwrap().position;
    let foreign = io.history("/other", "room:a").read().unwrap().position;
    let forged = format!("{}.{}", newest.epoch(), u64::MAX);
    for position in [
        stale.to_string(),
        foreign.to_string(),
        forged,
        format!("{}.{}", foreign.epoch(), foreign.seq() - 1),
        String::from("AAAAAAAA.0"),
    ] {
        let client = TestClient::connect(&io, "/").await.unwrap();
        let joined: Value = client.call("since", ("room:a", &position)).await.unwrap();
        assert_eq!(joined["recovered"], false, "{position}");
        assert_eq!(joined["seq"], newest.seq(), "{position}");
        assert_eq!(client.received(), [], "{position}");
    }
}
