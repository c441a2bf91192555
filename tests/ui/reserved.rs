//! Events that no client sends.

#[socketio::on("connect_error")]
fn connect_error() {}

#[socketio::on("newListener")]
fn new_listener() {}

#[socketio::on("removeListener")]
fn remove_listener() {}

#[socketio::event(concurrent)]
fn connect() {}

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    #[on("connect_error")]
    fn refused(&self) {}

    #[on("disconnect", concurrent)]
    fn gone(&self) {}
}

fn main() {}
