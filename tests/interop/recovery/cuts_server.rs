//! A server for clients whose connections are cut at random: `cuts_server --port 3000 --seed 1`
//!
//! Options in milliseconds: `--ping-interval`, `--ping-timeout`, `--max-disconnection`, and `--pause` (between two events). With `--redis URL`,
//! the server is one of several nodes. It prints `READY` when it accepts connections.
//!
//! From `start` to `stop` it emits events of many streams: to everyone, to rooms, to users, to single clients, to rooms with a history. Each
//! has the name of its stream and its number there, so that a client can detect missing events. A client learns the last numbers from `hello`,
//! `join` and `follow`: all later events are for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{
    Auth, ConnectionRefused, Deliveries, EventHandlerExt, Expired, History, Once, Position,
    Recovered, Recovery, RedisOnce, RedisStreams, Session, Socket, SocketIo, State, To,
    bytes::Bytes, join_room, join_since, message_queue::Redis,
};

/// The number of rooms, and of users.
const ROOMS: u64 = 4;
const USERS: u64 = 10;

#[derive(Deserialize)]
struct Login {
    user: String,
}

/// The number of times that a client was connected with its session.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Visits(u32);

struct Stage {
    /// Part of the names of streams, which differ between processes.
    name: String,
    journal: Mutex<Journal>,
    random: AtomicU64,
}

/// The record of what has happened. Its lock is held while an event is emitted or a room is joined, so that their order is known.
#[derive(Default)]
struct Journal {
    is_running: bool,
    /// The last number of each stream.
    numbers: BTreeMap<String, u32>,
    /// The clients that receive events of their own.
    sids: BTreeSet<String>,
    connected: BTreeSet<String>,
    /// The number of times that each order was handled.
    orders: BTreeMap<String, u32>,
    /// Descriptions of what must not have happened.
    mistakes: Vec<String>,
}

impl Journal {
    fn last(&self, stream: &str) -> u32 {
        self.numbers.get(stream).copied().unwrap_or_default()
    }
}

impl Stage {
    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a number below `end`, which follows from the seed.
    fn below(&self, end: u64) -> u64 {
        let mut mixed = self
            .random
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// Emits the next event of a stream that is chosen at random.
    fn emit(&self, io: &SocketIo) {
        let journal = &mut *self.journal();
        let all = io.broadcast();
        let (kind, to): (String, To) = match self.below(16) {
            0..=2 => ("all".into(), all),
            3..=6 => {
                let room = format!("room:{}", self.below(ROOMS));
                (room.clone(), io.to(room))
            }
            7 => {
                let room = format!("room:{}", self.below(ROOMS));
                (format!("except {room}"), all.except(room))
            }
            8 | 9 => {
                let user = format!("u{}", self.below(USERS));
                (format!("user {user}"), io.to_user(user))
            }
            10 => ("volatile".into(), all.volatile()),
            11 | 12 if !journal.sids.is_empty() => {
                let index = self.below(journal.sids.len() as u64) as usize;
                let sid = journal.sids.iter().nth(index).cloned().unwrap_or_default();
                (format!("sid {sid}"), io.to(sid))
            }
            13 => {
                let room = format!("room:{}", self.below(ROOMS));
                // Two rooms, of which one has no clients.
                (format!("rooms {room}"), io.to([room, "nobody".to_owned()]))
            }
            _ => {
                let room = format!("log:{}", self.below(2));
                (room.clone(), io.to(room))
            }
        };
        let stream = format!("{} {kind}", self.name);
        let number = journal.numbers.entry(stream.clone()).or_default();
        *number += 1;
        let head = (stream, *number, now());
        match self.below(12) {
            0 => to.emit(
                "e",
                (
                    head,
                    Bytes::from(vec![*number as u8; self.below(3_000) as usize]),
                ),
            ),
            1 => to.emit("e", (head, "x".repeat(self.below(30_000) as usize))),
            _ => to.emit("e", (head,)),
        }
    }
}

type OnStage = State<Stage>;

fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_millis() as u64
}

async fn connect(
    login: Auth<Login>,
    socket: Socket,
    recovered: Recovered,
    visits: Session<Visits>,
    stage: OnStage,
) -> Result<(), ConnectionRefused> {
    tokio::time::sleep(Duration::from_millis(stage.below(15))).await;
    if stage.below(40) == 0 {
        return Err(ConnectionRefused::new("not now"));
    }
    if socket.set_user(&login.user).is_err() {
        return Err(ConnectionRefused::new("no user"));
    }
    visits.update(|visits| visits.0 += 1);
    if recovered.0 == (visits.get().0 == 1) {
        let sid = socket.sid();
        stage.journal().mistakes.push(format!(
            "{sid} has {} visits, recovered: {}",
            visits.get().0,
            recovered.0
        ));
    }
    if !stage.journal().connected.insert(socket.sid().to_string()) {
        stage
            .journal()
            .mistakes
            .push(format!("{} connects twice", socket.sid()));
    }
    Ok(())
}

async fn disconnect(socket: Socket, stage: OnStage) {
    let sid = socket.sid().to_string();
    let journal = &mut *stage.journal();
    if !journal.connected.remove(&sid) {
        journal.mistakes.push(format!("{sid} disconnects twice"));
    }
    if !socket.is_session_kept() {
        journal.sids.remove(&sid);
    }
}

