//! The server under test. `/state` returns its contents and its counters.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use socketio::{Session, SocketIo, SocketIoBuilder, State, bytes::Bytes};
use tokio::net::TcpListener;

use crate::state::State as Counted;

/// The counters of the handlers.
#[derive(Default)]
struct Counts {
    connects: AtomicU64,
    disconnects: AtomicU64,
    sessions: AtomicU64,
}

/// Counted while it lives.
#[derive(Default)]
struct Seat(Option<Arc<Counts>>);

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(counts) = &self.0 {
            counts.sessions.fetch_sub(1, Relaxed);
        }
    }
}

fn builder(counts: &Arc<Counts>) -> SocketIoBuilder {
    SocketIo::bare()
        .on("connect", |seat: Session<Seat>, counts: State<Counts>| {
            counts.connects.fetch_add(1, Relaxed);
            counts.sessions.fetch_add(1, Relaxed);
            let counts = counts.into_inner();
            seat.set(Seat(Some(counts)));
        })
        .on("disconnect", |counts: State<Counts>| {
            counts.disconnects.fetch_add(1, Relaxed);
        })
        .on("echo", |number: u64| number)
        .on("bytes", |bytes: Bytes| bytes)
        .on("join", |room: String| socketio::join_room(&room))
        .on("say", |room: String, text: String| {
            socketio::to(&room).emit("said", text)
        })
        .on("wait", |milliseconds: u64| async move {
            tokio::time::sleep(Duration::from_millis(milliseconds.min(1_000))).await;
        })
        .on("panic", || -> () { panic!("asked for") })
        .on("fill", |messages: u64, bytes: usize| {
            let text = "x".repeat(bytes.min(1 << 20));
            for _ in 0..messages.min(1_000) {
                // A client that does not read is disconnected.
                let _ = socketio::try_emit("filled", &text);
            }
        })
        .shared_state(Arc::clone(counts))
        .ping_interval(Duration::from_secs(5))
        // With two processors for three programs, connections may wait for seconds until they are accepted.
        .ping_timeout(Duration::from_secs(20))
        .max_outbox_total(256 << 20)
}

/// Prints its address, and serves until it is killed.
pub(crate) async fn run() {
    std::panic::set_hook(Box::new(|_| {}));
    let counts = Arc::new(Counts::default());
    let io = builder(&counts).build().expect("the options are valid");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let state = io.clone();
    let app = Router::new().route(
        "/state",
        get(move || {
            let (io, counts) = (state.clone(), Arc::clone(&counts));
            async move { serde_json::to_string(&counted(&io, &counts)).expect("plain data") }
        }),
    );
    io.serve(app, listener).await.expect("it serves");
}

fn counted(io: &SocketIo, counts: &Counts) -> Counted {
    let metrics = io.metrics();
    let rooms = ["a", "b", "c", "d"];
    let in_rooms = rooms.iter().map(|room| io.to(*room).sockets().len() as u64);
    Counted {
        connections: metrics.open_connections(),
        opened: metrics.connections.iter().map(|one| one.opened).sum(),
        closed: metrics.closed.iter().map(|one| one.count).sum(),
        tcp_connections: metrics.tcp_connections,
        clients: metrics.namespaces.iter().map(|one| one.clients).sum(),
        in_rooms: in_rooms.sum(),
        outbox_bytes: metrics.outbox.memory,
        accepted: metrics.clients_accepted,
        connects: counts.connects.load(Relaxed),
        disconnects: counts.disconnects.load(Relaxed),
        sessions: counts.sessions.load(Relaxed),
        events: metrics.events.iter().map(|one| one.received).sum(),
        slow_clients: metrics.outbox.slow_clients,
        decode_errors: metrics.decode_errors(),
        tasks: tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks() as u64,
    }
}
