//! The turn policy of a connection: handlers starve neither the I/O of their own connection nor other clients, a closing
//! connection costs nothing, and a burst is not a slow client.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use socketio::{Reason, Socket, SocketIo, SocketIoBuilder, State};
use test_support::{
    Notes,
    engine_client::{Connector, WebSocket},
};
use tokio::sync::Notify;

/// Uses up the cooperative budget of its task in every poll, as a handler that drains a full channel does.
async fn always_ready(times: usize, mut each: impl FnMut(usize)) {
    for time in 0..times {
        each(time);
        tokio::task::consume_budget().await;
    }
}

async fn count_events(client: &mut WebSocket, events: usize) {
    for _ in 0..events {
        assert!(
            client.next_packet().await.is_some(),
            "the connection was closed"
        );
    }
}

/// A server with a handler for each way to be busy, and the reasons of its disconnects.
fn server() -> (SocketIo, Notes) {
    build(SocketIo::bare())
}

fn build(builder: SocketIoBuilder) -> (SocketIo, Notes) {
    let notes = Notes::default();
    let io = builder
        .on("flood", |socket: Socket, events: usize| async move {
            always_ready(events, |number| socket.emit("n", number)).await;
        })
        .on("busy", |millis: u64| async move {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(millis) {
                tokio::task::consume_budget().await;
            }
        })
        .on("burst", |socket: Socket, events: usize, bytes: usize| {
            let payload = Bytes::from(vec![7; bytes]);
            for _ in 0..events {
                socket.emit("blob", &payload);
            }
        })
        .on("close", |socket: Socket| async move {
            socket.close();
            tokio::time::sleep(Duration::from_millis(100)).await;
            1
        })
        .on("disconnect", |reason: Reason, notes: State<Notes>| {
            notes.add(reason.as_str());
        })
        .state(notes.clone())
        .build()
        .unwrap();
    (io, notes)
}

