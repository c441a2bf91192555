//! Acknowledgements, in both directions: `cargo run --example acks`. An address can be given; `--list` shows the handlers.
//!
//! The return value of a handler is sent to the client as the acknowledgement. The server asks for one with `call` or a callback.

use std::time::Duration;

use socketio::{Ack, CallError, Data, NoAck, Rest, Socket, SocketIo, broadcast, call, emit, to};

/// One argument.
#[socketio::event]
fn square(n: i64) -> i64 {
    n * n
}

/// Two arguments: a tuple. In JavaScript: `socket.emit("divide", 7, 2, (quotient, rest) => ..)`.
#[socketio::event]
fn divide(a: i64, b: i64) -> Result<(i64, i64), &'static str> {
    match b {
        0 => Err("division by zero"),
        _ => Ok((a / b, a % b)),
    }
}

/// Any number of arguments.
#[socketio::event]
fn echo(arguments: Rest<Data>) -> Rest<Data> {
    arguments
}

/// Acknowledges later, from a task. The client's other events don't wait for that.
#[socketio::event]
async fn brew(minutes: u64, ack: Ack) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
        ack.send("tea is ready");
    });
}

/// Sends no acknowledgement, even if the client waits for one.
#[socketio::event]
fn whisper(_secret: String) -> NoAck {
    NoAck
}

/// Calls the client before it returns. `concurrent`, so that the client's other events don't wait for that.
#[socketio::on("order", concurrent)]
async fn order(item: String) -> Result<String, CallError> {
    let sure: bool = call("are you sure?", &item).await?;
    Ok(if sure {
        format!("{item} is on its way")
    } else {
        "never mind".into()
    })
}

/// Times out after a second.
#[socketio::on("hurry", concurrent)]
async fn hurry(socket: Socket) -> String {
    let second = Duration::from_secs(1);
    match to(socket.sid())
        .timeout(second)
        .call::<String>("quick!", ())
        .await
    {
        Ok(answer) => answer,
        Err(CallError::Timeout) => "too late".into(),
        Err(error) => error.to_string(),
    }
}

/// Asks every client and does not wait: the callback runs once for each acknowledgement.
#[socketio::event]
fn survey(question: String) {
    broadcast()
        .callback(|answer: String| async move { emit("answer", answer) })
        .emit("question", question);
}

/// Asks every client, and waits for all.
#[socketio::on("vote", concurrent)]
async fn vote(question: String) -> Result<usize, CallError> {
    let votes = broadcast()
        .timeout(Duration::from_secs(10))
        .call_all::<bool>("vote", question)
        .await?;
    Ok(votes
        .iter()
        .filter(|(_, vote)| matches!(vote, Ok(true)))
        .count())
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder().logger(true).build()?;
    let addr = std::env::args().nth(1);
    let addr = addr.unwrap_or("127.0.0.1:5000".into());
    if addr == "--list" {
        println!("{}", io.describe());
        return Ok(());
    }
    io.run((), addr).await
}
