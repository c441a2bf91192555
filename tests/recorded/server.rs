//! The server for the recorded clients.

use std::time::Duration;

use socketio::{Auth, Data, Rest, Socket, SocketIo, call, emit, handlers};
use tokio::net::TcpListener;

/// Emits the `auth` of the client.
#[socketio::event]
#[socketio::event(namespace = "/admin")]
fn connect(auth: Auth<Option<Data>>) {
    if let Some(auth) = auth.into_inner() {
        emit("auth", auth);
    }
}

/// Returns the token in the query of the handshake.
#[socketio::event]
fn query() -> Option<String> {
    socketio::request().query("token").map(Into::into)
}

#[socketio::event]
#[socketio::event(namespace = "/admin")]
fn message(arguments: Rest<Data>) -> Rest<Data> {
    emit("message", &arguments);
    arguments
}

/// Calls the client, and emits its acknowledgement.
#[socketio::event(concurrent)]
async fn ask() -> socketio::Result {
    let answer: Data = call("question", "how many?").await?;
    emit("answered", answer);
    Ok(())
}

#[socketio::event]
fn leave() {
    socketio::disconnect();
}

#[socketio::event]
fn close(socket: Socket) {
    socket.close();
}

#[socketio::event]
fn shutdown(io: SocketIo) {
    io.stop();
}

/// Starts a server, and returns its port.
pub(crate) async fn start(options: &[&str]) -> u16 {
    let mut builder = SocketIo::bare()
        .handlers(handlers![
            connect, query, message, ask, leave, close, shutdown
        ])
        .shutdown_timeout(Duration::from_secs(2));
    for option in options {
        builder = match option.split_once(' ').unwrap_or((option, "")) {
            ("ping", "") => builder.ping_interval(Duration::from_millis(50)),
            ("non-web", "origins") => builder.cors_non_web_origins(true),
            _ => panic!("no option of the server: {option}"),
        };
    }
    let io = builder.build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { io.serve((), listener).await });
    port
}
