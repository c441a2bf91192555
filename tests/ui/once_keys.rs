//! Invalid keys of `once`: neither an argument, a field of one, nor a function.

#[socketio::event(once = "id")]
fn in_quotes(_id: String) {}

#[socketio::on("a constant", once = 1)]
fn constant(_id: String) {}

#[socketio::on("a tuple", once = (id, item))]
fn tuple(_id: String, _item: String) {}

#[socketio::on("a closure", once = |id: String| id)]
fn closure(_id: String) {}

#[socketio::on("nothing", once)]
fn nothing(_id: String) {}

#[socketio::on("an operator", once = id + 1)]
fn operator(_id: u32) {}

#[socketio::on("twice", once = id, once = id)]
fn twice(_id: u32) {}

#[socketio::event(once = reason)]
fn disconnect(_reason: socketio::Reason) {}

#[socketio::on_error(once = id)]
fn errors(_id: u32) {}

#[socketio::on("a misspelled option", onse = id)]
fn misspelled(_id: u32) {}

fn main() {}
