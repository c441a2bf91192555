//! A node that `tests/interop/js/rolling` restarts: `rolling_node --redis URL --port PORT --effects FILE`, with `--batch CONNECTIONS` and
//! `--deadline SECONDS` for its drain. It prints `ready` when it serves.
//!
//! `order` appends the key of the order to a file: the effect, which must happen once. With `--crash-before-ack KEY` the process is killed after
//! the effect of that key, before its response is stored; with `--transaction`, the effect and the response are one line, which is
//! written at once.
//!
//! With `--store`, sessions and histories are in Redis, too: `join`, `emit`, `look` and `page` are about them, and `health` says whether
//! it can be reached.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, Deliveries, Drain, EventHandlerExt, History, HistoryPage, Once,
    OnceTransaction, Position, Recovery, RedisOnce, RedisStreams, Session, SocketIo,
    SocketIoBuilder, join_room, join_since, message_queue::Redis, once_in, set_user, to,
};

#[derive(Deserialize)]
struct Login {
    user: String,
}

/// A file that several processes append to: each line is written by one call, so that it is there or not.
struct Effects {
    file: String,
    crash: Option<String>,
}

impl Effects {
    fn append(&self, line: &Value) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.file)?;
        file.write_all(format!("{line}\n").as_bytes())
    }

    /// Ends the process as SIGKILL does, if this is the key to crash at.
    fn maybe_crash(&self, key: &str) {
        if self.crash.as_deref() == Some(key) {
            std::process::abort();
        }
    }
}

/// One line of the file, which has the effect and the response.
struct Line {
    effects: Arc<Effects>,
    fields: HashMap<&'static str, String>,
}

impl OnceTransaction for Line {
    type Error = BoxError;

    async fn stored(&mut self, key: &str) -> Result<Option<String>, BoxError> {
        let Ok(file) = File::open(&self.effects.file) else {
            return Ok(None);
        };
        for line in io::BufRead::lines(io::BufReader::new(file)) {
            let line: Value = serde_json::from_str(&line?)?;
            if line["once"] == key {
                return Ok(line["response"].as_str().map(str::to_owned));
            }
        }
        Ok(None)
    }

    async fn store(&mut self, key: &str, response: &str) -> Result<(), BoxError> {
        self.fields.insert("once", key.to_owned());
        self.fields.insert("response", response.to_owned());
        Ok(())
    }

    async fn commit(self) -> Result<(), BoxError> {
        let key = self.fields.get("key").cloned().unwrap_or_default();
        self.effects.maybe_crash(&key);
        self.effects.append(&json!(self.fields))?;
        Ok(())
    }
}

/// A room with a history of orders.
const LOG: &str = "log:orders";

/// Returns whether an order is logged: those of the first ten clients are.
fn is_logged(key: &str) -> bool {
    matches!(key.as_bytes(), [b'c', b'0'..=b'9', b'-', ..])
}

/// The note in the session of a client.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Note(String);

/// Adds sessions and histories in Redis, and the events that show them.
fn with_store(builder: SocketIoBuilder, url: &str) -> Result<SocketIoBuilder, BoxError> {
    let join = |room: String, text: String, note: Session<Note>| {
        note.set(Note(text));
        join_room(room)
    };
    let look = |note: Session<Note>| json!([socketio::rooms(), socketio::user(), note.get().0]);
    let page = |room: String| -> Option<HistoryPage> { socketio::history(room).read() };
    let follow = |since: Option<Position>| join_since(LOG, since);
    let health = |io: SocketIo| io.health().store.is_some_and(|store| store.is_available);
    let recovery = Recovery::default().max_disconnection(Duration::from_secs(30));
    Ok(builder
        .on("join", join)
        .on("emit", |room: String, number: u32| {
            to(room).emit("tick", number)
        })
        .on("look", look)
        .on("page", page)
        .on("follow", follow)
        .on("health", health)
        .recovery(recovery.keep_session::<Note>())
        .history("/", "log:{id}", History::new())
        .event_store(RedisStreams::new(url)?))
}

fn option(name: &str) -> Option<String> {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    args.nth(1)
}

fn number(name: &str, default: u64) -> u64 {
    let given = option(name).and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

#[tokio::main]
async fn main() -> socketio::Result {
    let url = option("--redis").expect("--redis URL");
    let effects = Arc::new(Effects {
        file: option("--effects").expect("--effects FILE"),
        crash: option("--crash-before-ack"),
    });
    let port = number("--port", 0);
    let in_transaction = std::env::args().any(|arg| arg == "--transaction");

    let order = move |key: String| {
        let effects = Arc::clone(&effects);
        async move {
            if in_transaction {
                let line = Line {
                    effects,
                    fields: HashMap::from([("key", key.clone())]),
                };
                return once_in(line, &key, async |_| Ok::<_, BoxError>(key.clone())).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            effects.append(&json!({ "key": key }))?;
            effects.maybe_crash(&key);
            if is_logged(&key) {
                to(LOG).emit("logged", &key);
            }
            Ok(key)
        }
    };
    let once = Once::default()
        .store(RedisOnce::new(&url)?)
        .lease(Duration::from_millis(number("--lease", 30_000)));
    let deliveries = Deliveries::default()
        .redis(Redis::new(&url)?, "socketio")
        .ack_timeout(Duration::from_secs(2));
    let drain = Drain::default()
        .batch(usize::try_from(number("--batch", 500))?)
        .deadline(Duration::from_secs(number("--deadline", 20)));
    let io = SocketIo::bare()
        .logger(true)
        .on("connect", |login: Auth<Login>| {
            set_user(&login.user).is_ok()
        })
        .on("order", order.once(|key: String| key))
        .on(
            "deliver",
            async |user: String, text: String, io: SocketIo| {
                io.to_user(user).deliver("parcel", text).await
            },
        )
        .message_queue(&*url)
        .once(once)
        .deliveries(deliveries)
        .drain(drain);
    let is_stored = std::env::args().any(|arg| arg == "--store");
    let io = match is_stored {
        true => with_store(io, &url)?.build()?,
        false => io.build()?,
    };
    io.subscribed().await;
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("ready");
    io.serve(io.probes(), listener).await
}
