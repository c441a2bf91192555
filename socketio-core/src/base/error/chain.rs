//! Finds an error among the sources of another.

use std::error::Error;

/// Returns the error of type `T` that `error` is, or that is one of its sources. Runs user code.
///
/// `anyhow` and `eyre` hide the type of the outermost error, but not of its sources. So an error that must be found through
/// them has a `source()` with the same content.
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
