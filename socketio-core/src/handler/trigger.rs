//! `trigger_event`: the middleware of a namespace impl.

use std::{fmt, panic::Location};

use super::{EventCall, HandlerFuture, Instance, Next, Outcome};
use crate::{base::BoxError, handler::Response};

/// The shim of `trigger_event`.
type TriggerShim = fn(&Instance, EventCall, Next) -> HandlerFuture;

/// The `trigger_event` of a namespace impl, as `#[namespace]` described it.
#[derive(Clone, Copy)]
pub struct Trigger {
    pub(super) location: &'static Location<'static>,
    pub(super) shim: TriggerShim,
}

impl Trigger {
    /// Describes a `trigger_event`, which wraps every event of its namespace.
    #[track_caller]
    pub const fn new(shim: TriggerShim) -> Self {
        Trigger {
            location: Location::caller(),
            shim,
        }
    }
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trigger_event ({})", self.location)
    }
}

/// The type of an argument of `trigger_event`: `T`, under whatever name.
#[diagnostic::on_unimplemented(
    message = "`trigger_event` can't take `{Self}`",
    label = "must be `{T}`",
    note = "write `async fn trigger_event(&self, call: EventCall, next: Next) -> socketio::Result<Response>`: `call` has the event's name, its arguments and its client"
)]
pub trait TriggerArgument<T> {
    /// Returns the value unchanged.
    fn taken(value: T) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T> TriggerArgument<T> for T {
    fn taken(value: T) -> Self {
        value
    }
}

/// What `trigger_event` may return.
#[diagnostic::on_unimplemented(
    message = "`trigger_event` can't return `{Self}`",
    label = "must be `Result<Response, E>`, with any error that converts into `BoxError`",
    note = "`next.run(call).await` gives the `Response`; `Err(RespondWith::new(value).into())` answers with a value of your own"
)]
pub trait TriggerOutcome {
    /// Converts it into the result of the event.
    fn into_outcome(self) -> Outcome;
}

impl<E: Into<BoxError>> TriggerOutcome for Result<Response, E> {
    fn into_outcome(self) -> Outcome {
        self.map_err(Into::into)
    }
}

/// Ends the shim of `trigger_event`.
pub fn triggered<T: TriggerOutcome>(value: T) -> Outcome {
    value.into_outcome()
}
