//! The contract of a server: its events as TypeScript, AsyncAPI and JSON Schema, and a page that shows them.
//!
//! ```text
//! cargo run --features contract --example contract -- --typescript > events.d.ts
//! cargo run --features contract --example contract -- --check events.d.ts
//! cargo run --features contract --example contract
//! ```
//!
//! With an address, or nothing, it serves the page: open <http://127.0.0.1:5000/socket.io-api/contract.html>.

use std::{collections::BTreeMap, process::ExitCode};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use socketio::{
    Auth, ConnectionRefused, Path, Session, SocketIo, broadcast, bytes::Bytes, emit_event,
    join_room, to,
};

/// Who a client is.
#[derive(Deserialize, JsonSchema)]
struct Login {
    name: String,
    /// From the page of the account.
    token: String,
}

#[derive(Clone, Default)]
struct User {
    name: String,
    may_post: bool,
}

/// How urgent a message is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Urgency {
    #[default]
    WhenYouHaveTime,
    Now,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    room: String,
    text: String,
    #[serde(default)]
    urgency: Urgency,
    /// The id of the message that this one answers.
    reply_to: Option<u64>,
    #[schemars(with = "Option<socketio::contract::Binary>")]
    picture: Option<Bytes>,
}

/// Somebody has said something.
#[derive(Serialize, JsonSchema, socketio::Event)]
#[socketio(event = "chat message", namespace = "/chat")]
#[serde(rename_all = "camelCase")]
struct ChatMessage {
    id: u64,
    from: String,
    text: String,
    urgency: Urgency,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
}

/// Somebody has come in or gone.
#[derive(Serialize, socketio::Event)]
#[socketio(event = "presence", namespace = "/chat")]
struct Presence(String, bool);

/// Asks whether a client is still there.
#[derive(Serialize, socketio::Event)]
#[socketio(event = "still there?", namespace = "/chat", ack = bool)]
struct StillThere;

/// What a job does.
#[derive(Serialize, JsonSchema, socketio::Event)]
#[socketio(event = "state", namespace = "/job/{id}")]
#[serde(tag = "state", rename_all = "snake_case")]
enum JobState {
    /// It waits for others.
    Waiting {
        before: u32,
    },
    Running {
        percent: f32,
        notes: BTreeMap<String, String>,
    },
    Done,
}

/// A part of a job, and the parts in it.
#[derive(Clone, Serialize, JsonSchema)]
struct Part {
    name: String,
    parts: Vec<Part>,
}

/// Accepts clients with a valid token.
#[socketio::event(namespace = "/chat")]
async fn connect(login: Auth<Login>, user: Session<User>) -> Result<(), ConnectionRefused> {
    let Login { name, token } = login.into_inner();
    if token != "secret" {
        return Err(ConnectionRefused::new("wrong token"));
    }
    broadcast().emit_event(&Presence(name.clone(), true));
    user.set(User {
        name,
        may_post: true,
    });
    Ok(())
}

#[socketio::event(namespace = "/chat")]
fn disconnect(user: Session<User>) {
    broadcast().emit_event(&Presence(user.get().name, false));
}

fn may_post(user: Session<User>) -> bool {
    user.get().may_post
}

/// Enters a room, and returns the number of rooms that the client is in.
#[socketio::event(namespace = "/chat")]
async fn join(room: String) -> socketio::Result<usize> {
    join_room(format!("room:{room}"))?;
    Ok(socketio::rooms().len() - 1)
}

/// Posts a message to a room.
///
/// Returns its id.
#[socketio::event(namespace = "/chat", guard = may_post, rate = "5/s burst 20")]
async fn post(message: NewMessage, user: Session<User>) -> u64 {
    let id = message.picture.map_or(1, |picture| picture.len() as u64);
    to(format!("room:{}", message.room)).emit_event(&ChatMessage {
        id,
        from: user.get().name,
        text: message.text,
        urgency: message.urgency,
        reply_to: message.reply_to,
    });
    id
}

/// Asks the client whether it is still there.
#[socketio::event(namespace = "/chat")]
async fn wake() -> socketio::Result<bool> {
    Ok(socketio::call_event(&StillThere).await?)
}

/// Returns the sum and the mean of numbers.
#[socketio::event]
fn sum(first: f64, others: socketio::Rest<f64>) -> (f64, f64) {
    let numbers = others.iter().chain([&first]);
    let (sum, count) = (numbers.clone().sum::<f64>(), numbers.count() as f64);
    (sum, sum / count)
}

/// Sends the state of the job again.
#[socketio::event(namespace = "/job/{id}")]
fn refresh(id: Path<u32>) {
    emit_event(&match *id {
        0 => JobState::Done,
        id if id % 2 == 0 => JobState::Waiting { before: id / 2 },
        id => JobState::Running {
            percent: id as f32,
            notes: BTreeMap::new(),
        },
    });
}

/// Returns the parts of the job, down to a depth.
#[socketio::event(namespace = "/job/{id}")]
fn parts(id: Path<u32>, depth: Option<u8>) -> Part {
    let parts = match depth.unwrap_or(1).min(3) {
        0 => Vec::new(),
        depth => vec![Part {
            name: format!("level {depth}"),
            parts: Vec::new(),
        }],
    };
    Part {
        name: format!("job {}", *id),
        parts,
    }
}

#[tokio::main]
async fn main() -> socketio::Result<ExitCode> {
    let argument = std::env::args().nth(1);
    if argument.as_ref().is_some_and(|one| one.starts_with('-')) {
        let contract = SocketIo::builder().build()?.contract();
        let contract = contract.title("Chat").version("1.0.0");
        return Ok(socketio::contract::main(contract));
    }
    let io = SocketIo::builder()
        .logger(true)
        .serve_contract(true)
        .build()?;
    println!("the page is at /socket.io-api/contract.html");
    let address = argument.unwrap_or("127.0.0.1:5000".into());
    io.run((), &address).await?;
    Ok(ExitCode::SUCCESS)
}
