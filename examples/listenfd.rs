//! A port that another program has opened: `systemfd --no-pid -s http::5000 -- cargo watch -x 'run --example listenfd'`
//! (from the packages `systemfd` and `cargo-watch`) rebuilds and restarts the server when a file changes. The port stays
//! open meanwhile: clients wait instead of failing.
//!
//! The same program can be activated by systemd, with a `.socket` unit beside its `.service`: it can then use a privileged
//! port, and no connection is refused while it restarts. Without either, it opens the address given as an argument, or
//! 127.0.0.1:5000.

use listenfd::ListenFd;
use socketio::{SocketIo, emit};
use tokio::net::TcpListener;

#[socketio::event]
fn connect() {
    emit("welcome", std::process::id());
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder().logger(true).build()?;
    let listener = match ListenFd::from_env().take_tcp_listener(0)? {
        Some(listener) => {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)?
        }
        None => {
            let addr = std::env::args().nth(1);
            TcpListener::bind(addr.unwrap_or("127.0.0.1:5000".into())).await?
        }
    };
    println!("listening addr={}", listener.local_addr()?);
    io.serve((), listener).await
}
