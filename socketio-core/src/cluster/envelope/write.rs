//! Messages to other processes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Serialize;

use super::names::{Name, NamesRef};
use crate::{base::EncodeError, packet::JsonPayload};

/// A message, but for the arguments that it carries.
///
/// `host_id` is first where it names the process that writes: so that knows its own messages at a glance.
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
        /// ClientOperation an answer repeats: address, namespace and id.
        callback: Option<(&'a str, &'a str, u64)>,
        ext: u8,
    },
    Callback {
        /// For whom it is, for once.
        host_id: &'a str,
        /// ClientOperation stood first in `callback`: to Python, 7 is not "7".
        sid: &'a Name,
        namespace: &'a str,
        id: u64,
        /// Who answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<&'a str>,
        /// There will be no answer.
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
}

/// Clients that something is to be done with.
#[derive(Serialize)]
pub(in crate::cluster) struct Clients<'a> {
    pub(in crate::cluster) host_id: &'a str,
    /// To others than us the id of one; `None` is everyone.
    pub(in crate::cluster) sid: Option<&'a str>,
    /// The room to enter or to leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cluster) room: Option<&'a str>,
    pub(in crate::cluster) namespace: &'a str,
    #[serde(skip_serializing_if = "NamesRef::is_none")]
    pub(in crate::cluster) skip_sid: NamesRef<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cluster) ext: Option<u8>,
}

impl EnvelopeHeader<'_> {
    /// Writes the message, with arguments in a field of this name: an array, or, if there is binary data among them, an array of the
    /// array with placeholders and of what these stand for, in Base64.
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
            // Behind the last field, in place of the brace.
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
