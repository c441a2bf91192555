//! Keys of `once` that are none: neither an argument, a field of one, nor a function.

#[socketio::event(once = "id")]
fn in_quotes(id: String) {}

#[socketio::on("a constant", once = 1)]
fn constant(id: String) {}

#[socketio::on("a tuple", once = (id, item))]
fn tuple(id: String, item: String) {}

#[socketio::on("a closure", once = |id: String| id)]
fn closure(id: String) {}

#[socketio::on("nothing", once)]
fn nothing(id: String) {}

#[socketio::on("an operator", once = id + 1)]
fn operator(id: u32) {}

#[socketio::on("twice", once = id, once = id)]
fn twice(id: u32) {}

#[socketio::event(once = reason)]
fn disconnect(reason: socketio::Reason) {}

#[socketio::on_error(once = id)]
fn errors(id: u32) {}

#[socketio::on("a misspelled option", onse = id)]
fn misspelled(id: u32) {}

fn main() {}
