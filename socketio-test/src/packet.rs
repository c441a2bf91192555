//! [`Packet`]: a recorded message of a connection.

use std::{fmt, time::SystemTime};

use bytes::Bytes;
use socketio_core::Message;

/// An encoded message of a connection, in either direction: see [`packets`](crate::TestClient::packets).
///
/// Two are equal if their direction and content are.
#[derive(Clone)]
pub struct Packet {
    sent: bool,
    message: Message,
    /// When it was sent or received.
    pub(crate) at: SystemTime,
}

impl Packet {
    pub(crate) fn sent(message: Message) -> Self {
        Packet {
            sent: true,
            message,
            at: SystemTime::now(),
        }
    }

    pub(crate) fn received(message: Message) -> Self {
        Packet {
            sent: false,
            message,
            at: SystemTime::now(),
        }
    }

    pub(crate) fn into_message(self) -> Message {
        self.message
    }

    /// Returns whether the client sent it, rather than the server.
    pub fn is_sent(&self) -> bool {
        self.sent
    }

    /// Returns the Socket.IO packet; `None` for an attachment.
    pub fn text(&self) -> Option<&str> {
        match &self.message {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// Returns the attachment; `None` for text.
    pub fn binary(&self) -> Option<&Bytes> {
        match &self.message {
            Message::Text(_) => None,
            Message::Binary(bytes) => Some(bytes),
        }
    }
}

impl PartialEq for Packet {
    fn eq(&self, other: &Self) -> bool {
        (self.sent, &self.message) == (other.sent, &other.message)
    }
}

impl Eq for Packet {}

/// Formats as `sent 2["join","lobby"]` or `received b"\x01"`.
impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sent { "sent " } else { "received " })?;
        match &self.message {
            Message::Text(text) => f.write_str(text),
            Message::Binary(bytes) => fmt::Debug::fmt(bytes, f),
        }
    }
}
