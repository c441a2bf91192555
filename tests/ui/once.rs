//! Keys that are none.

#[derive(serde::Deserialize)]
struct Order {
    id: u32,
}

#[socketio::on("a", once = "id")]
fn a_constant(id: u32) {}

#[socketio::on("b", once = order.id)]
fn no_argument(id: u32) {}

#[socketio::on("c", once = order.number)]
fn no_field(order: Order) {}

#[socketio::on("d", once = missing)]
fn no_function(id: u32) {}

#[socketio::on("e", once = (id, 1))]
fn a_tuple(id: u32) {}

#[socketio::on("f", once)]
fn no_value(id: u32) {}

#[socketio::event(once = 1)]
fn connect() {}

#[socketio::on("disconnect", once = key)]
fn gone() {}

#[socketio::on("g", once = order)]
fn not_serializable(order: Order) {}

fn key() -> u32 {
    1
}

fn main() {}
