//! The end of kept sessions.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use socketio::{Expired, Reason, Recovery, Session, SocketIo, join_room};
use socketio_test::{TestClient, event};
use tokio::time::{advance, sleep};

/// The sessions that `on_expired` was called for.
type Ended = Arc<Mutex<Vec<String>>>;

fn server(recovery: Recovery) -> (SocketIo, Ended) {
    let ended = Ended::default();
    let noted = Arc::clone(&ended);
    let recovery = recovery.on_expired(move |expired: Expired| {
        let name = expired.session::<String>().get();
        let (rooms, user, reason) = (expired.rooms(), expired.user(), expired.reason());
        expired.io().emit("expired", expired.sid());
        let line = format!("{name} {rooms:?} {user:?} {}", reason.detail());
        noted.lock().unwrap().push(line);
        async {}
    });
    let io = SocketIo::bare()
        .on("name", |name: String, own: Session<String>| {
            join_room("room").unwrap();
            socketio::set_user(&name).unwrap();
            own.set(name);
        })
        .recovery(recovery)
        .build()
        .unwrap();
    (io, ended)
}

async fn named(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    let client = client.unwrap();
    client.call::<()>("name", name).await.unwrap();
    client
}

fn kept(io: &SocketIo) -> u64 {
    io.metrics().recovery.unwrap().kept_sessions
}

fn outcome(io: &SocketIo, name: &str) -> u64 {
    let outcomes = io.metrics().recovery.unwrap().outcomes;
    let found = outcomes.iter().find(|one| one.name == name);
    found.expect("an outcome of this name").count
}

#[tokio::test(start_paused = true)]
async fn a_session_that_expires_runs_the_handler_once() {
    let (io, ended) = server(Recovery::default().max_disconnection(Duration::from_secs(60)));
    let witness = TestClient::connect(&io, "/").await.unwrap();
    let client = named(&io, "ana").await;
    client.lose(Reason::TransportClose).await;
    sleep(Duration::from_secs(59)).await;
    assert_eq!(kept(&io), 1);
    assert!(ended.lock().unwrap().is_empty());
    let expired = witness.next_named("expired");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(expired.await, event("expired", client.sid()));
    assert_eq!(kept(&io), 0);
    let back = client.recover().await.unwrap();
    assert!(!back.recovered());
    assert_eq!(outcome(&io, "unknown_session"), 1);
    sleep(Duration::from_secs(600)).await;
    let line = r#"ana ["room"] Some("ana") transport close"#;
    assert_eq!(*ended.lock().unwrap(), [line]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_recovered_does_not_expire() {
    let (io, ended) = server(Recovery::default().max_disconnection(Duration::from_secs(60)));
    let mut client = named(&io, "ana").await;
    for _ in 0..5 {
        client.lose(Reason::TransportClose).await;
        advance(Duration::from_secs(50)).await;
        client = client.recover().await.unwrap();
        assert!(client.recovered());
    }
    sleep(Duration::from_secs(600)).await;
    assert!(client.is_connected());
    assert_eq!(outcome(&io, "recovered"), 5);
    assert!(ended.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_oldest_session_is_dropped_when_there_are_too_many() {
    let (io, ended) = server(Recovery::default().max_sessions(2));
    let mut clients = Vec::new();
    for name in ["a", "b", "c"] {
        clients.push(named(&io, name).await);
    }
    for client in &clients {
        client.lose(Reason::TransportClose).await;
    }
    assert_eq!(kept(&io), 2);
    let mut back = Vec::new();
    for client in &clients {
        back.push(client.recover().await.unwrap());
    }
    let recovered: Vec<_> = back.iter().map(TestClient::recovered).collect();
    assert_eq!(recovered, [false, true, true]);
    assert_eq!(outcome(&io, "evicted"), 1);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(ended.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_sessions_that_never_return_takes_no_more_than_its_limit() {
    let (io, _) = server(Recovery::default().max_sessions(10));
    for number in 0..200 {
        let client = named(&io, &number.to_string()).await;
        client.lose(Reason::TransportClose).await;
    }
    assert_eq!(kept(&io), 10);
    sleep(Duration::from_secs(600)).await;
    let recovery = io.metrics().recovery.unwrap();
    assert_eq!((recovery.kept_sessions, recovery.expired), (0, 200));
    // With the last session, the log ends.
    assert_eq!((recovery.kept_events, recovery.kept_bytes), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn events_are_kept_within_their_bytes_and_a_client_that_misses_one_is_not_recovered() {
    let (io, ended) = server(Recovery::default().max_bytes(10_000));
    let client = named(&io, "ana").await;
    client.lose(Reason::TransportClose).await;
    for number in 0..1_000 {
        io.emit("tick", number);
        assert!(io.metrics().recovery.unwrap().kept_bytes <= 10_000);
    }
    let back = client.recover().await.unwrap();
    assert!(!back.recovered());
    assert_ne!(back.sid(), client.sid());
    assert_eq!(back.received_named("tick"), []);
    assert_eq!(outcome(&io, "incomplete"), 1);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(ended.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn events_are_dropped_when_no_client_can_need_them() {
    let (io, _) = server(Recovery::default().max_disconnection(Duration::from_secs(60)));
    let client = named(&io, "ana").await;
    io.emit("tick", 1);
    assert_eq!(io.metrics().recovery.unwrap().kept_events, 1);
    // Longer than the time for which a session is kept and the time in which the loss of a connection is noticed.
    sleep(Duration::from_secs(60 + 25 + 20 + 10 + 20)).await;
    assert_eq!(io.metrics().recovery.unwrap().kept_events, 0);
    client.lose(Reason::TransportClose).await;
    assert!(client.recover().await.unwrap().recovered());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_missed_more_than_its_outbox_holds_is_not_recovered() {
    let io = SocketIo::bare()
        .allow_namespace("/")
        .max_outbox(100, 1_000_000)
        .recovery(Recovery::default())
        .build()
        .unwrap();
    let client = TestClient::builder(&io).recoverable().connect().await;
    let client = client.unwrap();
    client.lose(Reason::TransportClose).await;
    for number in 0..101 {
        io.emit("tick", number);
    }
    assert!(!client.recover().await.unwrap().recovered());
    assert_eq!(outcome(&io, "too_much"), 1);
}

#[tokio::test(start_paused = true)]
async fn kept_sessions_end_with_the_server() {
    let (io, ended) = server(Recovery::default());
    let away = named(&io, "away").await;
    away.lose(Reason::TransportClose).await;
    let _here = named(&io, "here").await;
    io.shutdown().await;
    let line = r#"away ["room"] Some("away") transport close"#;
    assert_eq!(*ended.lock().unwrap(), [line]);
    assert_eq!(kept(&io), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_is_logged_and_the_others_run() {
    let ended = Arc::new(Mutex::new(0));
    let count = Arc::clone(&ended);
    let recovery = Recovery::default().on_expired(move |_| {
        *count.lock().unwrap() += 1;
        assert!(*count.lock().unwrap() != 1, "the first");
        async {}
    });
    let io = SocketIo::bare().allow_namespace("/").recovery(recovery);
    let io = io.build().unwrap();
    for _ in 0..2 {
        let client = TestClient::builder(&io).recoverable().connect().await;
        client.unwrap().lose(Reason::TransportClose).await;
    }
    sleep(Duration::from_secs(200)).await;
    assert_eq!(kept(&io), 0);
}
