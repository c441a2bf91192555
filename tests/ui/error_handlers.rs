//! Error handlers belong to namespaces, not to events.

use socketio::HandlerError;

#[socketio::on_error("chat message")]
fn event(_: HandlerError) {}

#[socketio::on_error(chat)]
fn ident(_: HandlerError) {}

#[socketio::on_error("/chat", concurrent)]
fn option(_: HandlerError) {}

#[socketio::on_error("/chat", "/room")]
fn two(_: HandlerError) {}

#[socketio::on_error("/chat", namespace = "/room")]
fn both_ways(_: HandlerError) {}

#[socketio::on_error_default("/chat")]
fn default(_: HandlerError) {}

#[socketio::on_error_default(namespace = "/chat")]
fn default_option(_: HandlerError) {}

fn main() {}
