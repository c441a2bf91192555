//! Signatures that no handler can have; all mistakes of one are reported at once.

use std::{future::Future, pin::Pin};

#[socketio::event]
fn generic<T>(_: T) {}

#[socketio::event]
fn lifetime<'a>(_: &'a str) {}

#[socketio::event]
fn constant<const N: usize>(_: [u8; N]) {}

#[socketio::event]
fn opaque(_: impl serde::de::DeserializeOwned) {}

#[socketio::event]
unsafe fn dangerous() {}

#[socketio::event]
extern "C" fn foreign() {}

#[socketio::event]
const fn compile_time() {}

#[socketio::event]
fn future() -> impl Future<Output = u32> + Send {
    async { 1 }
}

#[socketio::event]
fn boxed() -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async { 1 })
}

fn main() {}
