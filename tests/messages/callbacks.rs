//! Callbacks: run once for each client, in the context of the sender, and are freed with their client.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use socketio::{SocketIo, State, broadcast, emit, handlers, join_room, sid, to};
use socketio_test::{TestClient, event};
use test_support::Notes;

use crate::server::client;

#[tokio::test]
async fn a_callback_runs_once_for_each_client_in_the_context_of_the_sender() {
    #[socketio::event]
    async fn poll(notes: State<Notes>) {
        broadcast()
            .callback(move |answer: String| {
                let notes = notes.clone();
                async move {
                    notes.add(answer);
                    emit("noted", sid());
                }
            })
            .emit("who", ());
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![poll])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let quiet = TestClient::connect(&io, "/").await.unwrap();
    ana.on("who", |()| "ana");
    bo.on("who", |()| "bo");
    ana.emit("poll", ()).await.unwrap();
    for _ in 0..2 {
        let noted = ana.next_named("noted").await;
        assert_eq!(noted, event("noted", ana.sid()));
    }
    let mut names = notes.take();
    names.sort_unstable();
    assert_eq!(names, ["ana", "bo"]);
    assert_eq!(quiet.received(), [event("who", ())]);
    assert!(bo.received_named("noted").is_empty());
}

#[tokio::test]
async fn callbacks_are_closures_with_or_without_a_future() {
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let io = SocketIo::bare()
        .on("plain", move || {
            let seen = Arc::clone(&seen);
            let callback = move |(answer, more): (u64, u64)| {
                seen.store(true, Relaxed);
                emit("answered", answer + more);
            };
            let me = socketio::sid();
            to(me).callback(callback).emit("ask", ());
        })
        .on("future", || {
            let callback = |answer: u64| async move { emit("answered", answer) };
            to(socketio::sid()).callback(callback).emit("ask", ());
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("ask", |()| (20, 22));
    client.emit("plain", ()).await.unwrap();
    assert_eq!(client.next_named("answered").await, event("answered", 42));
    assert!(done.load(Relaxed));
    client.emit("future", ()).await.unwrap();
    assert_eq!(client.next_named("answered").await, event("answered", 20));
}

#[tokio::test]
async fn a_callback_runs_when_its_sender_has_disconnected() {
    let io = SocketIo::bare()
        .on("ask", |other: String| {
            to(other)
                .callback(|name: String| async move {
                    emit("unheard", ());
                    broadcast().emit("asked", name);
                })
                .emit("who", ());
        })
        .build()
        .unwrap();
    let [ana, bo] = [client(&io, "/").await, client(&io, "/").await];
    ana.emit("ask", bo.sid()).await.unwrap();
    ana.close().await;
    let question = bo.next().await;
    bo.ack(&question, "bo").await.unwrap();
    assert_eq!(bo.next().await, event("asked", "bo"));
}

// D32
#[tokio::test]
async fn the_values_of_a_callback_are_dropped_when_its_client_disconnects() {
    let held = Arc::new(());
    let io = SocketIo::bare()
        .on("join", || join_room("lobby"))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("join", ()).await.unwrap();
    let kept = Arc::clone(&held);
    io.to("lobby")
        .callback(move |()| {
            let _kept = Arc::clone(&kept);
            async {}
        })
        .emit("question", ());
    assert_eq!(Arc::strong_count(&held), 2);
    client.close().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

/// If it were dropped under a lock of the client, its `drop` would deadlock.
#[tokio::test]
async fn a_callback_that_is_refused_inside_connect_is_dropped_under_no_lock() {
    struct Owner(socketio::Socket, Notes);

    impl Drop for Owner {
        fn drop(&mut self) {
            self.1.add(format!("{} rooms", self.0.rooms().len()));
        }
    }

    let notes = Notes::default();
    let seen = notes.clone();
    let io = SocketIo::bare()
        .max_outbox(1, 1_000)
        .on("connect", move |socket: socketio::Socket| {
            for _ in 0..2 {
                let owner = Owner(socket.clone(), seen.clone());
                let callback = move |()| owner.1.add("called");
                to(sid()).callback(callback).emit("ask", ());
            }
            seen.add("asked");
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await;
    assert_eq!(notes.take()[..2], ["1 rooms", "asked"]);
    drop(client);
}
