//! Encodes messages for other nodes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::names::{Name, NamesRef};
use crate::{
    base::{EncodeError, Sid},
    cluster::Question,
    packet::JsonPayload,
};

/// A message without its arguments.
///
/// `host_id` comes first if it names the publishing node, so that a node recognises its own messages by their first bytes.
#[derive(Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub(in crate::cluster) enum EnvelopeHeader<'a> {
    Emit {
        host_id: &'a str,
        event: &'a str,
        binary: bool,
        namespace: &'a str,
        room: NamesRef<'a>,
        skip_sid: NamesRef<'a>,
        /// Rooms whose clients are left out. Ignored by Python.
        #[serde(skip_serializing_if = "NamesRef::is_none")]
        except: NamesRef<'a>,
        /// The target, namespace and id that the ack repeats.
        callback: Option<(&'a str, &'a str, u64)>,
        /// Whether it is volatile. Ignored by Python.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        volatile: bool,
        /// The name of the overflow policy, if it is not that of the receiving node.
        #[serde(skip_serializing_if = "Option::is_none")]
        overflow: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<&'a str>,
        /// The epoch of the event store that has kept the event. Nodes that follow this epoch receive the event from the store.
        #[serde(skip_serializing_if = "Option::is_none")]
        kept: Option<&'a str>,
        /// The number at the node of an event for an event store; 0 if it will not be kept. Without `kept`, it is not kept yet.
        #[serde(skip_serializing_if = "Option::is_none")]
        kept_number: Option<u64>,
        ext: u8,
    },
    Callback {
        /// The node that requested the ack, not the one that publishes.
        host_id: &'a str,
        /// The first element of the request's `callback`, unchanged: to Python, 7 is not "7".
        sid: &'a Name,
        namespace: &'a str,
        id: u64,
        /// The client that acknowledges.
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<&'a str>,
        /// Whether no ack will come.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        binary: bool,
    },
    Disconnect(Clients<'a>),
    EnterRoom(Clients<'a>),
    LeaveRoom(Clients<'a>),
    CloseRoom {
        host_id: &'a str,
        room: &'a str,
        namespace: &'a str,
    },
    /// A question to all Rust nodes. Python ignores methods that it does not know.
    Query {
        host_id: &'a str,
        id: u64,
        query: &'a Question,
    },
    Answer {
        /// The node that asked, not the one that publishes.
        host_id: &'a str,
        /// The node that answers.
        node: &'a str,
        id: u64,
        answer: &'a RawValue,
    },
    /// Asks all nodes to publish a message, by whose number the node notices what it has missed. Python ignores this method and
    /// the next three.
    RollCall {
        host_id: &'a str,
    },
    /// The response to a roll call.
    Present {
        host_id: &'a str,
    },
    /// The node has missed messages of another one.
    Missed {
        host_id: &'a str,
        /// The node that is to publish them again.
        node: &'a str,
        /// The first and the last of them.
        numbers: (u64, u64),
    },
    /// Messages that the node can't publish again.
    Gone {
        host_id: &'a str,
        numbers: (u64, u64),
    },
    /// The clients of a node that were asked for an ack.
    Asked {
        /// The node that requested the acks, not the one that publishes.
        host_id: &'a str,
        id: u64,
        clients: &'a [Sid],
    },
}

/// The clients of an operation.
#[derive(Serialize)]
pub(in crate::cluster) struct Clients<'a> {
    pub(in crate::cluster) host_id: &'a str,
    /// The id of a client or, with `ext`, a room; `None` for everyone.
    pub(in crate::cluster) sid: Option<&'a str>,
    /// The room to enter or to leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cluster) room: Option<&'a str>,
    pub(in crate::cluster) namespace: &'a str,
    #[serde(skip_serializing_if = "NamesRef::is_none")]
    pub(in crate::cluster) skip_sid: NamesRef<'a>,
    #[serde(skip_serializing_if = "NamesRef::is_none")]
    pub(in crate::cluster) except: NamesRef<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cluster) ext: Option<u8>,
}

impl EnvelopeHeader<'_> {
    /// Encodes the message, with the arguments in a field of this name: an array or, if they contain binary data, an array of the
    /// array with placeholders and the attachments in Base64.
    pub(in crate::cluster) fn write(
        &self,
        arguments: Option<(&str, &JsonPayload)>,
    ) -> Result<Bytes, EncodeError> {
        let mut message = serde_json::to_vec(self).map_err(EncodeError::value)?;
        if let Some((field, payload)) = arguments {
            let attachments = payload.attachments();
            let size: usize = attachments
                .iter()
                .map(|bytes| bytes.len() * 4 / 3 + 6)
                .sum();
            message.reserve(field.len() + payload.json().len() + size + 8);
            // Replaces the closing brace.
            message.pop();
            message.extend_from_slice(b",\"");
            message.extend_from_slice(field.as_bytes());
            message.extend_from_slice(b"\":");
            if attachments.is_empty() {
                message.extend_from_slice(payload.json().as_bytes());
            } else {
                message.push(b'[');
                message.extend_from_slice(payload.json().as_bytes());
                for attachment in attachments {
                    message.extend_from_slice(b",\"");
                    message.extend_from_slice(STANDARD.encode(attachment).as_bytes());
                    message.push(b'"');
                }
                message.push(b']');
            }
            message.push(b'}');
        }
        Ok(message.into())
    }
}
