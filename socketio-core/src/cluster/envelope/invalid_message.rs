//! Messages that are none.

use std::fmt;

use crate::base::BoxError;

/// A message that is none, and why.
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
