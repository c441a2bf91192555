//! A packet that is ready to be sent.

use bytes::Bytes;

use crate::base::{Message, Text};

/// An encoded packet: its text and the attachments that must follow it, with nothing in between.
/// Clones share their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The packet.
    pub text: Text,
    /// What its placeholders stand for, in order.
    pub attachments: Vec<Bytes>,
}

impl Encoded {
    /// The messages to send, in order.
    pub fn into_messages(self) -> impl Iterator<Item = Message> {
        std::iter::once(Message::Text(self.text))
            .chain(self.attachments.into_iter().map(Message::Binary))
    }

    /// Bytes in all messages.
    #[expect(clippy::len_without_is_empty, reason = "a packet is never empty")]
    pub fn len(&self) -> usize {
        self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}
