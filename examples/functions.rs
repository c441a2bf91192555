//! Flask-SocketIO's demo, with functions: `cargo run --example functions`, then open <http://127.0.0.1:5000>.
//! `--help` shows the options, `--list` the handlers. `class_based` is the same with a struct.

mod page;

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{
    Reason, RoomError, Session, SocketIo, broadcast, close_room, emit, join_room, leave_room,
    rooms, sid, to,
};

/// Returns what the page logs: a text, and the number of events of this client.
fn reply(text: impl AsRef<str>, count: Session<u64>) -> Value {
    let count = count.update(|count| {
        *count += 1;
        *count
    });
    json!({ "text": text.as_ref(), "count": count })
}

#[socketio::event]
fn connect() {
    emit("reply", json!({ "text": "connected", "count": 0 }));
}

#[socketio::event]
fn disconnect(reason: Reason) {
    println!("{} has gone: {reason}", sid());
}

#[socketio::event]
fn echo(text: String, count: Session<u64>) {
    emit("reply", reply(text, count));
}

#[socketio::on("broadcast")]
fn tell_everybody(text: String, count: Session<u64>) {
    broadcast().emit("reply", reply(text, count));
}

#[socketio::event]
fn join(room: String, count: Session<u64>) -> Result<(), RoomError> {
    join_room(&room)?;
    emit(
        "reply",
        reply(format!("in rooms: {}", rooms().join(", ")), count),
    );
    Ok(())
}

#[socketio::event]
fn leave(room: String, count: Session<u64>) {
    leave_room(&room);
    emit(
        "reply",
        reply(format!("in rooms: {}", rooms().join(", ")), count),
    );
}

#[socketio::on("close room")]
fn close(room: String, count: Session<u64>) -> Result<(), RoomError> {
    to(&room).emit("reply", reply(format!("{room} is closing"), count));
    close_room(&room)
}

#[socketio::on("room message")]
fn room_message(room: String, text: String, count: Session<u64>) {
    to(room).emit("reply", reply(text, count));
}

/// Disconnects the client after it has acknowledged the last event.
#[socketio::on("disconnect request")]
fn disconnect_request(count: Session<u64>) {
    to(sid())
        .callback(|()| async { socketio::disconnect() })
        .emit("reply", reply("goodbye", count));
}

/// The page measures how long this takes.
#[socketio::event]
fn ping() {
    emit("pong", ());
}

pub(crate) async fn background(io: SocketIo) {
    for count in 1.. {
        tokio::time::sleep(Duration::from_secs(10)).await;
        io.emit(
            "reply",
            json!({ "text": "from the server", "count": count }),
        );
    }
}

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    let io = SocketIo::builder().logger(true).build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    io.spawn(background);
    let app = options.page(include_str!("page/demo.html"));
    Ok(io.run(app, options.addr()).await?)
}
