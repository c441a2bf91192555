//! Limits of what clients may send and of what the server stores for them, in groups with their defaults. The limits of a
//! connection (`max_waiting_events`, ..) are in `node/options.rs`, those of Engine.IO in `engine/config.rs`.

use std::time::Duration;

/// Limits of received packets, checked before anything is allocated.
///
/// The size of a single message is limited by the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PacketLimits {
    /// The number of attachments of one packet. Default: 10, as in the JavaScript parser.
    pub max_attachments: usize,
    /// The size of all attachments of one packet, in bytes. Default: 1,000,000.
    pub max_attachment_bytes: usize,
    /// The length of a namespace without its query, in bytes. Default: 256.
    pub max_namespace_len: usize,
    /// The length of an event's name as written in the JSON, in bytes. Default: 1,024.
    pub max_event_len: usize,
    /// The number of digits of an ack id. Default: 64.
    pub max_id_len: usize,
    /// The memory that the values of a packet may take, as a multiple of [`max_attachment_bytes`](Self::max_attachment_bytes). Default: 64.
    pub max_expansion: usize,
}

impl Default for PacketLimits {
    fn default() -> Self {
        PacketLimits {
            max_attachments: 10,
            max_attachment_bytes: 1_000_000,
            max_namespace_len: 256,
            max_event_len: 1_024,
            max_id_len: 64,
            max_expansion: 64,
        }
    }
}

impl PacketLimits {
    /// Returns no limits, for packets that the server has written itself.
    pub(crate) fn unlimited() -> Self {
        PacketLimits {
            max_attachments: usize::MAX,
            max_attachment_bytes: usize::MAX,
            max_namespace_len: usize::MAX,
            max_event_len: usize::MAX,
            max_id_len: usize::MAX,
            max_expansion: usize::MAX,
        }
    }
}

/// Limits of what all clients together, and the clients of one address, have open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdmissionLimits {
    /// The number of TCP connections.
    pub(crate) connections: usize,
    /// The number of TCP connections of one address.
    pub(crate) connections_per_address: usize,
    /// The number of sessions of one address.
    pub(crate) sessions_per_address: usize,
    /// The number of handshakes of one address within a second.
    pub(crate) handshakes_per_address: usize,
    /// The size of what waits in all outboxes together, in bytes.
    pub(crate) outboxes: usize,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        AdmissionLimits {
            // A client over polling usually has at most two.
            connections: 200_000,
            connections_per_address: 20_000,
            // A tenth of the total: more than most networks behind one address have, and few enough that one host can't
            // lock out the others.
            sessions_per_address: 10_000,
            handshakes_per_address: 1_000,
            // 64 full outboxes with the default limit. More slow clients than that are not to use up the memory.
            outboxes: 1 << 30,
        }
    }
}

/// Limits of one client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientLimits {
    /// The number of rooms it may be in.
    pub(crate) rooms: usize,
    /// The length of the name of a room, in bytes.
    pub(crate) room_name: usize,
    /// The length of the key of a user, in bytes.
    pub(crate) user_key: usize,
    /// Whether names of the form of a Python node's client ids are private.
    pub(crate) python_rooms: bool,
    /// The number of its pending acks.
    pub(crate) pending_acks: usize,
    pub(crate) call_timeout: Duration,
    /// The overflow policy of its outbox.
    pub(crate) overflow: OverflowPolicy,
}

impl Default for ClientLimits {
    fn default() -> Self {
        ClientLimits {
            rooms: 1_000,
            room_name: 256,
            user_key: 256,
            python_rooms: false,
            pending_acks: 1_000,
            call_timeout: Duration::from_secs(60),
            overflow: OverflowPolicy::default(),
        }
    }
}

/// The size of one connection's outbox before the [`OverflowPolicy`] applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutboxLimits {
    /// The number of messages. An attachment is a message of its own.
    pub(crate) messages: usize,
    /// The size of all messages, in bytes.
    pub(crate) bytes: usize,
    pub(crate) policy: OverflowPolicy,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        OutboxLimits {
            messages: 65_536,
            bytes: 16 << 20,
            policy: OverflowPolicy::default(),
        }
    }
}

/// The policy for events to a client whose outbox is full. Set for the server
/// ([`overflow_policy`](crate::SocketIoBuilder::overflow_policy)), or for one emit ([`To::overflow`](crate::To::overflow)).
///
/// Acknowledgements and other protocol packets are never dropped, and neither is an event of which a part was written. Dropped packets
/// are counted: [`Socket::dropped_packets`](crate::Socket::dropped_packets).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// Disconnects the client with [`Reason::TransportError`](crate::Reason::TransportError): it reconnects instead of
    /// missing events unknowingly. The default.
    #[default]
    Disconnect,
    /// Drops the new event.
    DropNewest,
    /// Drops the oldest waiting events that were emitted with this policy or `LatestPerKey`, until the new one fits. Drops the new one if
    /// that is not enough.
    DropOldest,
    /// Drops waiting events that a later one with the same key replaces, until the new one fits. If that is not enough, drops the oldest as
    /// [`DropOldest`](OverflowPolicy::DropOldest) does. The key is the event's name with its namespace, and the
    /// [`key`](crate::To::key) that the emit gives.
    LatestPerKey,
}

impl OverflowPolicy {
    /// Returns the name in messages between nodes, and in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            OverflowPolicy::Disconnect => "disconnect",
            OverflowPolicy::DropNewest => "drop_newest",
            OverflowPolicy::DropOldest => "drop_oldest",
            OverflowPolicy::LatestPerKey => "latest_per_key",
        }
    }

    /// Returns the policy with this [`name`](OverflowPolicy::name).
    pub(crate) fn named(name: &str) -> Option<Self> {
        use OverflowPolicy::{Disconnect, DropNewest, DropOldest, LatestPerKey};
        let all = [Disconnect, DropNewest, DropOldest, LatestPerKey];
        all.into_iter().find(|policy| policy.name() == name)
    }
}

/// Limits of the messages that wait to be published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublishLimits {
    pub(crate) messages: usize,
    /// The size of all messages, in bytes.
    pub(crate) bytes: usize,
}

impl Default for PublishLimits {
    fn default() -> Self {
        PublishLimits {
            messages: 65_536,
            bytes: 64 << 20,
        }
    }
}
