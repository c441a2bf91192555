//! Bounds on what a server holds for its clients and takes from them. Their defaults stand in the server's options.

use std::time::Duration;

/// Bounds on what a peer may send, checked before anything is allocated for it.
///
/// The size of a single message is bounded by the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PacketLimits {
    /// Attachments of one packet. Default: 10, as in the JavaScript parser.
    pub max_attachments: usize,
    /// Total size of all attachments of one packet, in bytes. Default: 1,000,000.
    pub max_attachment_bytes: usize,
    /// Length of a namespace's name, without its query, in bytes. Default: 256.
    pub max_namespace_len: usize,
    /// Length of an event's name as written in the JSON, in bytes. Default: 1,024.
    pub max_event_len: usize,
    /// Digits of an acknowledgement id. Default: 64.
    pub max_id_len: usize,
}

impl Default for PacketLimits {
    fn default() -> Self {
        PacketLimits {
            max_attachments: 10,
            max_attachment_bytes: 1_000_000,
            max_namespace_len: 256,
            max_event_len: 1_024,
            max_id_len: 64,
        }
    }
}

/// Bounds on what one client can hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientLimits {
    /// Rooms it may be in.
    pub(crate) rooms: usize,
    /// Acknowledgements that it may owe.
    pub(crate) pending_acks: usize,
    pub(crate) call_timeout: Duration,
}

/// How much may wait in one connection's outbox before the [`OverflowPolicy`] applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutboxLimits {
    /// Messages; an attachment is a message of its own.
    pub(crate) messages: usize,
    /// Bytes of all messages together.
    pub(crate) bytes: usize,
    pub(crate) policy: OverflowPolicy,
}

/// What happens when an outbox is full because its client reads more slowly than it is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// Disconnects the client with [`Reason::TransportError`](crate::Reason::TransportError): it reconnects, rather than
    /// missing events without knowing. The default.
    #[default]
    Disconnect,
    /// Drops the new event and counts it: [`Socket::dropped_packets`](crate::Socket::dropped_packets). Acknowledgements and
    /// other protocol packets are never dropped.
    DropNewest,
}

/// How much may wait to be published to the other nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublishLimits {
    pub(crate) messages: usize,
    /// Bytes of all messages together.
    pub(crate) bytes: usize,
}
