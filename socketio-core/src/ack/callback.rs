//! [`Callback`]: a closure that runs once for each acknowledgement.

use std::{panic::Location, pin::Pin, sync::Arc};

use serde::de::DeserializeOwned;

use crate::{
    base::{CallError, Escaped, ProblemLog, fault},
    packet::Arguments,
    pending::{OnAck, RunningCallback},
};

/// The future of a callback's closure.
pub(crate) type CallbackFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Closures for [`To::callback`](crate::To::callback): `async` or not, with one argument, into which the acknowledgement is
/// read: a tuple for several arguments, `()` for none. A closure with an argument of type `Result<T, CallError>` also runs if
/// there is no acknowledgement.
///
/// The compiler infers `M`.
#[diagnostic::on_unimplemented(
    message = "this can't be called with an acknowledgement",
    label = "not a callback",
    note = "a callback is a closure with one argument, whose type is written and implements `Deserialize`, or is a `Result<T, CallError>` of such a type; it returns `()`, or a `Send` future of `()`"
)]
pub trait AckCallback<M>: Send + Sync + 'static {
    /// Whether the callback also runs if there is no acknowledgement.
    #[doc(hidden)]
    const TAKES_ERRORS: bool;

    #[doc(hidden)]
    fn run_callback(&self, ack: AckResult) -> Result<CallbackFuture, CallError>;
}

/// The acknowledgement of one client, or the reason why there is none.
pub(crate) type AckResult = Result<Arguments, CallError>;

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
    const TAKES_ERRORS: bool = false;

    fn run_callback(&self, ack: AckResult) -> Result<CallbackFuture, CallError> {
        let argument = ack?.read().map_err(CallError::InvalidAck)?;
        Ok(self(argument).into_callback_future())
    }
}

/// Marker of callbacks that also run if there is no acknowledgement.
#[derive(Debug)]
pub struct Checked;

impl<F, A, R, M> AckCallback<(Checked, M, A)> for F
where
    F: Fn(Result<A, CallError>) -> R + Send + Sync + 'static,
    A: DeserializeOwned,
    R: IntoCallbackFuture<M>,
{
    const TAKES_ERRORS: bool = true;

    fn run_callback(&self, ack: AckResult) -> Result<CallbackFuture, CallError> {
        let ack = ack.and_then(|mut ack| ack.read().map_err(CallError::InvalidAck));
        Ok(self(ack).into_callback_future())
    }
}

type Run = dyn Fn(AckResult) -> Result<CallbackFuture, CallError> + Send + Sync;

/// A closure that runs once for each ack. It may be dropped wherever a client ends, so its destructor is caught.
#[derive(Clone)]
pub(crate) struct Callback {
    /// `None` only while it is dropped.
    run: Option<Arc<Run>>,
    takes_errors: bool,
    origin: &'static Location<'static>,
}

impl Drop for Callback {
    fn drop(&mut self) {
        fault::discard(self.run.take());
    }
}

impl Callback {
    #[track_caller]
    pub(crate) fn new<M, C: AckCallback<M>>(callback: C) -> Self {
        Callback {
            run: Some(Arc::new(move |ack| callback.run_callback(ack))),
            takes_errors: C::TAKES_ERRORS,
            origin: Location::caller(),
        }
    }

    /// Returns whether it also runs if there is no acknowledgement.
    pub(crate) fn takes_errors(&self) -> bool {
        self.takes_errors
    }

    /// Returns the function to run when one recipient acknowledges. It passes the future of the closure, and the location
    /// where the closure was registered, to `spawn`.
    pub(crate) fn on_ack(
        &self,
        problems: ProblemLog,
        spawn: impl FnOnce(&'static Location<'static>, CallbackFuture) + Send + 'static,
    ) -> OnAck {
        let callback = self.clone();
        Box::new(move |ack, running: Option<RunningCallback>| {
            let Some(run) = callback.run.clone() else {
                return;
            };
            if ack.is_err() && !callback.takes_errors {
                return;
            }
            let origin = callback.origin;
            spawn(
                origin,
                Box::pin(async move {
                    // Counts the callback until it is dropped at the end.
                    let _running = running;
                    // Dropped at the end, inside the fault boundary like all user code.
                    let _callback = callback;
                    match run(ack) {
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
