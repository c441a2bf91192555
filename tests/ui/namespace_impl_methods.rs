//! Methods that are handlers.

use std::rc::Rc;

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    fn on_associated(text: String) -> String {
        text
    }

    fn on_mutable(&mut self) {}

    fn on_value(self) {}

    fn on_mutable_value(mut self) {
        self = Rooms;
        drop(self);
    }

    fn on_shared(self: Rc<Self>) {}

    fn on_boxed(self: Box<Self>) {}

    fn on_static(&'static self) {}

    fn on_(&self) {}

    fn on_generic<T>(&self, _: T) {}

    unsafe fn on_unsafe(&self) {}

    #[event]
    fn attributed() {}
}

fn main() {}
