//! Keys of `once` that do not fit: unknown arguments, wrong fields, functions that are `async` or return no `Serialize` value.

#[derive(serde::Deserialize)]
struct Order {
    id: String,
}

#[derive(serde::Deserialize)]
struct Tea;

#[socketio::on("an unknown argument", once = number)]
fn unknown(id: String) -> String {
    id
}

#[socketio::on("a wrong field", once = order.number)]
fn wrong_field(order: Order) -> String {
    order.id
}

async fn later(order: Order) -> String {
    order.id
}

#[socketio::on("an async function", once = later)]
fn not_ready(order: Order) -> String {
    order.id
}

fn of_another_type(number: Tea) -> Tea {
    number
}

#[socketio::on("a function with another value", once = of_another_type)]
fn wrong_value(order: Order) -> String {
    order.id
}

fn main() {}
