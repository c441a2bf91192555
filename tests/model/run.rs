//! One run: a server, its clients and an operator, and the checks at the end.

use std::sync::{Arc, Mutex};

use socketio::SocketIo;
use test_support::engine_client::Connector;
use tokio::{
    runtime::{Builder, Handle},
    task::JoinSet,
    time::{Duration, sleep},
};

use crate::{
    faulty::FaultyListener,
    play::play,
    random::Random,
    server,
    world::{NAMESPACES, Settings, World},
};

/// How the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// When all clients have gone.
    Idle,
    /// By a shutdown, while clients are connected.
    Shutdown,
    /// The future that serves is dropped, while clients are connected.
    Dropped,
}

/// Runs a seed and returns what was violated.
pub(crate) fn run(seed: u64, traces: bool) -> Vec<String> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let world = runtime.block_on(simulate(seed, traces));
    drop(runtime);
    let lives = world.lives();
    let references = Arc::strong_count(&world) - lives.len();
    if references != 1 {
        world.violates(format!(
            "{} references to the server's handlers are left",
            references - 1
        ));
    }
    world.violations()
}

async fn simulate(seed: u64, traces: bool) -> Arc<World> {
    let mut random = Random::new(seed);
    let settings = Settings::new(&mut random);
    let world = Arc::new(World::new(settings, traces));
    world.note(|| format!("{:?}", world.settings));
    let io = server::build(&world);
    *world.io.lock().unwrap() = Some(io.clone());
    let (connector, inner) = Connector::duplex();
    let listener = FaultyListener {
        inner,
        random: Arc::new(Mutex::new(random.fork())),
        broken: random.pick(&[0, 10, 50]),
    };
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve((), listener).await }
    });

    let mut players = JoinSet::new();
    for _ in 0..1 + random.below(5) {
        players.spawn(play(Arc::clone(&world), connector.clone(), random.fork()));
    }
    players.spawn(operate(Arc::clone(&world), random.fork()));
    let end = random.pick(&[End::Idle, End::Idle, End::Shutdown, End::Dropped]);
    world.note(|| format!("{end:?}"));
    let time = Duration::from_millis(random.below(20_000));
    if end != End::Idle {
        sleep(time).await;
    }
    match end {
        End::Idle => {}
        End::Shutdown => io.shutdown().await,
        End::Dropped => serving.abort(),
    }
    while let Some(ended) = players.join_next().await {
        if ended.is_err() {
            world.violates("a client panicked".to_owned());
        }
    }
    if end == End::Idle {
        all_leave(&world, &io).await;
    }
    let graceful =
        end == End::Idle || (end == End::Shutdown && world.settings.shutdown_timeout > 1_000);
    io.shutdown().await;
    check_counters(&world, &io);
    serving.abort();
    let _ = serving.await;
    for life in world.lives() {
        life.check_end(graceful);
        life.record().socket = None;
    }
    *world.io.lock().unwrap() = None;
    drop((io, connector));
    // Aborted tasks are dropped by the runtime.
    test_support::settle().await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    if tasks > 0 {
        world.violates(format!("{tasks} tasks are left"));
    }
    let sessions = world.sessions.load(std::sync::atomic::Ordering::Relaxed);
    if sessions > 0 {
        world.violates(format!("{sessions} sessions are left"));
    }
    world
}

/// Waits until the server has noticed that all clients have gone, and checks that nothing of them is left.
async fn all_leave(world: &World, io: &SocketIo) {
    let limit = Duration::from_secs(3_600);
    let gone = async {
        while io.connections() > 0 || io.metrics().tcp_connections > 0 {
            sleep(Duration::from_secs(1)).await;
        }
    };
    if tokio::time::timeout(limit, gone).await.is_err() {
        world.violates(format!("{} connections are left", io.connections()));
    }
    for namespace in NAMESPACES {
        let left = io.sockets(namespace).len();
        if left > 0 {
            world.violates(format!("{left} clients are left in {namespace}"));
        }
        for room in 0..4 {
            let left = io.of(namespace).to(format!("room {room}")).sockets().len();
            if left > 0 {
                world.violates(format!("{left} clients are left in room {room}"));
            }
        }
    }
}

/// Compares the counters of the server with the model.
fn check_counters(world: &World, io: &SocketIo) {
    let metrics = io.metrics();
    let differ = |what: &str, counted: u64, expected: u64| {
        if counted != expected {
            world.violates(format!("metrics: {what}: {counted}, expected {expected}"));
        }
    };
    let opened: u64 = metrics.connections.iter().map(|one| one.opened).sum();
    let closed: u64 = metrics.closed.iter().map(|one| one.count).sum();
    differ("open connections", metrics.open_connections(), 0);
    differ("closed connections", closed, opened);
    differ("TCP connections", metrics.tcp_connections, 0);
    differ("messages that wait", metrics.outbox.messages, 0);
    differ("bytes that wait", metrics.outbox.memory, 0);
    let clients = metrics.namespaces.iter().map(|one| one.clients).sum();
    differ("clients", clients, 0);
    let accepted = world.accepted.load(std::sync::atomic::Ordering::Relaxed);
    if !world.settings.always_connect {
        differ("accepted clients", metrics.clients_accepted, accepted);
    }
}

/// Acts at random times as a program does outside of handlers.
async fn operate(world: Arc<World>, mut random: Random) {
    for _ in 0..random.below(12) {
        sleep(Duration::from_millis(random.below(1_500))).await;
        let io = world.io();
        let namespace = random.pick(&NAMESPACES);
        let room = random.below(4);
        let name = format!("room {room}");
        match random.below(10) {
            0..4 => {
                let message = world.emits_to(namespace, Some(room));
                io.of(namespace).to(name).emit("message", message);
            }
            4..7 => {
                let message = world.emits_to(namespace, None);
                io.of(namespace).emit("message", message);
            }
            7 => {
                io.of(namespace).close_room(name).expect("an ordinary room");
                world.room_closes(namespace, room);
            }
            8 => {
                let sockets = io.sockets(namespace);
                if let Some(socket) = sockets.first() {
                    socket.disconnect();
                }
            }
            _ => {
                let message = world.emits_to(namespace, Some(room));
                let called = io.of(namespace).to(name).timeout(Duration::from_secs(1));
                if let Ok(answers) = called.call_all::<u64>("question", message).await {
                    let wrong = answers.into_iter().filter_map(|(_, answer)| answer.ok());
                    for wrong in wrong.filter(|answer| *answer != message) {
                        world.violates(format!("call_all: {wrong} for {message}"));
                    }
                }
            }
        }
    }
}
