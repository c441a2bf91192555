//! The items that `#[namespace]` may be on.

struct Rooms;
struct Generic<T>(T);
struct Borrowing<'a>(&'a str);

trait Trait {
    fn on_say(&self);
}

#[socketio::namespace("/a")]
impl Trait for Rooms {
    #[on("say")]
    fn on_say(&self) {}
}

#[socketio::namespace("/b")]
impl<T: Send> Generic<T> {
    #[on("say")]
    fn say(&self) {}
}

#[socketio::namespace("/c")]
impl Borrowing<'_> {
    #[on("say")]
    fn say(&self) {}
}

#[socketio::namespace("/d")]
struct Struct;

#[socketio::namespace("/e")]
pub async fn function() {}

#[socketio::namespace]
mod module {}

#[socketio::namespace(namespace = "/f", concurrent)]
impl Rooms {}

#[socketio::namespace("/g", "/h")]
impl Struct {}

#[socketio::namespace(rooms)]
impl Generic<u32> {}

#[socketio::namespace("/i")]
impl &Rooms {}

fn main() {
    let _ = Struct;
}
