//! How large a packet may be.

/// Bounds on what a peer may send, checked before anything is allocated for it.
///
/// The size of a single message is bounded by the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Attachments of one packet. 10 by default, as in the JavaScript parser.
    pub max_attachments: usize,
    /// Bytes of all attachments of one packet together. 1,000,000 by default.
    pub max_attachment_bytes: usize,
    /// Bytes of a namespace's name, without a query behind it. 256 by default.
    pub max_namespace_len: usize,
    /// Bytes of an event's name, as written in the JSON. 1,024 by default.
    pub max_event_len: usize,
    /// Digits of an acknowledgement id. 64 by default.
    pub max_id_len: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_attachments: 10,
            max_attachment_bytes: 1_000_000,
            max_namespace_len: 256,
            max_event_len: 1_024,
            max_id_len: 64,
        }
    }
}
