//! Errors within errors.

use std::error::Error;

/// The error of type `T` that `error` is, or that lies beneath it.
///
/// `anyhow` and `eyre` hide the type of the outermost error, not of those beneath it: so what must be found through them
/// has a `source()` of its own that says the same.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
