//! Several processes in one cluster: `cargo run --example cluster --features redis -- redis://localhost 127.0.0.1:5000`, and the same with
//! other ports, or on other machines. Other queues: `--features rabbitmq -- amqp://localhost`, `kafka`, `nats`.
//!
//! | Flask-SocketIO | here |
//! |---|---|
//! | `SocketIO(app, message_queue='redis://')` | `SocketIo::builder().message_queue("redis://localhost")` |
//! | `SocketIO(message_queue='redis://')` in a worker | the same, and `.write_only(true)`: see the example `worker` |
//!
//! Python servers and workers on the same channel are part of it. A client can be connected to any process; behind one address, all
//! requests of a client must reach the same process.

use std::time::Duration;

use socketio::{SocketIo, State, join_room, to};

/// The name of this process.
struct Process(String);

/// Reaches every client in the room, on any process.
#[socketio::event]
async fn say(room: String, text: String, process: State<Process>) -> socketio::Result {
    // The name comes from a client: with the prefix it can't be the private room of another client.
    let room = format!("room:{room}");
    join_room(&room)?;
    to(&room).emit("said", (text, format!("by way of {}", process.0)));
    Ok(())
}

/// Calls a client, which may be connected to another process, and returns its acknowledgement.
#[socketio::event]
async fn ask(sid: String, question: String) -> socketio::Result<String> {
    let client = to(sid).timeout(Duration::from_secs(5));
    Ok(client.call("question", question).await?)
}

/// Disconnects a client of any process.
#[socketio::event]
async fn kick(sid: String, io: SocketIo) {
    io.disconnect("/", &sid);
}

#[tokio::main]
async fn main() -> socketio::Result {
    let mut args = std::env::args().skip(1);
    let queue = args.next().unwrap_or("redis://localhost".into());
    let addr = args.next().unwrap_or("127.0.0.1:5000".into());
    let io = SocketIo::builder()
        .logger(true)
        .state(Process(addr.clone()))
        .message_queue(queue)
        .build()?;
    io.run((), addr).await
}
