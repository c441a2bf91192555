//! Work beside the handlers: `cargo run --example background`. Another address can follow.
//!
//! | Flask-SocketIO | here |
//! |---|---|
//! | `socketio.start_background_task(f)` | `io.spawn(f)`; in a handler also `socketio::spawn(future)` |
//! | `socketio.sleep(1)` | `tokio::time::sleep(Duration::from_secs(1)).await` |
//! | `socketio.emit(..)` in a thread | `io.emit(..)` in a thread, in a task, anywhere |
//!
//! Tasks end with the server, at their next `.await`; a panic in one is logged, and given to whoever awaits its handle.

use std::{thread, time::Duration};

use socketio::{SocketIo, emit};
use tokio::time::sleep;

/// Answers at once, and goes on in the name of the client.
#[socketio::event]
fn count_down(from: u32) -> &'static str {
    socketio::spawn(async move {
        for left in (0..from).rev() {
            sleep(Duration::from_millis(100)).await;
            emit("left", left);
        }
    });
    "counting"
}

/// What keeps a processor busy gets a thread, so that it holds up nobody.
#[socketio::event(concurrent)]
async fn sum_of_primes(below: u64) -> socketio::Result<u64> {
    let is_prime = |number: &u64| (2..*number).all(|divisor| !number.is_multiple_of(divisor));
    let sum = move || (2..below.min(20_000)).filter(is_prime).sum();
    Ok(tokio::task::spawn_blocking(sum).await?)
}

async fn tick(io: SocketIo) {
    for tick in 1_u64.. {
        sleep(Duration::from_secs(1)).await;
        io.emit("tick", tick);
    }
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder().logger(true).build()?;
    io.spawn(tick);
    // A thread that knows nothing of async: it emits all the same.
    thread::spawn({
        let io = io.clone();
        move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                io.emit("line", line);
            }
        }
    });
    let addr = std::env::args().nth(1);
    io.run((), addr.unwrap_or("127.0.0.1:5000".into())).await
}
