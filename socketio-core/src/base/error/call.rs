//! Why `call` has no response.

use std::fmt;

use super::EmitError;
use crate::base::ArgumentError;

/// Why `call` has no response from the client.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The client did not respond before the timeout (60 seconds by default).
    Timeout,
    /// The client has gone, or has not been accepted yet (in `connect`).
    Disconnected,
    /// No local client matches the target.
    NoRecipient,
    /// The client sent so much while the call waited that its response cannot be reached (more than `max_http_buffer_size` bytes
    /// past a full inbox), or too many of its acknowledgements are pending.
    TooMuchPending,
    /// The response is not of the type that was asked for.
    Answer(ArgumentError),
    /// The event could not be sent.
    Emit(EmitError),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Timeout => f.write_str("the client did not answer in time"),
            CallError::Disconnected => f.write_str("the client is not connected"),
            CallError::NoRecipient => f.write_str("nobody is at this address"),
            CallError::TooMuchPending => f.write_str("too much waits before the client's answer"),
            CallError::Answer(error) => write!(f, "the client's answer: {error}"),
            CallError::Emit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CallError::Answer(error) => Some(error),
            CallError::Emit(error) => Some(error),
            _ => None,
        }
    }
}
