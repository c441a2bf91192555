//! [`Trigger`]: the middleware `trigger_event` of a namespace impl, as `#[namespace]` describes it.

use std::{fmt, panic::Location};

use super::{EventCall, HandlerFuture, Instance, Next, Outcome};
use crate::{base::BoxError, handler::Response};

/// The shim of `trigger_event`.
type TriggerShim = fn(&Instance, EventCall, Next) -> HandlerFuture;

/// The `trigger_event` of a namespace impl, as `#[namespace]` describes it.
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

/// Checks the type of an argument of `trigger_event`: it must be `T`, under any name in the user's code.
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

/// The return types of `trigger_event`.
#[diagnostic::on_unimplemented(
    message = "`trigger_event` can't return `{Self}`",
    label = "must be `Result<Response, E>`, with any error that converts into `BoxError`",
    note = "`next.run(call).await` returns the `Response`; `Err(RespondWith::new(value).into())` responds with another value"
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

/// Converts the return value of `trigger_event`. The last call of its shim.
pub fn triggered<T: TriggerOutcome>(value: T) -> Outcome {
    value.into_outcome()
}