#[tokio::test]
async fn a_handler_that_is_always_ready_does_not_hold_back_what_it_emits() {
    let (io, notes) = server();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.send(r#"421["flood",100000]"#).await;
    count_events(&mut client, 100_000).await;
    assert_eq!(client.next_packet().await.as_deref(), Some("431[]"));
    assert!(notes.take().is_empty());
}

#[tokio::test]
async fn a_handler_that_is_always_ready_does_not_stop_the_heartbeat() {
    let (io, _) = build(
        SocketIo::bare()
            .ping_interval(Duration::from_millis(200))
            .ping_timeout(Duration::from_millis(200)),
    );
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.send(r#"421["busy",1200]"#).await;
    assert_eq!(client.next_packet().await.as_deref(), Some("431[]"));
    assert!(client.pings() >= 2, "{}", client.pings());
}

/// With paused time, a task that spins stops the clock, so this test would not end.
#[tokio::test(start_paused = true)]
async fn an_acknowledgement_after_close_costs_nothing_while_the_client_ignores_close() {
    let (io, _) = server();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.send(r#"421["close"]"#).await;
    let began = tokio::time::Instant::now();
    let frames = client.frames_to_the_end().await;
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "ended by the close timeout: {frames:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_invalid_packet_while_a_handler_runs_costs_nothing_either() {
    let io = SocketIo::bare()
        .on("slow", || async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            1
        })
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.send(r#"421["slow"]"#).await;
    client.send("4nonsense").await;
    client.frames_to_the_end().await;
}

#[tokio::test]
async fn a_burst_in_one_handler_reaches_a_client_that_reads() {
    let (io, notes) = server();
    let connector = Connector::serve(&io);
    // In each: more messages, and more bytes, than an outbox holds (65,536 and 16 MiB).
    for (events, bytes) in [(40, 1_000_000), (33_000, 1), (1, 30_000_000)] {
        let mut client = connector.websocket().await;
        client.join("/").await;
        let sid = io.sockets("/")[0].sid().clone();
        client
            .send(&format!(r#"421["burst",{events},{bytes}]"#))
            .await;
        // Each event is a text frame and a binary one.
        for _ in 0..events {
            assert!(
                client.frame().await.is_some(),
                "closed by {:?}",
                notes.take()
            );
            assert!(
                client.frame().await.is_some(),
                "closed by {:?}",
                notes.take()
            );
        }
        assert_eq!(client.next_packet().await.as_deref(), Some("431[]"));
        assert!(notes.take().is_empty());
        io.socket("/", &sid).unwrap().close();
        while notes.take().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_handler_that_emits_more_than_a_burst_fails_and_its_client_stays() {
    let (io, notes) = server();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.send(r#"421["burst",200,1000000]"#).await;
    let mut answer = String::new();
    while !answer.starts_with("431") {
        answer = client.next_packet().await.expect("the client stays");
    }
    assert_eq!(answer, r#"431[{"error":"internal error"}]"#);
    assert!(notes.take().is_empty());
}

/// Computes for 20 ms.
fn compute() {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(20) {
        std::hint::spin_loop();
    }
}

/// Counts events that compute. The first of them waits until the clients have sent everything.
struct Work {
    begun: AtomicUsize,
    all_sent: Barrier,
}

impl Work {
    fn new() -> Arc<Self> {
        Arc::new(Work {
            begun: AtomicUsize::new(0),
            all_sent: Barrier::new(2),
        })
    }

    fn compute(&self) {
        if self.begun.fetch_add(1, Ordering::SeqCst) == 0 {
            self.all_sent.wait();
        }
        compute();
    }
}

/// One client sends 40 events that compute, then another client sends one, whose handler must run before the last of the 40. The server
/// counts the events, so that the result does not depend on when the clients read.
async fn serves_others_between_events(builder: SocketIoBuilder, work: Arc<Work>) {
    let begun = Arc::clone(&work);
    let io = builder
        .on("begun", move || begun.begun.load(Ordering::SeqCst))
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let (mut busy, mut other) = (connector.websocket().await, connector.websocket().await);
    busy.join("/").await;
    other.join("/").await;
    for id in 0..40 {
        busy.send(&format!(r#"42{id}["compute"]"#)).await;
    }
    other.send(r#"421["begun"]"#).await;
    work.all_sent.wait();
    let answer = other.next_packet().await.unwrap();
    let begun = answer.trim_start_matches("431[").trim_end_matches(']');
    assert!(begun.parse::<u32>().unwrap() < 40, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_events_that_compute_are_handled_in_turns_with_those_of_other_clients() {
    let work = Work::new();
    let computing = Arc::clone(&work);
    let builder = SocketIo::bare().on("compute", move || computing.compute());
    serves_others_between_events(builder, work).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn concurrent_events_that_compute_and_then_wait_are_handled_in_turns_as_well() {
    let work = Work::new();
    let computing = Arc::clone(&work);
    let builder = SocketIo::bare().async_handlers(true);
    let builder = builder.on("compute", move || {
        let computing = Arc::clone(&computing);
        async move {
            computing.compute();
            tokio::task::yield_now().await;
        }
    });
    serves_others_between_events(builder, work).await;
}

/// Both namespaces are of one connection. The events of the first wait in its inbox when the second is left.
#[tokio::test]
async fn the_waiting_events_of_one_namespace_do_not_delay_the_end_of_another() {
    let notes = Notes::default();
    let io = SocketIo::bare()
        .on("wait", async |gate: State<Notify>| gate.notified().await)
        .on("compute", |notes: State<Notes>| {
            compute();
            notes.add("computed");
        })
        .on_in("/quiet", "open", |gate: State<Notify>| gate.notify_one())
        .on_in("/quiet", "disconnect", |notes: State<Notes>| {
            notes.add("left");
        })
        .state(notes.clone())
        .state(Notify::new())
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.join("/quiet").await;
    client.send(r#"42["wait"]"#).await;
    for id in 0..40 {
        client.send(&format!(r#"42{id}["compute"]"#)).await;
    }
    client.send(r#"42/quiet,["open"]"#).await;
    client.send("41/quiet,").await;
    while client.next_packet().await.unwrap() != "4339[]" {}
    let notes = notes.take();
    let left = notes.iter().position(|note| note == "left");
    assert!(left.is_some_and(|left| left < 10), "{notes:?}");
}
