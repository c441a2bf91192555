//! A chat to try in the browser: `cargo run --example chat`, then open <http://127.0.0.1:5000>.
//!
//! Plain functions handle the events of the namespace `/`, a struct those of `/notes`, and a task counts in the background.
//! `--help` shows the options. The page is in `page/`; it needs neither internet nor npm.

mod page;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::json;
use socketio::{
    Auth, CallError, ConnectionRefused, Reason, RoomError, Session, Sid, SocketIo, State,
    broadcast, call, close_room, emit, join_room, leave_room, rooms, sid, to,
};
use tokio::net::TcpListener;

// Functions on `/`

/// The names of all clients.
#[derive(Default)]
struct People(Mutex<BTreeMap<Sid, String>>);

impl People {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Sid, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The `auth` object of a client.
#[derive(Deserialize)]
struct Visitor {
    name: Option<String>,
}

impl Visitor {
    fn name(self) -> Option<String> {
        clean(&self.name?)
    }
}

fn clean(name: &str) -> Option<String> {
    let name: String = name.trim().chars().take(40).collect();
    (!name.is_empty()).then_some(name)
}

#[socketio::event]
fn connect(visitor: Auth<Option<Visitor>>, people: State<People>) {
    let id = sid();
    let name = visitor.into_inner().and_then(Visitor::name);
    let name = name.unwrap_or_else(|| format!("Guest {}", &id[..4]));
    people.lock().insert(id.clone(), name.clone());
    let online = people.lock().len();
    tracing::info!(client = %id, name, online, "connected");
    broadcast().emit("person", json!({ "id": id, "name": name }));
    broadcast().emit("online", online);
}

#[socketio::event]
fn disconnect(reason: Reason, people: State<People>) {
    let id = sid();
    people.lock().remove(&id);
    let online = people.lock().len();
    tracing::info!(client = %id, %reason, online, "disconnected");
    broadcast().emit("left", (&id, reason));
    broadcast().emit("online", online);
    for room in rooms() {
        tell_members(&room, &id);
    }
}

/// Returns the names of all clients. A client asks once it is connected, and then receives changes.
#[socketio::event]
fn people(people: State<People>) -> BTreeMap<Sid, String> {
    people.lock().clone()
}

#[socketio::event]
fn rename(name: String, people: State<People>) -> Result<String, &'static str> {
    let name = clean(&name).ok_or("a name is needed")?;
    people.lock().insert(sid(), name.clone());
    broadcast().emit("person", json!({ "id": sid(), "name": name }));
    Ok(name)
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
    tell_members(&room, "");
    Ok(rooms())
}

#[socketio::event]
fn leave(room: String) -> Vec<String> {
    leave_room(&room);
    tell_members(&room, "");
    rooms()
}

/// Sends the list of members to a room, without the client that is about to leave.
fn tell_members(room: &str, without: &str) {
    let members: Vec<Sid> = to(room)
        .sockets()
        .iter()
        .map(|member| member.sid().clone())
        .filter(|member| *member != *without)
        .collect();
    to(room).emit("members", json!({ "room": room, "members": members }));
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

// Concurrent, so that the other events of the client are handled while it waits for its user.
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
        let Some(given) = visitor.into_inner().and_then(Visitor::name) else {
            return Err(ConnectionRefused::new("a name is needed").data(json!({ "field": "name" })));
        };
        name.set(Name(given));
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
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    tracing_subscriber::fmt().init();
    let io = SocketIo::builder().state(People::default()).build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    io.spawn(count);

    let app = options
        .page(include_str!("page/chat.html"))
        .route(
            "/chat.css",
            page::file("text/css", include_str!("page/chat.css")),
        )
        .route(
            "/chat.js",
            page::file("text/javascript", include_str!("page/chat.js")),
        )
        .route(
            "/view.js",
            page::file("text/javascript", include_str!("page/view.js")),
        );
    let addr = options.addr();
    let listener = TcpListener::bind(&addr).await;
    let listener = listener.map_err(|error| format!("address {addr}: {error}"))?;
    println!("http://{}", listener.local_addr()?);
    Ok(io.serve(app, listener).await?)
}

async fn count(io: SocketIo) {
    for tick in 1.. {
        tokio::time::sleep(Duration::from_secs(1)).await;
        io.emit("tick", tick);
    }
}
