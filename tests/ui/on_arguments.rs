//! The name of an event.

#[socketio::on]
fn bare() {}

#[socketio::on()]
fn empty() {}

#[socketio::on(namespace = "/chat")]
fn options_only() {}

#[socketio::on(chat)]
fn ident() {}

#[socketio::on(b"chat")]
fn bytes() {}

#[socketio::on('c')]
fn char() {}

#[socketio::on(42)]
fn number() {}

#[socketio::on(names::CHAT)]
fn constant() {}

#[socketio::on(concat!("a", "b"))]
fn expression() {}

#[socketio::on("chat", "/room")]
fn second_is_a_namespace() {}

#[socketio::on("chat", "talk")]
fn two_names() {}

#[socketio::on(, "chat")]
fn comma_first() {}

#[socketio::on("chat" "talk")]
fn no_comma() {}

#[socketio::on = "chat"]
fn equals() {}

#[socketio::on("chat")]
#[socketio::on = "talk"]
fn second_equals() {}

#[socketio::on("chat")]
#[socketio::on]
fn second_bare() {}

#[socketio::on("")]
fn nameless() {}

fn main() {}
