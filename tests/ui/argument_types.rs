//! Arguments that can't be read from an event.

struct Message;

#[socketio::event]
async fn plain(_: Message) {}

#[socketio::event]
fn inside(_: u32, _: Option<Message>) {}

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    async fn on_say(&self, _: Vec<Message>) {}
}

fn main() {}
