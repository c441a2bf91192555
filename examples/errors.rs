//! Error handling: `cargo run --example errors`. An address can be given; `--list` shows the handlers.
//!
//! A failed event does not disconnect the client. The error handler of its namespace gets the error and returns the acknowledgement.

use std::{fmt, num::ParseIntError};

use serde_json::{Value, json};
use socketio::{ConnectionRefused, HandlerError, SocketIo};

/// A custom error type.
#[derive(Debug)]
struct SoldOut;

impl fmt::Display for SoldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sold out")
    }
}

impl std::error::Error for SoldOut {}

#[socketio::on("buy", namespace = "/shop")]
fn buy(item: String, _count: u32) -> Result<String, SoldOut> {
    match &*item {
        "bread" => Ok(item),
        _ => Err(SoldOut),
    }
}

#[socketio::on("panic", namespace = "/shop")]
fn panics() {
    panic!("an error like others");
}

/// Takes the error, and the arguments of handlers.
#[socketio::on_error("/shop")]
async fn shop_failed(error: HandlerError) -> Value {
    if error.downcast_ref::<SoldOut>().is_some() {
        return json!({ "error": "sold out" });
    }
    if let Some(unfit) = error.argument_error() {
        return json!({ "error": unfit.to_string() });
    }
    // The client gets no details; the log has them.
    eprintln!(
        "{} of {} failed in {}: {error}",
        error.event(),
        error.sid(),
        error.function()
    );
    json!({ "error": "our fault" })
}

/// This namespace has only the default error handler.
#[socketio::event]
fn number(text: String) -> Result<i32, ParseIntError> {
    text.parse()
}

#[socketio::on_error_default]
fn failed(error: HandlerError) -> Value {
    json!({ "error": error.to_string(), "event": error.event() })
}

/// A refusal is final: what error handlers return can't accept the client.
#[socketio::on("connect", namespace = "/closed")]
fn closed() -> Result<(), ConnectionRefused> {
    Err(ConnectionRefused::new("closed").data(json!({ "until": "Monday" })))
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
