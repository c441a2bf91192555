//! Handlers with `stream`.

use futures_util::{Stream, stream};
use socketio::Ack;

#[socketio::event(stream = "token")]
fn returns_nothing() {}

#[socketio::event(stream = "token")]
fn takes_ack(ack: Ack) -> impl Stream<Item = u32> {
    drop(ack);
    stream::iter([1])
}

#[socketio::event(stream = "disconnect")]
fn reserved() -> impl Stream<Item = u32> {
    stream::iter([1])
}

#[socketio::event(cancel = "stop")]
fn nothing_to_cancel() -> u32 {
    1
}

#[socketio::event(stream = "token", cancel = "connect")]
fn cancelled_by_connect() -> impl Stream<Item = u32> {
    stream::iter([1])
}

#[socketio::on("connect", stream = "token")]
fn joins() -> impl Stream<Item = u32> {
    stream::iter([1])
}

#[socketio::event(stream)]
fn unnamed() -> impl Stream<Item = u32> {
    stream::iter([1])
}

fn main() {}
