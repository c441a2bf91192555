//! Rooms: `cargo run --example rooms`. An address can be given; `--list` shows the handlers.
//!
//! A room is a name, and exists while a client is in it. Events emitted with `to(room)` reach everyone in it, the sender included.

use serde_json::json;
use socketio::{RoomError, SocketIo, close_room, join_room, leave_room, rooms, sid, to};

#[socketio::event]
fn join(room: String) -> Result<Vec<String>, RoomError> {
    // The client chose the name, so this may be refused: no client can join the private room of another one.
    join_room(&room)?;
    to(&room).include_self(false).emit("joined", (&room, sid()));
    Ok(rooms())
}

#[socketio::event]
fn leave(room: String) -> Vec<String> {
    leave_room(&room);
    to(&room).emit("left", (&room, sid()));
    rooms()
}

/// Emits to several rooms. A client in more than one of them receives the event once.
#[socketio::event]
fn tell(rooms: Vec<String>, text: String) {
    to(&rooms).emit("told", json!({ "from": sid(), "text": text }));
}

/// Every client is in a room of its own, named after its id.
#[socketio::event]
fn whisper(whom: String, text: String) {
    to(whom).emit("whispered", (sid(), text));
}

#[socketio::on("who is in")]
fn who_is_in(room: String) -> usize {
    to(room).sockets().len()
}

#[socketio::on("close room")]
fn close(room: String) -> Result<(), RoomError> {
    to(&room).emit("closed", &room);
    close_room(&room)
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder().logger(true).build()?;
    let addr = std::env::args().nth(1);
    let addr = addr.unwrap_or("127.0.0.1:5000".into());
    if addr == "--list" {
        println!("{}", io.describe());
        return Ok(());
    }
    io.run((), addr).await
}
