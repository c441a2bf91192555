//! A chat to try in the browser: `cargo run --example chat`, then open <http://127.0.0.1:5000>.
//!
//! Plain functions answer on the namespace `/`, a struct on `/notes`, and a task counts in the background. Options, with
//! their defaults: `--host 127.0.0.1 --port 5000` (port 0 is any free one).

use std::{
    future::ready,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, response::Html, routing::get};
use serde::{Deserialize, Serialize};
use serde_json::json;
use socketio::{
    Auth, CallError, ConnectionRefused, Reason, RoomError, Session, SocketIo, State, broadcast,
    call, close_room, emit, join_room, leave_room, rooms, sid, to,
};
use tokio::net::TcpListener;

// Functions on `/`

#[derive(Default)]
struct Online(AtomicUsize);

#[socketio::event]
fn connect(online: State<Online>) {
    let count = online.0.fetch_add(1, Relaxed) + 1;
    broadcast().emit("online", count);
}

#[socketio::event]
fn disconnect(reason: Reason, online: State<Online>) {
    let count = online.0.fetch_sub(1, Relaxed) - 1;
    broadcast().emit("left", (sid(), reason));
    broadcast().emit("online", count);
}

#[socketio::event]
fn echo(text: String) {
    emit("echo", text);
}

#[socketio::on("broadcast")]
fn tell_everybody(text: String) {
    broadcast().emit("broadcast", json!({ "from": sid(), "text": text }));
}

#[socketio::event]
#[socketio::on("👋")]
fn wave() {
    broadcast().include_self(false).emit("👋", sid());
}

#[socketio::event]
fn join(room: String) -> Result<Vec<String>, RoomError> {
    join_room(&room)?;
    Ok(rooms())
}

#[socketio::event]
fn leave(room: String) -> Vec<String> {
    leave_room(&room);
    rooms()
}

#[socketio::on("close room")]
fn close(room: String) -> Result<(), RoomError> {
    to(&room).emit("room closed", &room);
    close_room(&room)
}

#[derive(Deserialize)]
struct Message {
    room: String,
    text: String,
}

#[socketio::on("room message")]
fn room_message(Message { room, text }: Message) {
    to(&room).emit(
        "room message",
        json!({ "room": room, "from": sid(), "text": text }),
    );
}

// Concurrent, so that the client's other events are handled while its user thinks about the answer.
#[socketio::on("ask me", concurrent)]
async fn ask_me() -> Result<String, CallError> {
    let colour: String = call("question", "What is your favourite colour?").await?;
    Ok(format!("{colour}, how nice!"))
}

#[socketio::on("ping time")]
fn ping_time() {}

#[socketio::on("disconnect request")]
fn disconnect_request() {
    emit("goodbye", ());
    socketio::disconnect();
}

// A struct on `/notes`: one board, for all clients that have a name

/// The number of notes that the board holds. Beyond that, the oldest is removed.
const BOARD: usize = 100;

#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/notes")]
struct Notes {
    board: Mutex<Board>,
}

#[derive(Default)]
struct Board {
    written: u64,
    notes: Vec<Note>,
}

#[derive(Clone, Serialize)]
struct Note {
    id: u64,
    by: String,
    text: String,
}

#[derive(Deserialize)]
struct Visitor {
    name: Option<String>,
}

/// The session of each client.
#[derive(Clone, Default)]
struct Name(String);

#[socketio::namespace]
impl Notes {
    async fn on_connect(
        &self,
        visitor: Auth<Option<Visitor>>,
        name: Session<Name>,
    ) -> Result<(), ConnectionRefused> {
        let given = visitor
            .into_inner()
            .and_then(|visitor| visitor.name)
            .unwrap_or_default();
        if given.trim().is_empty() {
            return Err(ConnectionRefused::new("a name is needed").data(json!({ "field": "name" })));
        }
        name.set(Name(given.trim().to_owned()));
        emit("notes", &self.board().notes);
        Ok(())
    }

    async fn on_add(&self, text: String, name: Session<Name>) -> u64 {
        let note = self.board().add(name.get().0, text);
        broadcast().emit("added", &note);
        note.id
    }

    #[on("clear all")]
    async fn clear(&self, name: Session<Name>) {
        self.board().notes.clear();
        broadcast().emit("cleared", name.get().0);
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn add(&mut self, by: String, text: String) -> Note {
        self.written += 1;
        let note = Note {
            id: self.written,
            by,
            text,
        };
        if self.notes.len() == BOARD {
            self.notes.remove(0);
        }
        self.notes.push(note.clone());
        note
    }
}

// The server

#[tokio::main]
async fn main() -> socketio::Result {
    tracing_subscriber::fmt().init();
    let (host, port) = options()?;
    let io = SocketIo::builder().state(Online::default()).build()?;
    io.spawn(count);

    let listener = TcpListener::bind((host, port)).await?;
    println!("http://{}", listener.local_addr()?);
    io.serve(pages(), listener).await
}

async fn count(io: SocketIo) {
    for tick in 1.. {
        tokio::time::sleep(Duration::from_secs(1)).await;
        io.emit("tick", tick);
    }
}

fn pages() -> Router {
    // The official client, where the tests have installed it; the page knows where to find it otherwise.
    let client = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/interop/js/node_modules/socket.io-client/dist/socket.io.min.js"
    ));
    let client = match client {
        Ok(script) => Ok(([("content-type", "text/javascript; charset=utf-8")], script)),
        Err(_) => Err(StatusCode::NOT_FOUND),
    };
    Router::new()
        .route("/", get(|| ready(Html(include_str!("chat.html")))))
        .route("/client/socket.io.js", get(move || ready(client.clone())))
}

fn options() -> socketio::Result<(String, u16)> {
    let (mut host, mut port) = ("127.0.0.1".to_owned(), 5000);
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or(format!("{name} needs a value"))?;
        match &*name {
            "--host" => host = value,
            "--port" => port = value.parse()?,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok((host, port))
}
