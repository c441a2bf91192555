//! Questions of other processes.

use super::{Head, names::Name};

/// A question of another process: what it needs to know its answers by.
pub(in crate::adapter) struct Question {
    /// Who asks.
    pub(in crate::adapter) host_id: String,
    /// What stood in its message, to be repeated.
    pub(in crate::adapter) room: Name,
    pub(in crate::adapter) namespace: String,
    pub(in crate::adapter) id: u64,
    /// Whether it is of our kind.
    pub(in crate::adapter) extended: bool,
}

impl Question {
    /// The head of an answer: whose it is, whether there will be none, whether there is binary data in it.
    pub(in crate::adapter) fn head<'a>(
        &'a self,
        client: &'a str,
        failed: bool,
        binary: bool,
    ) -> Head<'a> {
        Head::Callback {
            host_id: &self.host_id,
            sid: &self.room,
            namespace: &self.namespace,
            id: self.id,
            client: self.extended.then_some(client),
            failed,
            binary,
        }
    }
}
