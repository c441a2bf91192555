//! The name of an event is not an option, and a closure has no attribute.

use socketio::{SocketIo, handlers};

#[socketio::event(name = "say")]
async fn speak(_text: String) {}

fn main() {
    let _ = SocketIo::bare().handlers(handlers![|text: String| text]);
}
