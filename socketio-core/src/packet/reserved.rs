//! Event names that belong to the protocol.

pub use socketio_names::{RESERVED, is_reserved};

use super::EncodeError;

/// Fails for names that no event can have.
pub(crate) fn check_name(name: &str) -> Result<(), EncodeError> {
    if is_reserved(name) {
        return Err(EncodeError::reserved(name));
    }
    Ok(())
}
