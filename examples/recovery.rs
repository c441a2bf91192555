//! Clients that lose their connections and miss nothing: `cargo run --example recovery`, then open <http://127.0.0.1:5000>.
//! `--help` shows the options, `--list` the handlers.
//!
//! The page gets a number every half second. Its buttons cut the connection for a while. It then reconnects on its own: with
//! its id, its rooms and its name, and with the numbers that were sent meanwhile. After 30 seconds the session has expired, and the
//! page shows a gap.

mod page;

use std::time::Duration;

use socketio::{Expired, Reason, Recovered, Recovery, Session, Socket, SocketIo, emit, join_room};

/// Runs for a recovered client, too, with its session.
#[socketio::event]
fn connect(recovered: Recovered, name: Session<String>) -> socketio::Result {
    if recovered.0 {
        println!("{} is back", name.get());
    } else {
        join_room("numbers")?;
    }
    Ok(())
}

#[socketio::event]
fn rename(new: String, name: Session<String>) {
    emit("renamed", &new);
    name.set(new);
}

#[socketio::event]
fn who_am_i(socket: Socket, name: Session<String>) -> (String, Vec<String>, bool) {
    (name.get(), socket.rooms(), socket.recovered())
}

#[socketio::event]
fn disconnect(socket: Socket, reason: Reason, name: Session<String>) {
    match socket.is_session_kept() {
        true => println!("{} is away: {reason}", name.get()),
        false => println!("{} has left: {reason}", name.get()),
    }
}

async fn count(io: SocketIo) {
    for number in 1_u64.. {
        tokio::time::sleep(Duration::from_millis(500)).await;
        io.to("numbers").emit("number", number);
    }
}

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    let recovery = Recovery::default()
        .max_disconnection(Duration::from_secs(30))
        .on_expired(async |expired: Expired| {
            let name = expired.session::<String>().get();
            println!("{name} did not come back");
        });
    let io = SocketIo::builder()
        .logger(true)
        .recovery(recovery)
        .build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    io.spawn(count);
    let app = options.page(include_str!("page/recovery.html"));
    Ok(io.run(app, options.addr()).await?)
}
