//! A process that only emits: `cargo run --example worker --features redis -- redis://localhost`, beside the
//! example `cluster`, or beside a Flask-SocketIO server with the same message queue.
//!
//! | Flask-SocketIO | here |
//! |---|---|
//! | `SocketIO(message_queue='redis://')` | `SocketIo::bare().message_queue("redis://localhost").write_only(true)` |
//! | `socketio.emit('progress', 50, to=room)` | `io.to(room).emit("progress", 50)` |

use std::time::Duration;

use socketio::SocketIo;

#[tokio::main]
async fn main() -> socketio::Result {
    let queue = std::env::args().nth(1);
    let io = SocketIo::bare()
        .logger(true)
        .message_queue(queue.unwrap_or("redis://localhost".into()))
        .write_only(true)
        .build()?;
    for percent in (0..=100).step_by(25) {
        io.to("room:lobby").emit("progress", percent);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Some events may not have been published yet.
    io.shutdown().await;
    Ok(())
}