/// Returns the rooms, the number of visits, and the last numbers of the streams to everyone and to the user.
async fn hello(socket: Socket, visits: Session<Visits>, stage: OnStage) -> Value {
    let journal = &mut *stage.journal();
    journal.sids.insert(socket.sid().to_string());
    let user = socket.user().unwrap_or_default();
    let name = &stage.name;
    let streams = [format!("{name} all"), format!("{name} user {user}")];
    let last: BTreeMap<_, _> = streams
        .iter()
        .map(|stream| (stream, journal.last(stream)))
        .collect();
    json!({ "rooms": socket.rooms(), "visits": visits.get().0, "last": last })
}

/// Returns whether the client was already in the room, and the last numbers of the streams to it.
async fn join(room: String, socket: Socket, stage: OnStage) -> socketio::Result<Value> {
    let journal = stage.journal();
    let already = socket.rooms().contains(&room);
    join_room(&room)?;
    let name = &stage.name;
    let streams = [format!("{name} {room}"), format!("{name} rooms {room}")];
    let last: BTreeMap<_, _> = streams
        .iter()
        .map(|stream| (stream, journal.last(stream)))
        .collect();
    Ok(json!({ "already": already, "last": last }))
}

async fn follow(room: String, since: Option<Position>, stage: OnStage) -> socketio::Result<Value> {
    let journal = stage.journal();
    let joined = join_since(&room, since)?;
    let stream = format!("{} {room}", stage.name);
    Ok(json!({ "joined": joined, "last": { &stream: journal.last(&stream) } }))
}

async fn order(id: String, stage: OnStage) -> String {
    tokio::time::sleep(Duration::from_millis(stage.below(30))).await;
    *stage.journal().orders.entry(id.clone()).or_default() += 1;
    id
}

/// Sends a parcel to a user, which is kept until it is acknowledged.
async fn parcel(user: String, number: u32, io: SocketIo) -> bool {
    io.to_user(user).deliver("parcel", number).await.is_ok()
}

async fn start(io: SocketIo, stage: OnStage, pause: State<Duration>) {
    if std::mem::replace(&mut stage.journal().is_running, true) {
        return;
    }
    let (stage, pause) = (stage.clone(), *pause);
    io.spawn(async move |io| {
        while stage.journal().is_running {
            tokio::time::sleep(pause).await;
            for _ in 0..stage.below(4) {
                stage.emit(&io);
            }
        }
    });
}

/// Stops the emitting that `start` has begun. Returns the record of what has happened.
async fn stop(stage: OnStage) -> Value {
    let journal = &mut *stage.journal();
    journal.is_running = false;
    json!({ "numbers": journal.numbers, "orders": journal.orders, "mistakes": journal.mistakes, "connected": journal.connected })
}

async fn health(io: SocketIo) -> bool {
    io.health().store.is_none_or(|store| store.is_available)
}

async fn outcomes(io: SocketIo) -> String {
    let text = io.metrics().to_prometheus();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("socketio_recovery_outcomes"));
    lines.collect::<Vec<_>>().join("\n")
}

fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}

fn number(name: &str, default: u64) -> u64 {
    let given = option(name).and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

fn millis(name: &str, default: u64) -> Duration {
    Duration::from_millis(number(name, default))
}

#[tokio::main]
async fn main() -> socketio::Result {
    let port = number("--port", 3000);
    let seed = number("--seed", 1);
    let stage = Arc::new(Stage {
        name: format!("{port}/{}", std::process::id()),
        journal: Mutex::default(),
        random: AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    });
    let seen = Arc::clone(&stage);
    let recovery = Recovery::default()
        .max_disconnection(millis("--max-disconnection", 4_000))
        .keep_session::<Visits>()
        .on_expired(move |expired: Expired| {
            seen.journal().sids.remove(expired.sid().as_str());
            async {}
        });
    let mut io = SocketIo::bare()
        .logger(std::env::var_os("RUST_LOG").is_some())
        .shared_state(stage)
        .state(millis("--pause", 10))
        .on("connect", connect)
        .on("disconnect", disconnect)
        .on("hello", hello)
        .on("join", join)
        .on("follow", follow)
        .on("order", order.once(|id: String| id))
        .on_in("/control", "parcel", parcel)
        .on_in("/control", "start", start)
        .on_in("/control", "stop", stop)
        .on_in("/control", "health", health)
        .on_in("/control", "outcomes", outcomes)
        .history("/", "log:{id}", History::new().max_events(20_000))
        .recovery(recovery)
        .ping_interval(millis("--ping-interval", 1_000))
        .ping_timeout(millis("--ping-timeout", 1_000))
        .upgrade_timeout(Duration::from_secs(1));
    let mut deliveries = Deliveries::default()
        .ack_timeout(Duration::from_secs(1))
        .max_attempts(1_000);
    let mut once = Once::default();
    if let Some(url) = option("--redis") {
        deliveries = deliveries.redis(Redis::new(&url)?, "cuts");
        // A killed node keeps its claims until the lease ends. The default of 30 seconds is too long for a test.
        let lease = Duration::from_secs(3);
        once = once.store(RedisOnce::new(&url)?).lease(lease);
        io = io
            .message_queue(&*url)
            .event_store(RedisStreams::new(&url)?);
    }
    let io = io.deliveries(deliveries).once(once).build()?;
    io.subscribed().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", u16::try_from(port)?)).await?;
    println!("READY");
    io.serve((), listener).await
}
