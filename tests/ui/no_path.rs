//! A namespace without a path.

struct Rooms;

#[socketio::namespace]
impl Rooms {
    fn on_say(&self) {}
}

fn main() {}
