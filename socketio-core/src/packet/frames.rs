//! Messages that are ready to be sent.

use std::collections::VecDeque;

use crate::{base::Message, packet::Encoded};

/// An encoded packet: messages that must follow one another, with nothing in between. Clones share their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frames {
    /// Of the default parser: text, and the attachments that belong to it.
    Json(Encoded),
    /// Of any other.
    Messages(Vec<Message>),
}

impl Frames {
    /// The messages to send, in order.
    pub fn into_messages(self) -> Vec<Message> {
        match self {
            Frames::Json(encoded) => encoded.into_messages().collect(),
            Frames::Messages(messages) => messages,
        }
    }

    /// How many messages there are. A parser may find nothing to send.
    pub(crate) fn count(&self) -> usize {
        match self {
            Frames::Json(encoded) => 1 + encoded.attachments.len(),
            Frames::Messages(messages) => messages.len(),
        }
    }

    /// Bytes in all messages.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Frames::Json(encoded) => encoded.len(),
            Frames::Messages(messages) => messages.iter().map(Message::len).sum(),
        }
    }

    /// Moves the messages to the end of a queue.
    pub(crate) fn move_to(self, queue: &mut VecDeque<Message>) {
        match self {
            Frames::Json(encoded) => queue.extend(encoded.into_messages()),
            Frames::Messages(messages) => queue.extend(messages),
        }
    }
}

impl From<Encoded> for Frames {
    fn from(encoded: Encoded) -> Self {
        Frames::Json(encoded)
    }
}
