//! The error of messages that can't be decoded.

use std::fmt;

use crate::base::BoxError;

/// The reason why a message is invalid.
pub(in crate::cluster) struct InvalidMessage(BoxError);

impl<E: Into<BoxError>> From<E> for InvalidMessage {
    fn from(error: E) -> Self {
        InvalidMessage(error.into())
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
