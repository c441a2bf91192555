//! [`Callback`]: a closure that runs once for each acknowledgement.

use std::{panic::Location, pin::Pin, sync::Arc};

use serde::de::DeserializeOwned;

use crate::{
    base::{ArgumentError, Escaped, ProblemLog, fault},
    packet::Arguments,
    pending::OnAck,
};

/// The future of a callback's closure.
pub(crate) type CallbackFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Closures for [`To::callback`](crate::To::callback): `async` or not, with one argument, into which the acknowledgement is
/// read: a tuple for several arguments, `()` for none.
///
/// The compiler infers `M`.
#[diagnostic::on_unimplemented(
    message = "this can't be called with an acknowledgement",
    label = "not a callback",
    note = "a callback is a closure with one argument, whose type is written and implements `Deserialize`; it returns `()`, or a `Send` future of `()`"
)]
pub trait AckCallback<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn run_callback(&self, arguments: Arguments) -> Result<CallbackFuture, ArgumentError>;
}

/// Return types of callbacks: `()`, or a future of `()`.
pub trait IntoCallbackFuture<M> {
    #[doc(hidden)]
    fn into_callback_future(self) -> CallbackFuture;
}

/// Marker of callbacks that are not `async`.
#[derive(Debug)]
pub struct Immediate;
/// Marker of callbacks that return a future.
#[derive(Debug)]
pub struct Deferred;

impl IntoCallbackFuture<Immediate> for () {
    fn into_callback_future(self) -> CallbackFuture {
        Box::pin(std::future::ready(()))
    }
}

impl<F: Future<Output = ()> + Send + 'static> IntoCallbackFuture<Deferred> for F {
    fn into_callback_future(self) -> CallbackFuture {
        Box::pin(self)
    }
}

impl<F, A, R, M> AckCallback<(M, A)> for F
where
    F: Fn(A) -> R + Send + Sync + 'static,
    A: DeserializeOwned,
    R: IntoCallbackFuture<M>,
{
    fn run_callback(&self, mut arguments: Arguments) -> Result<CallbackFuture, ArgumentError> {
        Ok(self(arguments.read()?).into_callback_future())
    }
}

type Run = dyn Fn(Arguments) -> Result<CallbackFuture, ArgumentError> + Send + Sync;

/// A closure that runs once for each ack. It may be dropped wherever a client ends, so its destructor is caught.
#[derive(Clone)]
pub(crate) struct Callback {
    /// `None` only while it is dropped.
    run: Option<Arc<Run>>,
    origin: &'static Location<'static>,
}

impl Drop for Callback {
    fn drop(&mut self) {
        fault::discard(self.run.take());
    }
}

impl Callback {
    #[track_caller]
    pub(crate) fn new<M>(callback: impl AckCallback<M>) -> Self {
        Callback {
            run: Some(Arc::new(move |arguments| callback.run_callback(arguments))),
            origin: Location::caller(),
        }
    }

    /// Returns the function to run when one recipient acknowledges. It passes the future of the closure, and the location
    /// where the closure was registered, to `spawn`.
    pub(crate) fn on_ack(
        &self,
        problems: ProblemLog,
        spawn: impl FnOnce(&'static Location<'static>, CallbackFuture) + Send + 'static,
    ) -> OnAck {
        let callback = self.clone();
        Box::new(move |ack| {
            let (Ok(arguments), Some(run)) = (ack, callback.run.clone()) else {
                return;
            };
            let origin = callback.origin;
            spawn(
                origin,
                Box::pin(async move {
                    // Dropped at the end, as all user code within the fault boundary.
                    let _callback = callback;
                    match run(arguments) {
                        Ok(callback) => callback.await,
                        Err(error) => {
                            const TEXT: &str = "an acknowledgement does not fit its callback";
                            if let Some(left_out) = problems.admit(origin, TEXT) {
                                let error = error.to_string();
                                let error = Escaped(&error);
                                tracing::warn!(target: "socketio", %origin, %error, left_out, "{TEXT}");
                            }
                        }
                    }
                }),
            );
        })
    }
}
