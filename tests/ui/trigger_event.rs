//! Invalid signatures of `trigger_event`.

use socketio::{EventCall, Next, Response, Result};

struct Sound;

#[socketio::namespace("/twice")]
impl Sound {
    async fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response> {
        Ok(next.run(call).await?)
    }

    async fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response> {
        Ok(next.run(call).await?)
    }
}

struct Associated;

#[socketio::namespace("/associated")]
impl Associated {
    async fn trigger_event(call: EventCall, next: Next) -> Result<Response> {
        Ok(next.run(call).await?)
    }
}

struct Mutable;

#[socketio::namespace("/mutable")]
impl Mutable {
    async fn trigger_event(&mut self, call: EventCall, next: Next) -> Result<Response> {
        Ok(next.run(call).await?)
    }
}

struct Waiting;

#[socketio::namespace("/waiting")]
impl Waiting {
    fn trigger_event(
        &self,
        call: EventCall,
        next: Next,
    ) -> impl Future<Output = Result<Response, socketio::HandlerError>> {
        next.run(call)
    }
}

struct Python;

#[socketio::namespace("/python")]
impl Python {
    async fn trigger_event(&self, _event: &str, _next: Next, _arguments: &[String]) {}
}

struct Few;

#[socketio::namespace("/few")]
impl Few {
    async fn trigger_event(&self, _call: impl Into<EventCall>) {}
}

struct Generic;

#[socketio::namespace("/generic")]
impl Generic {
    async fn trigger_event<'a, T>(&'a self, call: EventCall, next: Next) -> Result<Response> {
        Ok(next.run(call).await?)
    }
}

struct Unsafe;

#[socketio::namespace("/unsafe")]
impl Unsafe {
    async unsafe fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response> {
        Ok(next.run(call).await?)
    }
}

struct Handler;

#[socketio::namespace("/handler")]
impl Handler {
    #[event(guard = nobody)]
    #[on("x")]
    #[on_error]
    async fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response> {
        Ok(next.run(call).await?)
    }
}

fn nobody() -> bool {
    false
}

fn main() {}
