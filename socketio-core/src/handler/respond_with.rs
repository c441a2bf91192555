//! An event that ends early, with an answer.

use std::{error::Error, fmt, sync::Arc};

use serde::Serialize;

use crate::{
    base::chain,
    handler::{Outcome, ResponseEncoder},
};

/// Ends an event here, with this acknowledgement: no failure, although it travels as an `Err`.
///
/// A guard answers with it in place of the handler, which does not run. From a handler it is an early return. In `connect`
/// there is nothing to acknowledge: there it refuses the client, as any `Err` does.
///
/// ```
/// use serde_json::json;
/// use socketio_core::{RespondWith, Session};
///
/// #[derive(Clone, Copy, Default)]
/// struct Asked(u32);
///
/// fn not_too_often(asked: Session<Asked>) -> Result<(), RespondWith> {
///     match asked.update(|asked| { asked.0 += 1; asked.0 }) {
///         ..=10 => Ok(()),
///         _ => Err(RespondWith::new(json!({ "retry_after": 60 }))),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RespondWith(With);

/// The answer, given out by `source()`: see [`chain::find`].
#[derive(Clone)]
struct With(Arc<dyn Fn(ResponseEncoder) -> Outcome + Send + Sync>);

impl RespondWith {
    /// Answers with a value, as a handler's would be: a tuple is several arguments, `()` none, anything else one. One that
    /// can't be encoded fails the event.
    pub fn new<T: Serialize + Send + Sync + 'static>(value: T) -> Self {
        RespondWith(With(Arc::new(move |answer| answer.value(&value))))
    }

    /// The answer, if an error is one, or lies upon it.
    pub(crate) fn find(error: &(dyn Error + 'static), answer: ResponseEncoder) -> Option<Outcome> {
        chain::find::<With>(error).map(|with| (with.0)(answer))
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
        f.write_str("the event has been answered")
    }
}

impl fmt::Debug for With {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Error for With {}
