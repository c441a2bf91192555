//! The argument and return types of `trigger_event`.

use std::rc::Rc;

use socketio::{EventCall, Next, Response, Result};

struct Python;

#[socketio::namespace("/python")]
impl Python {
    async fn trigger_event(&self, _event: String, _arguments: Vec<u8>) -> Result<Response> {
        Ok(Response::default())
    }
}

struct Turned;

#[socketio::namespace("/turned")]
impl Turned {
    async fn trigger_event(&self, next: Next, call: EventCall) -> Result<Response> {
        Ok(next.run(call).await?)
    }
}

struct Value;

#[socketio::namespace("/value")]
impl Value {
    async fn trigger_event(&self, call: EventCall, next: Next) -> Option<u32> {
        next.run(call).await.ok()?.read().ok()?
    }
}

struct Nothing;

#[socketio::namespace("/nothing")]
impl Nothing {
    async fn trigger_event(&self, call: EventCall, next: Next) {
        let _ = next.run(call).await;
    }
}

struct NoError;

struct Failure;

#[socketio::namespace("/no/error")]
impl NoError {
    async fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response, Failure> {
        next.run(call).await.map_err(|_| Failure)
    }
}

struct NotSend;

#[socketio::namespace("/not/send")]
impl NotSend {
    async fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response> {
        let kept = Rc::new(1);
        let reply = next.run(call).await?;
        drop(kept);
        Ok(reply)
    }
}

fn main() {}
