//! Background work: `cargo run --example background`. An address can be given.
//!
//! | Flask-SocketIO | here |
//! |---|---|
//! | `socketio.start_background_task(f)` | `io.spawn(f)`; in a handler also `socketio::spawn(future)` |
//! | `socketio.sleep(1)` | `tokio::time::sleep(Duration::from_secs(1)).await` |
//! | `socketio.emit(..)` in a thread | `io.emit(..)` in a thread, in a task, anywhere |
//!
//! Tasks end with the server, at their next `.await`; a panic in one is logged, and passed on to the join handle.

use std::{thread, time::Duration};

use socketio::{SocketIo, emit};
use tokio::time::sleep;

/// Returns at once, and continues for the client in a task.
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

/// CPU-heavy work runs on the blocking pool, so that it delays no client.
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
    // A thread outside of the runtime can emit, too.
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
