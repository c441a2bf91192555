//! Why an event was not sent.

use std::fmt;

use crate::base::EncodeError;

/// Why an event was not sent to any recipient.
#[derive(Debug)]
pub struct EmitError(Problem);

#[derive(Debug)]
enum Problem {
    Encode(EncodeError),
    WriteOnly,
}

impl EmitError {
    pub(crate) fn write_only() -> Self {
        EmitError(Problem::WriteOnly)
    }
}

impl From<EncodeError> for EmitError {
    fn from(error: EncodeError) -> Self {
        EmitError(Problem::Encode(error))
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event was not sent: ")?;
        match &self.0 {
            Problem::Encode(error) => error.fmt(f),
            Problem::WriteOnly => {
                f.write_str("it asks for an answer, and a server that is `write_only` hears none")
            }
        }
    }
}

impl std::error::Error for EmitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Encode(error) => Some(error),
            Problem::WriteOnly => None,
        }
    }
}
