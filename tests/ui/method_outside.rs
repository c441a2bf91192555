//! Handler attributes on methods whose impl block is none of ours.

struct Rooms;

impl Rooms {
    #[socketio::event]
    async fn say(&self, text: String) -> String {
        text
    }

    #[socketio::on("clear all")]
    fn clear(self) {}
}

fn main() {
    Rooms.clear();
}
