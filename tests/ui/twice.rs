//! Two handlers for one event.

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    fn on_say(&self) {}

    #[on("say")]
    fn say(&self) {}

    #[event]
    #[event]
    fn twice(&self) {}

    fn on_error(&self) {}

    #[on_error]
    fn failed(&self) {}
}

#[socketio::on("chat")]
#[socketio::on("chat", namespace = "/")]
#[socketio::on("chat", namespace = "/other")]
#[socketio::on("chat", server = "admin")]
fn chat() {}

fn main() {}
