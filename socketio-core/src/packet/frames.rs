//! An encoded packet.

use std::collections::VecDeque;

use super::json::decode;
use crate::{
    admission::PacketLimits,
    base::{Message, Text},
};

/// An encoded packet: messages that follow one another, with no other message in between. Clones share their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// The JSON text, apart from the attachments, so that a packet without attachments allocates no list.
    first: Option<Message>,
    rest: Vec<Message>,
}

impl Frames {
    /// A packet of JSON: its text, and the attachments of its placeholders in order.
    #[inline]
    pub(crate) fn text(text: Text, attachments: Vec<Message>) -> Self {
        Frames {
            first: Some(Message::Text(text)),
            rest: attachments,
        }
    }

    /// Returns the messages to send, in order.
    pub fn into_messages(self) -> Vec<Message> {
        match self.first {
            Some(first) => std::iter::once(first).chain(self.rest).collect(),
            None => self.rest,
        }
    }

    /// Returns the messages, in order.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.first.iter().chain(&self.rest)
    }

    /// Returns the number of messages. A parser may have nothing to send.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// Returns the number of bytes in all messages.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        let first = self.first.as_ref().map_or(0, Message::len);
        if self.rest.is_empty() {
            return first;
        }
        first + self.rest.iter().map(Message::len).sum::<usize>()
    }

    /// Returns the text of a packet of the default parser that has no attachments.
    #[inline]
    pub(crate) fn text_alone(&self) -> Option<&str> {
        match &self.first {
            Some(Message::Text(text)) if self.rest.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Returns the event with one more argument: a string that needs no escapes in JSON. Only for events of the default parser.
    pub(crate) fn with_last_argument(&self, argument: &str) -> Frames {
        let Some(Message::Text(text)) = &self.first else {
            return self.clone();
        };
        let framed = text.framed().as_str();
        let open = framed.strip_suffix(']').unwrap_or(framed);
        // With the exact capacity, the text takes one allocation until it is shared.
        let mut longer = String::with_capacity(open.len() + argument.len() + 4);
        longer.push_str(open);
        longer.push_str(",\"");
        longer.push_str(argument);
        longer.push_str("\"]");
        Frames {
            first: Some(Message::Text(Text::from_framed_string(longer))),
            rest: match self.rest.is_empty() {
                true => Vec::new(),
                false => self.rest.clone(),
            },
        }
    }

    /// Moves the messages to the end of a queue.
    #[inline]
    pub(crate) fn move_to(self, queue: &mut VecDeque<Message>) {
        if let Some(first) = self.first {
            queue.push_back(first);
        }
        if !self.rest.is_empty() {
            queue.extend(self.rest);
        }
    }
}

/// Returns the name of an event of the default parser; of another one, it is empty.
pub(crate) fn event_name(packet: &Frames) -> String {
    match &packet.first {
        Some(Message::Text(text)) => decode(text.clone(), &PacketLimits::unlimited())
            .map(|packet| packet.event().to_owned())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// The messages of a parser.
impl From<Vec<Message>> for Frames {
    fn from(messages: Vec<Message>) -> Self {
        Frames {
            first: None,
            rest: messages,
        }
    }
}
