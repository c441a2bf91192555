//! The fault boundary: all user code is called through these functions, and its panics end here.
//!
//! Called by the dispatcher for handlers, guards, middleware, `error_ack` and return values, by the codec for parsers,
//! and by the callers of hooks. A panic becomes a [`Panic`], an error like any other; it never unwinds into a task of
//! the server.

use std::{
    any::Any,
    error::Error,
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// A panic of user code, with its message.
#[derive(Debug)]
pub(crate) struct Panic(Box<str>);

impl Panic {
    /// Takes the message out of the payload of [`catch_unwind`].
    #[cold]
    fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = payload
            .downcast_ref::<&'static str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        let message = Box::from(message);
        // The payload is a user's value and may panic in `Drop`. The payload of a second panic is leaked.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(second);
        }
        Panic(message)
    }

    pub(crate) fn into_message(self) -> String {
        self.0.into()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.0)
    }
}

impl Error for Panic {}

/// Calls user code and returns its panic as an error.
#[inline]
pub(crate) fn catch<R>(call: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_unwind(AssertUnwindSafe(call)).map_err(Panic::new)
}

/// Polls a future of user code. It must not be polled again after a panic.
#[inline]
pub(crate) fn poll<F: Future + Unpin>(
    future: &mut F,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, Panic>> {
    match catch(|| Pin::new(future).poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// Runs a future of user code to completion.
pub(crate) async fn run<F: Future + Unpin>(mut future: F) -> Result<F::Output, Panic> {
    std::future::poll_fn(|cx| poll(&mut future, cx)).await
}

/// Drops a user's value. A panic of its `Drop` is logged.
pub(crate) fn discard<T>(value: T) {
    if let Err(panic) = catch(|| drop(value)) {
        tracing::error!(target: "socketio", %panic, "a value panicked when it was dropped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        let panic = catch(|| -> () { panic!("{} of them", 3) }).unwrap_err();
        assert_eq!(panic.to_string(), "panicked: 3 of them");
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_is_caught_too() {
        let panic = catch(|| -> () { std::panic::panic_any(Bomb) });
        assert_eq!(panic.unwrap_err().to_string(), "panicked: no message");
        discard(Bomb);
    }
}
