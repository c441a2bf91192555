//! Events that can't be sent.

use std::fmt;

use crate::protocol::EncodeError;

/// Why an event was not sent, to anybody.
#[derive(Debug)]
pub struct EmitError(EncodeError);

impl From<EncodeError> for EmitError {
    fn from(error: EncodeError) -> Self {
        EmitError(error)
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event was not sent: {}", self.0)
    }
}

impl std::error::Error for EmitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
