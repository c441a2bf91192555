//! The messages that nodes exchange: JSON objects in the format of python-socketio.
//!
//! Extensions of that format are in fields that Python ignores; `ext` marks a node that understands them.

mod arguments;
mod cluster_message;
mod emit_head;
mod envelope_header;
mod names;

pub(super) use arguments::ack_payload;
pub(super) use cluster_message::{
    ClientOperation, ClusterMessage, InStore, InvalidMessage, RemoteAckRequest, read,
};
pub(super) use envelope_header::{Clients, EnvelopeHeader};

/// The version of the extension: `client`, `failed` and binary data in acks; a lone `null` that is an argument; a `sid` that is
/// a room, or `null` for everyone, with a `skip_sid`; rooms to leave out in `except`.
pub(super) const EXTENSION: u8 = 1;
