//! Keys of `once` whose types do not fit: unknown arguments, wrong fields, values that are not `Serialize`.

#[derive(serde::Deserialize)]
struct Order {
    id: String,
    item: Item,
}

#[derive(serde::Deserialize)]
struct Item {
    name: String,
}

#[socketio::on("an unknown argument", once = number)]
fn unknown(id: String) -> String {
    id
}

#[socketio::on("a wrong field", once = order.number)]
fn wrong_field(order: Order) -> String {
    order.id
}

#[socketio::on("a value that is not Serialize", once = order.item)]
fn wrong_type(order: Order) -> String {
    order.item.name
}

async fn later(order: Order) -> String {
    order.id
}

#[socketio::on("an async function", once = later)]
fn not_ready(order: Order) -> String {
    order.id
}

fn of_another_type(number: Item) -> Item {
    number
}

#[socketio::on("a function with another value", once = of_another_type)]
fn wrong_value(order: Order) -> String {
    order.id
}

fn main() {}
