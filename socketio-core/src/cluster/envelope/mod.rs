//! The messages that nodes exchange: JSON objects in the format of python-socketio.
//!
//! What that format cannot express is in fields that Python ignores: `ext` marks a node that understands them.

mod ack_request;
mod arguments;
mod invalid_message;
mod names;
mod read;
mod write;

pub(super) use ack_request::RemoteAckRequest;
pub(super) use arguments::answer;
use invalid_message::InvalidMessage;
pub(super) use read::{ClientOperation, ClusterMessage, read};
pub(super) use write::{Clients, EnvelopeHeader};

/// The version of our additions: `client` and `failed` with answers, binary answers, a lone `null` that is an argument, `sid`s that
/// are rooms or `null` for everyone, `skip_sid` beside them.
pub(super) const EXTENSION: u8 = 1;
