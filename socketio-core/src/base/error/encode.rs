//! [`EncodeError`]: a packet that could not be encoded.

use std::{error::Error, fmt, str::Utf8Error};

use crate::base::BoxError;

/// A packet that could not be encoded. Nothing was sent.
#[derive(Debug)]
pub struct EncodeError(Problem);

#[derive(Debug)]
enum Problem {
    Reserved(Box<str>),
    Value(serde_json::Error),
    NotUtf8(Utf8Error),
    Auth,
    /// The number of attachments, and the limit.
    TooManyAttachments(usize, usize),
    Placeholder,
    Parser(BoxError),
}

impl EncodeError {
    pub(crate) fn reserved(event: &str) -> Self {
        EncodeError(Problem::Reserved(event.into()))
    }

    pub(crate) fn value(error: serde_json::Error) -> Self {
        EncodeError(Problem::Value(error))
    }

    pub(crate) fn not_utf8(error: Utf8Error) -> Self {
        EncodeError(Problem::NotUtf8(error))
    }

    pub(crate) fn auth() -> Self {
        EncodeError(Problem::Auth)
    }

    pub(crate) fn too_many_attachments(attachments: usize, limit: usize) -> Self {
        EncodeError(Problem::TooManyAttachments(attachments, limit))
    }

    pub(crate) fn placeholder() -> Self {
        EncodeError(Problem::Placeholder)
    }

    pub(crate) fn parser(error: BoxError) -> Self {
        EncodeError(Problem::Parser(error))
    }

    /// Returns whether the event's name is reserved by the protocol. Otherwise the value has no form in JSON, or the server's
    /// parser cannot write it.
    pub fn is_reserved_name(&self) -> bool {
        matches!(self.0, Problem::Reserved(_))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Reserved(event) => write!(f, "`{event}` is a reserved event name"),
            Problem::Value(error) => write!(f, "the value can't be encoded: {error}"),
            Problem::NotUtf8(_) => f.write_str("the value can't be encoded: it is not UTF-8"),
            Problem::Auth => {
                f.write_str("the `auth` object must be a map or a struct without binary data")
            }
            Problem::TooManyAttachments(attachments, limit) => write!(
                f,
                "{attachments} binary values are more than the {limit} that JavaScript clients accept in one packet: put them \
                 together, or raise `max_outgoing_attachments` if all clients accept more"
            ),
            Problem::Placeholder => f.write_str(
                "the value can't be encoded: beside binary data, clients would take an object with `_placeholder: true` for a \
                 part of it",
            ),
            Problem::Parser(error) => write!(f, "the parser can't encode the packet: {error}"),
        }
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Problem::Value(error) => Some(error),
            Problem::NotUtf8(error) => Some(error),
            Problem::Parser(error) => Some(&**error),
            Problem::Reserved(_)
            | Problem::Auth
            | Problem::TooManyAttachments(..)
            | Problem::Placeholder => None,
        }
    }
}
