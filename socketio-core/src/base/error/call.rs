//! [`CallError`]: a call without an acknowledgement.

use std::fmt;

use super::{EmitError, NoCurrentClient};
use crate::base::ArgumentError;

/// The reason why a `call` has no acknowledgement.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// No acknowledgement arrived within the timeout (60 seconds by default).
    Timeout,
    /// The client has disconnected, or has not been accepted yet (in `connect`).
    Disconnected,
    /// The target matches no connected client.
    NoRecipient,
    /// The client sent so much while the call waited that its acknowledgement can't be read (more than
    /// `max_http_buffer_size` bytes past a full inbox), or it has too many pending acknowledgements already.
    TooMuchPending,
    /// The acknowledgement is not of the expected type.
    InvalidAck(ArgumentError),
    /// The event could not be sent.
    Emit(EmitError),
    /// [`try_call`](crate::try_call) was called outside of a handler: [`NoCurrentClient`].
    NoCurrentClient,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Timeout => f.write_str("the client did not acknowledge in time"),
            CallError::Disconnected => f.write_str("the client is not connected"),
            CallError::NoRecipient => f.write_str("no connected client matches the target"),
            CallError::TooMuchPending => f.write_str(
                "too many packets precede the client's acknowledgement, or too many are pending",
            ),
            CallError::InvalidAck(error) => write!(f, "the client's acknowledgement: {error}"),
            CallError::Emit(error) => error.fmt(f),
            CallError::NoCurrentClient => NoCurrentClient.fmt(f),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CallError::InvalidAck(error) => Some(error),
            CallError::Emit(error) => Some(error),
            _ => None,
        }
    }
}

impl From<NoCurrentClient> for CallError {
    fn from(_: NoCurrentClient) -> Self {
        CallError::NoCurrentClient
    }
}
