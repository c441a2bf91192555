//! The server of the client matrix: `matrix_server --port 3000`
//!
//! It prints `READY` once it accepts connections, and one line of JSON for each client that connects or disconnects.

use std::io::Write as _;

use serde_json::json;
use socketio::{
    Auth, ConnectionRefused, Data, Reason, Recovery, Rest, Socket, SocketIo, call, disconnect,
    emit, event, on,
};

const TEXT: &str = "größe 👩‍🚀";

#[event]
#[event(namespace = "/chat")]
async fn connect(socket: Socket, auth: Auth<Option<Data>>) {
    emit("hello", (&*auth, TEXT, 3));
    report(json!({"connected": socket.namespace(), "transport": socket.transport()}));
}

#[on("disconnect")]
#[on("disconnect", namespace = "/chat")]
async fn report_disconnect(socket: Socket, reason: Reason) {
    report(json!({"disconnected": socket.namespace(), "reason": reason}));
}

#[on("connect", namespace = "/refused")]
async fn refuse(auth: Auth<Option<Data>>) -> Result<(), ConnectionRefused> {
    Err(ConnectionRefused::new("not today").data(&*auth))
}

/// Sends the arguments back as an event.
#[event]
#[event(namespace = "/chat")]
async fn echo(arguments: Rest<Data>) {
    emit("echoed", arguments);
}

/// Sends the arguments back as the acknowledgement.
#[event]
async fn answer(arguments: Rest<Data>) -> Rest<Data> {
    arguments
}

/// Asks the client, and emits its acknowledgement.
#[event]
async fn ask(question: Data) -> socketio::Result {
    let answer: (Data, Data) = call("question", (question, TEXT, 3)).await?;
    emit("asked", answer);
    Ok(())
}

/// Says which transport the server sees.
#[event]
async fn transport(socket: Socket) -> &'static str {
    socket.transport()
}

/// Disconnects the client from the namespace.
#[event]
#[event(namespace = "/chat")]
async fn leave() {
    disconnect();
}

/// Closes the connection.
#[event]
async fn close(socket: Socket) {
    socket.close();
}

/// Prints a line, at once even if the output is a pipe.
fn report(line: serde_json::Value) {
    let mut output = std::io::stdout().lock();
    // Writing fails when the tests have ended.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

#[tokio::main]
async fn main() -> socketio::Result {
    let mut port = 3000;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match &*name {
            "--port" => {
                let number = |_| format!("{name} {value}: expected a number");
                port = value.parse().map_err(number)?;
            }
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    // Clients that can't bear an offset must not notice it (R11).
    let io = SocketIo::builder()
        .recovery(Recovery::default())
        .allow_eio3(true)
        .logger(true)
        .build()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("READY");
    io.serve((), listener).await
}
