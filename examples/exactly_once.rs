//! A shop whose orders happen exactly once, however often a client sends them, and whose parcels are announced until they are
//! acknowledged: `cargo run --example exactly_once`, then open <http://127.0.0.1:5000>. `--help` shows the options, `--list` the
//! handlers.
//!
//! The page sends each order with an id, and sends it again if it reconnects before it has the receipt. socket.io-client does
//! the same with its option `retries`.

mod page;

use std::{sync::Mutex, time::Duration};

use serde::{Deserialize, Serialize};
use socketio::{Auth, ConnectionRefused, SocketIo, State, set_user, user};

/// The orders of all customers: the effect that must not happen twice.
#[derive(Default)]
struct Shop(Mutex<Vec<String>>);

#[derive(Deserialize)]
struct Order {
    id: String,
    item: String,
}

#[derive(Serialize)]
struct Receipt {
    number: usize,
    item: String,
}

#[derive(Deserialize)]
struct Customer {
    customer: String,
}

/// The keys of orders, and the parcels, belong to the customer. A real program asks for a password.
#[socketio::event]
fn connect(auth: Auth<Customer>) -> socketio::Result {
    if auth.customer.is_empty() {
        return Err(ConnectionRefused::new("who are you?").into());
    }
    set_user(&auth.customer)?;
    Ok(())
}

/// Runs once for each id. A retry gets the same receipt, also while this still runs.
#[socketio::on("order", once = order.id)]
async fn order(order: Order, shop: State<Shop>, io: SocketIo) -> socketio::Result<Receipt> {
    // Long enough to lose the connection in between.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let customer = user().ok_or("no customer")?;
    let number = {
        let mut orders = shop.0.lock().unwrap();
        orders.push(format!("{} for {customer}", order.item));
        orders.len()
    };
    let parcel = order.item.clone();
    io.spawn(move |io| async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        // Kept until a page of the customer has acknowledged it, for 24 hours.
        let kept = io.to_user(&customer).deliver("parcel", (number, parcel));
        if let Err(error) = kept.await {
            eprintln!("parcel {number} was not announced to {customer}: {error}");
        }
    });
    Ok(Receipt {
        number,
        item: order.item,
    })
}

#[socketio::event]
fn orders(shop: State<Shop>) -> Vec<String> {
    shop.0.lock().unwrap().clone()
}

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    let io = SocketIo::builder()
        .logger(true)
        .state(Shop::default())
        .build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    let app = options.page(include_str!("page/exactly_once.html"));
    Ok(io.run(app, options.addr()).await?)
}
