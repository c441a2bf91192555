//! [`EmitError`]: an event that was not sent.

use std::fmt;

use super::NoCurrentClient;
use crate::base::EncodeError;

/// The reason why an event was not sent.
#[derive(Debug)]
pub struct EmitError(Problem);

#[derive(Debug)]
enum Problem {
    Encode(EncodeError),
    WriteOnly,
    OutboxFull,
    NoCurrentClient(NoCurrentClient),
    WrongNamespace(Box<WrongNamespace>),
}

/// An event whose type belongs to another namespace than the one that it was sent to.
#[derive(Debug)]
struct WrongNamespace {
    event: &'static str,
    own: &'static str,
    given: String,
}

impl EmitError {
    pub(crate) fn write_only() -> Self {
        EmitError(Problem::WriteOnly)
    }
}

impl EmitError {
    pub(crate) fn wrong_namespace(event: &'static str, own: &'static str, given: &str) -> Self {
        let given = given.to_owned();
        EmitError(Problem::WrongNamespace(Box::new(WrongNamespace {
            event,
            own,
            given,
        })))
    }

    /// Returns whether an event with a type was sent to another namespace than its own.
    pub fn is_wrong_namespace(&self) -> bool {
        matches!(self.0, Problem::WrongNamespace(_))
    }

    pub(crate) fn outbox_full() -> Self {
        EmitError(Problem::OutboxFull)
    }

    /// Returns whether the event's name is reserved by the protocol, such as `connect`.
    pub fn is_reserved_name(&self) -> bool {
        matches!(&self.0, Problem::Encode(error) if error.is_reserved_name())
    }

    /// Returns whether the client's outbox is full: `.await` [`Socket::drained`](crate::Socket::drained) between
    /// batches.
    pub fn is_outbox_full(&self) -> bool {
        matches!(self.0, Problem::OutboxFull)
    }
}

impl From<EncodeError> for EmitError {
    fn from(error: EncodeError) -> Self {
        EmitError(Problem::Encode(error))
    }
}

impl From<NoCurrentClient> for EmitError {
    fn from(error: NoCurrentClient) -> Self {
        EmitError(Problem::NoCurrentClient(error))
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event was not sent: ")?;
        match &self.0 {
            Problem::Encode(error) => error.fmt(f),
            Problem::OutboxFull => f.write_str(
                "the client's outbox is full: await `socket.drained()` between batches, or raise `max_outbox`",
            ),
            Problem::WriteOnly => f.write_str(
                "it asks for an acknowledgement, but a `write_only` server receives none",
            ),
            Problem::NoCurrentClient(error) => error.fmt(f),
            Problem::WrongNamespace(wrong) => {
                let WrongNamespace { event, own, given } = &**wrong;
                write!(
                    f,
                    "the type of {event:?} is for the namespace {own:?}, not for {given:?}: address the namespace with `of(..)`"
                )
            }
        }
    }
}

impl std::error::Error for EmitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Encode(error) => Some(error),
            Problem::WriteOnly | Problem::OutboxFull | Problem::WrongNamespace(_) => None,
            Problem::NoCurrentClient(error) => Some(error),
        }
    }
}
