//! [`KeySpace`]: keys that no other rule uses.

use socketio_core::{Claim, OnceKey};

/// Keys that no other rule and no earlier run of the suite uses.
pub(super) struct KeySpace(u128);

impl KeySpace {
    pub(super) fn new() -> Self {
        KeySpace(Claim::new().get())
    }

    /// Returns a key of an owner.
    pub(super) fn of(&self, owner: &str, name: &str) -> OnceKey {
        OnceKey::from_parts(&format!("{:x}:{owner}", self.0), name)
    }

    pub(super) fn key(&self, name: &str) -> OnceKey {
        self.of("owner", name)
    }
}
