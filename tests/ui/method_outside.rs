//! Handler attributes on methods outside of a namespace impl.

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
