//! Handlers removed by `#[cfg]` are not registered.
#![deny(warnings)]
#![allow(unexpected_cfgs)]

use socketio::handlers;

#[socketio::event]
#[cfg(any())]
fn gone(missing: Missing) -> Missing {
    missing
}

#[cfg(any())]
#[socketio::event]
fn gone(missing: Missing) -> Missing {
    missing
}

#[socketio::event]
#[cfg(not(any()))]
fn here(#[cfg(any())] missing: Missing, #[cfg(not(any()))] there: u32) -> u32 {
    there
}

#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/some")]
struct Some;

#[socketio::namespace]
impl Some {
    #[cfg(any())]
    async fn on_event(&self, missing: Missing) -> Missing {
        missing
    }

    #[cfg(not(any()))]
    async fn on_event(&self, there: u32) -> u32 {
        there
    }

    #[on("one")]
    #[cfg(any())]
    #[on("other")]
    fn absent(&self, _: Missing) {}

    #[on("one")]
    #[cfg(not(any()))]
    #[on("other")]
    fn present(&self) {}
}

#[socketio::namespace("/around")]
impl Here {
    #[cfg(any())]
    async fn trigger_event(&self, missing: Missing, next: Missing) -> Missing {
        missing
    }

    #[cfg(not(any()))]
    async fn trigger_event(
        &self,
        call: socketio::EventCall,
        next: socketio::Next,
    ) -> Result<socketio::Response, socketio::HandlerError> {
        next.run(call).await
    }
}

struct Here;

#[socketio::namespace("/not/around")]
impl There {
    #[cfg(any())]
    async fn trigger_event(&self, missing: Missing, next: Missing) -> Missing {
        missing
    }
}

struct There;

#[socketio::namespace("/gone")]
#[cfg(any())]
impl Gone {
    fn on_event(&self) {}
}

fn main() {
    assert_eq!(handlers![here].len(), 1);
    assert_eq!(here(1), 1);
}
