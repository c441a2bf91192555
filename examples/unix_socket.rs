//! A Unix socket, for a proxy on the same machine: `cargo run --example unix_socket -- /tmp/io.sock`. In nginx:
//! `proxy_pass http://unix:/tmp/io.sock;`, the rest as in `examples/nginx/nginx.conf`.

use std::{
    fs::{self, Permissions},
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
};

use socketio::{SocketIo, emit, request};
use tokio::net::UnixListener;

#[socketio::event]
fn connect() {
    // Nobody but the proxy can reach the socket, so what it says of the client can be believed.
    emit("welcome", request().forwarded_addr());
}

#[tokio::main]
async fn main() -> socketio::Result {
    let path = std::env::args().nth(1).ok_or("which path?")?;
    let io = SocketIo::builder().logger(true).build()?;

    // A server that was killed has left its file behind, and nobody else can bind it as long as it is there. (Two servers
    // would take it from each other: then a lock, or systemd, must decide.)
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    // To connect takes the right to write, which the proxy's user has not got by itself. Who may get to the file at all is
    // a matter of its directory.
    fs::set_permissions(&path, Permissions::from_mode(0o666))?;
    println!("listening addr={path}");
    let result = io.serve((), listener).await;
    fs::remove_file(&path)?;
    result
}
