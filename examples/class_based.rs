//! Flask-SocketIO's demo, with a class-based namespace: `cargo run --example class_based`, then open
//! <http://127.0.0.1:5000>. `--help` shows the options, `--list` the handlers. `functions` is the same without a struct.

mod page;

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{
    Reason, RoomError, Session, SocketIo, broadcast, close_room, emit, join_room, leave_room,
    rooms, sid, to,
};

/// One value serves all clients. The state of one client is in its session.
#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/")]
struct Demo;

#[socketio::namespace]
impl Demo {
    fn on_connect(&self) {
        emit("reply", json!({ "text": "connected", "count": 0 }));
    }

    fn on_disconnect(&self, reason: Reason) {
        println!("{} has gone: {reason}", sid());
    }

    fn on_echo(&self, text: String, count: Session<u64>) {
        emit("reply", self.reply(text, count));
    }

    fn on_broadcast(&self, text: String, count: Session<u64>) {
        broadcast().emit("reply", self.reply(text, count));
    }

    fn on_join(&self, room: String, count: Session<u64>) -> Result<(), RoomError> {
        join_room(&room)?;
        emit(
            "reply",
            self.reply(format!("in rooms: {}", rooms().join(", ")), count),
        );
        Ok(())
    }

    fn on_leave(&self, room: String, count: Session<u64>) {
        leave_room(&room);
        emit(
            "reply",
            self.reply(format!("in rooms: {}", rooms().join(", ")), count),
        );
    }

    #[on("close room")]
    fn close(&self, room: String, count: Session<u64>) -> Result<(), RoomError> {
        to(&room).emit("reply", self.reply(format!("{room} is closing"), count));
        close_room(&room)
    }

    #[on("room message")]
    fn room_message(&self, room: String, text: String, count: Session<u64>) {
        to(room).emit("reply", self.reply(text, count));
    }

    /// Disconnects the client after it has acknowledged the last event.
    #[on("disconnect request")]
    fn disconnect_request(&self, count: Session<u64>) {
        to(sid())
            .callback(|()| async { socketio::disconnect() })
            .emit("reply", self.reply("goodbye", count));
    }

    /// The page measures how long this takes.
    fn on_ping(&self) {
        emit("pong", ());
    }

    /// Returns what the page logs: a text, and the number of events of this client. An ordinary method, since its name does
    /// not begin with `on_` and it has no attribute.
    fn reply(&self, text: impl AsRef<str>, count: Session<u64>) -> Value {
        let count = count.update(|count| {
            *count += 1;
            *count
        });
        json!({ "text": text.as_ref(), "count": count })
    }
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
