//! The server of the tests of recovery: `recovery_server --port 3000 --max-disconnection 2000`
//!
//! Options, in milliseconds and bytes: `--max-disconnection`, `--max-bytes`, `--max-sessions`, `--ping-interval`,
//! `--ping-timeout`. It prints `READY` once it accepts connections. The namespace `/control` tells it what to do, and `/` and
//! `/other` have the clients that lose their connections.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use socketio::{
    ConnectionRefused, ConnectionSession, Data, Expired, Reason, Recovered, Recovery, Rest,
    Session, Socket, SocketIo, State, To, bytes::Bytes, event, join_room, leave_room, on,
};
use tokio::sync::watch;

/// The instructions for the handlers, and the log of their calls.
struct Stage {
    log: Mutex<Vec<Value>>,
    refusing: watch::Sender<bool>,
    holding: watch::Sender<bool>,
    /// A room that `connect` leaves.
    forbidden: Mutex<Option<String>>,
    /// How often `order` has run.
    orders: AtomicUsize,
}

impl Stage {
    fn add(&self, line: Value) {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
}

type OnStage = State<Stage>;

#[event]
#[event(namespace = "/other")]
async fn connect(
    stage: OnStage,
    socket: Socket,
    recovered: Recovered,
    name: Session<String>,
) -> Result<(), ConnectionRefused> {
    let mut holding = stage.holding.subscribe();
    // It can't fail: the state keeps the sender.
    let _ = holding.wait_for(|holding| !holding).await;
    stage.add(json!({
        "connect": socket.sid(), "recovered": recovered.0, "rooms": socket.rooms(), "name": name.get(),
    }));
    if *stage.refusing.borrow() {
        return Err(ConnectionRefused::new("not now"));
    }
    let forbidden = stage
        .forbidden
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(room) = forbidden {
        leave_room(room);
    }
    if socket.request().query("quiet").is_none() {
        socket.emit("welcome", recovered.0);
    }
    Ok(())
}

#[event]
#[event(namespace = "/other")]
async fn disconnect(stage: OnStage, socket: Socket, reason: Reason) {
    stage.add(json!({
        "disconnect": socket.sid(), "reason": reason.detail(), "kept": socket.is_session_kept(),
    }));
}

#[event]
#[event(namespace = "/other")]
async fn join(room: String) -> socketio::Result {
    Ok(join_room(room)?)
}

#[event]
async fn leave(room: String) {
    leave_room(room);
}

#[on("set name")]
async fn set_name(name: String, own: Session<String>, shared: ConnectionSession<String>) {
    shared.set(format!("{name} of all"));
    own.set(name);
}

#[on("who am i")]
async fn who_am_i(
    socket: Socket,
    own: Session<String>,
    shared: ConnectionSession<String>,
    recovered: Recovered,
) -> Value {
    json!({
        "sid": socket.sid(), "rooms": socket.rooms(), "name": own.get(), "shared": shared.get(),
        "recovered": recovered.0, "user": socket.user(),
    })
}

#[on("log in")]
async fn log_in(user: String, socket: Socket) -> socketio::Result {
    Ok(socket.set_user(user)?)
}

/// Runs once for its id, also if the client repeats it. Returns how many have run.
#[on("order", once = id)]
async fn order(id: String, stage: OnStage) -> usize {
    stage.add(json!({ "order": id }));
    let mut holding = stage.holding.subscribe();
    // It can't fail: the state keeps the sender.
    let _ = holding.wait_for(|holding| !holding).await;
    stage.orders.fetch_add(1, Ordering::SeqCst) + 1
}

/// Emits to the sender, with binary data if it is asked for.
#[event]
async fn echo(socket: Socket, arguments: Rest<Data>) {
    socket.emit("echoed", arguments);
}

/// Emits numbered events to the clients that are addressed: `{to?, except?, skip?, sid?, user?, event?, from, to}`.
#[on("emit", namespace = "/control")]
async fn emit(io: SocketIo, order: Value) {
    let event = order["event"].as_str().unwrap_or("tick");
    let count = order["count"].as_u64().unwrap_or(1);
    let first = order["first"].as_u64().unwrap_or(1);
    for number in first..first + count {
        let to = recipients(&io, &order);
        match order["bytes"].as_u64() {
            Some(bytes) => to.emit(event, (number, Bytes::from(vec![7; bytes as usize]))),
            None => to.emit(event, number),
        }
    }
}

fn recipients(io: &SocketIo, order: &Value) -> To {
    let mut to = io.of(order["namespace"].as_str().unwrap_or("/"));
    if let Some(room) = order["room"].as_str() {
        to = to.to(room);
    }
    if let Some(user) = order["user"].as_str() {
        to = to.to_user(user);
    }
    if let Some(room) = order["except"].as_str() {
        to = to.except(room);
    }
    if let Some(sid) = order["skip"].as_str() {
        to = to.skip(sid);
    }
    to
}

/// Asks everyone for an acknowledgement; returns how many came.
#[on("ask all", namespace = "/control")]
async fn ask_all(io: SocketIo) -> usize {
    let asked = io.broadcast().timeout(Duration::from_secs(5));
    let answers = asked.call_all::<Value>("question", "a string").await;
    answers.map_or(0, |answers| answers.len())
}

/// Makes `connect` refuse, wait, or leave a room.
#[on("set", namespace = "/control")]
async fn set(stage: OnStage, what: String, value: Value) {
    match &*what {
        "refusing" => _ = stage.refusing.send_replace(value == true),
        "holding" => _ = stage.holding.send_replace(value == true),
        _ => {
            let mut forbidden = stage
                .forbidden
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *forbidden = value.as_str().map(str::to_owned);
        }
    }
}

/// Returns the entries of the log since the last call.
#[on("log", namespace = "/control")]
async fn log(stage: OnStage) -> Vec<Value> {
    std::mem::take(&mut *stage.log.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Removes a client from a room, or disconnects it.
#[on("remove", namespace = "/control")]
async fn remove(io: SocketIo, sid: String, room: Option<String>) {
    match (io.socket("/", &sid), room) {
        (Some(socket), Some(room)) => socket.leave_room(room),
        (Some(socket), None) => socket.disconnect(),
        (None, _) => {}
    }
}

#[on("sids", namespace = "/control")]
async fn sids(io: SocketIo) -> Vec<String> {
    let sockets = io.sockets("/");
    sockets.iter().map(|one| one.sid().to_string()).collect()
}

#[tokio::main]
async fn main() -> socketio::Result {
    let (mut port, mut recovery) = (3000, Recovery::default());
    let (mut ping_interval, mut ping_timeout) = (Duration::from_secs(25), Duration::from_secs(20));
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        let millis = || value.parse().map(Duration::from_millis);
        match &*name {
            "--port" => port = value.parse()?,
            "--max-disconnection" => recovery = recovery.max_disconnection(millis()?),
            "--max-bytes" => recovery = recovery.max_bytes(value.parse()?),
            "--max-sessions" => recovery = recovery.max_sessions(value.parse()?),
            "--ping-interval" => ping_interval = millis()?,
            "--ping-timeout" => ping_timeout = millis()?,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    let stage = Arc::new(Stage {
        log: Mutex::default(),
        refusing: watch::Sender::new(false),
        holding: watch::Sender::new(false),
        forbidden: Mutex::default(),
        orders: AtomicUsize::new(0),
    });
    let seen = Arc::clone(&stage);
    let recovery = recovery.on_expired(move |expired: Expired| {
        let name = expired.session::<String>().get();
        seen.add(json!({"expired": expired.sid(), "rooms": expired.rooms(), "name": name}));
        async {}
    });
    let io = SocketIo::builder()
        .shared_state(stage)
        .recovery(recovery)
        .ping_interval(ping_interval)
        .ping_timeout(ping_timeout)
        .build()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("READY");
    io.serve((), listener).await
}
