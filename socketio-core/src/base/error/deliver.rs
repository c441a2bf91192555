//! [`DeliverError`]: an event that is not kept.

use std::fmt;

use super::{BoxError, EmitError};

/// The reason why an event is not kept until it is acknowledged. It was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeliverError {
    /// The target is neither a user nor a client: events are not kept for rooms.
    NoRecipient,
    /// A limit of kept events is reached. The text names the option that raises it.
    Full(&'static str),
    /// The payload can't be encoded, or the name is reserved.
    Emit(EmitError),
    /// The store can't be reached.
    Store(BoxError),
}

impl fmt::Display for DeliverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeliverError::NoRecipient => f.write_str(
                "events are kept for users and clients only: use `to_user(key)`, or `to(sid)` with the id of a client",
            ),
            DeliverError::Full(option) => {
                write!(f, "too many events are kept already: raise {option}")
            }
            DeliverError::Emit(error) => error.fmt(f),
            DeliverError::Store(error) => write!(f, "the store of kept events failed: {error}"),
        }
    }
}

impl std::error::Error for DeliverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DeliverError::Emit(error) => Some(error),
            DeliverError::Store(error) => Some(&**error),
            DeliverError::NoRecipient | DeliverError::Full(_) => None,
        }
    }
}
