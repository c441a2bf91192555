//! Finds an error of a type among the sources of another error.

use std::error::Error;

/// Returns the error of type `T` that `error` is or has among its sources. Runs user code.
///
/// `anyhow` and `eyre` hide the type of the outermost error, but not of its sources. An error that must be found
/// through them therefore returns its content as its `source()`.
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
