//! Handlers that never end: they are dropped at a shutdown or after their client has disconnected, and `disconnect` runs.

use std::{
    future::pending,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use socketio::{Reason, SocketIo, SocketIoBuilder, State};
use test_support::{
    Log, Notes,
    engine_client::{Connector, WebSocket},
    settle,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

/// Notes when it is dropped.
struct Held(Notes);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.add("dropped");
    }
}

async fn never_end(name: &str, notes: State<Notes>) {
    let _held = Held(Notes::clone(&notes));
    notes.add(name);
    pending().await
}

/// A server whose `disconnect` handlers take half a second.
fn builder() -> (SocketIoBuilder, Notes) {
    let notes = Notes::default();
    let builder = SocketIo::bare()
        .on(
            "disconnect",
            |reason: Reason, notes: State<Notes>| async move {
                notes.add(format!("disconnect begins: {reason}"));
                sleep(Duration::from_millis(500)).await;
                notes.add("disconnect ends");
            },
        )
        .state(notes.clone());
    (builder, notes)
}

async fn send(client: &mut WebSocket, packet: &str) {
    client.send(packet).await;
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn at_a_shutdown_disconnect_runs_once_for_a_client_whose_handler_never_ends() {
    for overlapping in [false, true] {
        let (builder, notes) = builder();
        let io = builder
            .on("wait", |notes: State<Notes>| never_end("wait", notes))
            .async_handlers(overlapping)
            .build()
            .unwrap();
        let connector = Connector::serve(&io);
        let mut client = connector.websocket().await;
        client.join("/").await;
        send(&mut client, r#"42["wait"]"#).await;
        assert_eq!(notes.take(), ["wait"]);
        let began = Instant::now();
        io.shutdown().await;
        let expected = [
            "dropped",
            "disconnect begins: server disconnect",
            "disconnect ends",
        ];
        assert_eq!(notes.take(), expected, "overlapping: {overlapping}");
        assert_eq!(began.elapsed(), Duration::from_millis(9500));
        assert_eq!(io.connections(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_shutdown_disconnect_runs_although_an_overlapping_handler_blocks_its_thread() {
    let (unblock, blocked) = mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    let blocks = Arc::new(Notify::new());
    let notes = Notes::default();
    let begun = Arc::clone(&blocks);
    let io = SocketIo::bare()
        .on("block", move || {
            let (blocked, begun) = (Arc::clone(&blocked), Arc::clone(&begun));
            async move {
                // In a task of its own from here on.
                tokio::task::yield_now().await;
                begun.notify_one();
                // Until the test has ended.
                let _ = blocked.lock().unwrap().recv();
            }
        })
        .on("disconnect", |notes: State<Notes>| notes.add("disconnect"))
        .state(notes.clone())
        .async_handlers(true)
        .shutdown_timeout(Duration::from_secs(4))
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    client.send(r#"42["block"]"#).await;
    blocks.notified().await;
    io.shutdown().await;
    assert_eq!(notes.take(), ["disconnect"]);
    drop(unblock);
}

#[tokio::test(start_paused = true)]
async fn a_connect_handler_that_never_ends_is_dropped_a_timeout_after_its_client_disconnects() {
    let log = Log::default();
    let _guard = log.collect();
    let (builder, notes) = builder();
    let io = builder
        .on("connect", |notes: State<Notes>| never_end("connect", notes))
        .connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    send(&mut client, "40").await;
    assert_eq!(notes.take(), ["connect"]);
    // Time spent in `connect` handlers does not count while the client is connected.
    let (packets, open) = client.packets_for(Duration::from_secs(60)).await;
    assert!(packets.is_empty() && open, "{packets:?}");

    drop(client);
    sleep(Duration::from_millis(4900)).await;
    assert_eq!(notes.take(), Vec::<String>::new());
    assert_eq!(io.connections(), 1);
    sleep(Duration::from_millis(200)).await;
    // It was never accepted, so there is no `disconnect`.
    assert_eq!(notes.take(), ["dropped"]);
    assert_eq!(io.connections(), 0);
    let lines = log.lines("a `connect` handler still runs although its client has gone");
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_handler_that_never_ends_is_dropped_at_the_deadline() {
    let notes = Notes::default();
    let io = SocketIo::bare()
        .on("disconnect", |notes: State<Notes>| {
            never_end("disconnect", notes)
        })
        .state(notes.clone())
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut client = connector.websocket().await;
    client.join("/").await;
    let began = Instant::now();
    io.shutdown().await;
    assert_eq!(notes.take(), ["disconnect", "dropped"]);
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(io.connections(), 0);
}
