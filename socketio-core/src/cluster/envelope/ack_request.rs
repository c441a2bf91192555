//! Requests of other nodes for acks.

use super::{EnvelopeHeader, names::Name};

/// A request of another node, with the values that identify it in the ack.
pub(in crate::cluster) struct RemoteAckRequest {
    /// The node that requested the ack.
    pub(in crate::cluster) host_id: String,
    /// The target of its message, repeated in the ack.
    pub(in crate::cluster) room: Name,
    pub(in crate::cluster) namespace: String,
    pub(in crate::cluster) id: u64,
    /// Whether the node understands our extension.
    pub(in crate::cluster) extended: bool,
}

impl RemoteAckRequest {
    /// Returns the header of an ack of `client`. `failed` is whether no ack will come, `binary` whether the arguments contain
    /// binary data.
    pub(in crate::cluster) fn header<'a>(
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
