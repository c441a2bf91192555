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
    // Only the proxy can reach the socket, so its forwarding headers can be trusted.
    emit("welcome", request().forwarded_addr());
}

#[tokio::main]
async fn main() -> socketio::Result {
    let path = std::env::args().nth(1).ok_or("which path?")?;
    let io = SocketIo::builder().logger(true).build()?;

    // A server that was killed leaves its file behind, and the address can't be bound while the file exists. (If several
    // servers may start, use a lock or systemd, since each would remove the file of the other.)
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    // Connecting needs write permission, which the proxy's user does not have by default. Restrict access with the
    // permissions of the directory.
    fs::set_permissions(&path, Permissions::from_mode(0o666))?;
    println!("listening addr={path}");
    let result = io.serve((), listener).await;
    fs::remove_file(&path)?;
    result
}
