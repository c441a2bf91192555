//! Handlers move between threads.

use std::{cell::Cell, rc::Rc};

#[socketio::event]
async fn held() -> u32 {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    *shared
}

#[derive(Default)]
struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    async fn on_say(&self) {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
    }
}

struct Counter(Cell<u32>);

#[socketio::namespace("/counter")]
impl Counter {
    fn on_count(&self) -> u32 {
        self.0.get()
    }
}

fn main() {}
