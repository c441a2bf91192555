//! [`RespondWith`]: an error that ends an event with a response.

use std::{error::Error, fmt};

use super::{response::Deferred, return_value::ReturnValue};
use crate::{
    base::chain,
    handler::{Outcome, ResponseEncoder},
};

/// Ends an event with this response. It is returned as an `Err`, but the event does not fail.
///
/// In a guard, it is the response in place of the handler, which does not run. In a handler, it is an early return.
/// `connect` has no response: there it refuses the client as any `Err` does. It is also found inside of `anyhow` and `eyre`
/// errors.
///
/// ```
/// use serde_json::json;
/// use socketio_core::{RespondWith, Session};
///
/// #[derive(Clone, Copy, Default)]
/// struct Events(u32);
///
/// fn not_too_often(events: Session<Events>) -> Result<(), RespondWith> {
///     match events.update(|events| { events.0 += 1; events.0 }) {
///         ..=10 => Ok(()),
///         _ => Err(RespondWith::new(json!({ "retry_after": 60 }))),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RespondWith(With);

/// The response, returned by `source()`: see [`chain::find`].
#[derive(Clone, Debug)]
struct With(Deferred);

impl RespondWith {
    /// Creates the error from a value, which is encoded like a handler's return value: a tuple is several arguments,
    /// `()` none, anything else one. If it cannot be encoded, the event fails.
    pub fn new<T: ReturnValue + Send + Sync + 'static>(value: T) -> Self {
        RespondWith(With(Deferred::new(value)))
    }

    /// Returns the encoded response, if the error is a `RespondWith` or has one among its sources.
    pub(crate) fn find(error: &(dyn Error + 'static), encoder: ResponseEncoder) -> Option<Outcome> {
        chain::find::<With>(error).map(|with| with.0.encode(encoder))
    }
}

impl fmt::Display for RespondWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for RespondWith {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl fmt::Display for With {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event ended early with a response")
    }
}

impl Error for With {}
