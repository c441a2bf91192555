//! Questions of other processes.

use super::{EnvelopeHeader, names::Name};

/// A ack_request of another process: what it needs to know its answers by.
pub(in crate::cluster) struct RemoteAckRequest {
    /// Who asks.
    pub(in crate::cluster) host_id: String,
    /// ClientOperation stood in its message, to be repeated.
    pub(in crate::cluster) room: Name,
    pub(in crate::cluster) namespace: String,
    pub(in crate::cluster) id: u64,
    /// Whether it is of our kind.
    pub(in crate::cluster) extended: bool,
}

impl RemoteAckRequest {
    /// The head of an answer: whose it is, whether there will be none, whether there is binary data in it.
    pub(in crate::cluster) fn head<'a>(
        &'a self,
        client: &'a str,
        failed: bool,
        binary: bool,
    ) -> EnvelopeHeader<'a> {
        EnvelopeHeader::Callback {
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
