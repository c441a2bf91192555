//! A server of closures, and the text of a panic.

use std::panic::AssertUnwindSafe;

/// A server whose handlers are closures.
macro_rules! server {
    ($($event:literal => $handler:expr),* $(,)?) => {
        socketio::SocketIo::bare()$(.on($event, $handler))*.build().unwrap()
    };
}

pub(crate) use server;

/// Returns the text of the panic of a future.
pub(crate) async fn panic_of<T>(future: impl Future<Output = T>) -> String {
    use std::{pin::pin, task::Poll};

    let mut future = pin!(future);
    let panic = std::future::poll_fn(|cx| {
        let polled = AssertUnwindSafe(|| future.as_mut().poll(cx));
        match std::panic::catch_unwind(polled) {
            Ok(Poll::Ready(_)) => panic!("it did not panic"),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(panic),
        }
    })
    .await;
    text_of(panic)
}

pub(crate) fn text_of(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().unwrap().to_string(),
    }
}
