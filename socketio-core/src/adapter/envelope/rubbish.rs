//! Messages that are none.

use std::fmt;

use crate::BoxError;

/// A message that is none, and why.
pub(in crate::adapter) struct Rubbish(BoxError);

impl<E: Into<BoxError>> From<E> for Rubbish {
    fn from(error: E) -> Self {
        Rubbish(error.into())
    }
}

impl fmt::Display for Rubbish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
