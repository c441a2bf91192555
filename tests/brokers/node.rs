//! A node of a cluster, driven by `tests/brokers`: `cluster_node --queue URL --channel NAME --port PORT`, or `--write-only` in place of
//! the port: then it executes the commands on its standard input, one JSON object per line.
//!
//! Its events are those of the Python nodes in `nodes/`.

use std::{io::BufRead, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use socketio::{CallError, Data, Rest, Socket, SocketIo, SocketIoBuilder, To};
use tokio::net::TcpListener;

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Names {
    fn into_vec(self) -> Vec<String> {
        match self {
            Names::One(name) => vec![name],
            Names::Several(names) => names,
        }
    }
}

/// An event to emit, and its recipients.
#[derive(Deserialize)]
struct Relay {
    event: String,
    #[serde(default)]
    args: Vec<Data>,
    room: Option<Names>,
    skip: Option<Names>,
    include_self: Option<bool>,
    namespace: Option<String>,
    #[serde(default)]
    ignore_queue: bool,
}

impl Relay {
    fn emit(self, mut to: To) {
        if let Some(namespace) = &self.namespace {
            to = to.of(namespace);
        }
        if let Some(room) = self.room {
            to = to.to(room.into_vec());
        }
        if let Some(skip) = self.skip {
            to = to.skip(skip.into_vec());
        }
        to.include_self(self.include_self.unwrap_or(true))
            .ignore_queue(self.ignore_queue)
            .emit(&self.event, Rest(self.args));
    }
}

#[derive(Deserialize)]
struct Call {
    to: Option<String>,
    room: Option<String>,
    event: String,
    #[serde(default)]
    args: Vec<Data>,
    timeout: Option<f64>,
}

/// A response of up to three arguments.
type Response = (Option<Data>, Option<Data>, Option<Data>);

fn arguments(response: Response) -> Vec<Data> {
    let mut list = vec![response.0, response.1, response.2];
    while list.last().is_some_and(Option::is_none) {
        list.pop();
    }
    list.into_iter().map(Option::unwrap_or_default).collect()
}

async fn call(call: Call, socket: Socket) -> Data {
    let timeout = Duration::from_secs_f64(call.timeout.unwrap_or(3.0));
    let to = socket.to(call.to.unwrap_or_default()).timeout(timeout);
    let response = to.call::<Response>(&call.event, Rest(call.args));
    let (key, value) = match response.await {
        Ok(response) => ("response", Data::Array(arguments(response))),
        Err(CallError::Timeout) => ("error", Data::from("timeout")),
        Err(error) => ("error", Data::from(error.to_string())),
    };
    Data::from_iter([(key.to_owned(), value)])
}

fn emit_with_callback(call: Call, socket: Socket) {
    socket
        .to(call.room.unwrap_or_default())
        .callback(async |response: Response| socketio::emit("response", Rest(arguments(response))))
        .emit(&call.event, Rest(call.args));
}

fn namespace(builder: SocketIoBuilder, path: &str) -> SocketIoBuilder {
    builder
        .on_in(
            path,
            "whoami",
            async |sid: Socket| json!({"sid": sid.sid(), "node": "rust"}),
        )
        .on_in(path, "join", async |room: String| socketio::join_room(room))
        .on_in(path, "leave", async |room: String| {
            socketio::leave_room(room)
        })
        .on_in(path, "rooms", async || socketio::rooms())
        .on_in(path, "relay", async |what: Relay, socket: Socket| {
            what.emit(socket.broadcast());
        })
        .on_in(path, "call", call)
        .on_in(
            path,
            "emit_with_callback",
            async |call: Call, socket: Socket| {
                emit_with_callback(call, socket);
            },
        )
        .on_in(path, "enter", async |sid: String, room: String| {
            socketio::to(sid).join_room(room)
        })
        .on_in(path, "remove", async |sid: String, room: String| {
            socketio::to(sid).leave_room(room);
        })
        .on_in(path, "close", async |room: String| {
            socketio::close_room(room)
        })
        .on_in(path, "kick", async |sid: String| {
            socketio::to(sid).disconnect()
        })
}

/// A command to a writer.
#[derive(Deserialize)]
struct Command {
    op: String,
    sid: Option<String>,
    #[serde(flatten)]
    rest: Value,
}

/// Bytes are written in commands as `{"$bytes": "<base64>"}`.
fn with_bytes(value: Value) -> Data {
    match value {
        Value::Object(object) => match object.get("$bytes").and_then(Value::as_str) {
            Some(text) => Data::Binary(STANDARD.decode(text).unwrap().into()),
            None => object
                .into_iter()
                .map(|(key, value)| (key, with_bytes(value)))
                .collect(),
        },
        Value::Array(elements) => Data::Array(elements.into_iter().map(with_bytes).collect()),
        value => value.into(),
    }
}

async fn execute(io: &SocketIo, command: Command) -> socketio::Result {
    let Command { op, sid, mut rest } = command;
    let text = |name: &str| rest[name].as_str().map(str::to_owned);
    let path = text("namespace").unwrap_or_else(|| "/".into());
    let (sid, room) = (sid.unwrap_or_default(), text("room").unwrap_or_default());
    match &*op {
        "emit" => {
            let args = rest.as_object_mut().and_then(|rest| rest.remove("args"));
            let what: Relay = serde_json::from_value(rest)?;
            let args = match args.map(with_bytes) {
                Some(Data::Array(args)) => args,
                _ => Vec::new(),
            };
            Relay { args, ..what }.emit(io.of(&path));
        }
        "close" => io.of(&path).close_room(room)?,
        "kick" => _ = io.disconnect(&path, &sid),
        "enter" => io.of(&path).to(sid).join_room(room)?,
        "remove" => io.of(&path).to(sid).leave_room(room),
        _ => return Err(op.into()),
    }
    io.flushed().await;
    Ok(())
}

#[tokio::main]
async fn main() -> socketio::Result {
    let arguments: Vec<_> = std::env::args().collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let write_only = arguments.iter().any(|argument| argument == "--write-only");
    let builder = SocketIo::bare()
        .logger(true)
        .message_queue(option("--queue").ok_or("--queue?")?)
        .channel(&option("--channel").ok_or("--channel?")?)
        .write_only(write_only);
    let io = namespace(namespace(builder, "/"), "/chat").build()?;
    if write_only {
        for line in std::io::stdin().lock().lines() {
            execute(&io, serde_json::from_str(&line?)?).await?;
            println!("ok");
        }
        io.shutdown().await;
        return Ok(());
    }
    let port = option("--port").ok_or("--port?")?;
    // Bound before READY is printed: a client that connects then is accepted.
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    io.spawn(|io| async move {
        io.subscribed().await;
        println!("READY");
    });
    io.serve((), listener).await
}
