//! Event names that belong to the protocol.

use super::EncodeError;

/// Names no event may have: JavaScript clients emit these to their own listeners.
pub const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// Whether `name` is one of [`RESERVED`].
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Fails for names that no event can have.
pub(crate) fn check_name(name: &str) -> Result<(), EncodeError> {
    if is_reserved(name) {
        return Err(EncodeError::reserved(name));
    }
    Ok(())
}
