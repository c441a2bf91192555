//! One packet, as it was read.

use std::{fmt, ops::Range};

use bytes::Bytes;

use super::Arguments;
use crate::base::Text;

/// What a packet is for. Binary events and acks are told by [`TextPacket::attachments`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Joins a namespace, or says that it has been joined.
    Connect,
    /// Leaves a namespace.
    Disconnect,
    /// An event with its arguments.
    Event,
    /// The answer to an event.
    Ack,
    /// Joining was refused.
    ConnectError,
}

/// The head of a packet: slices of the text it came in. Made by [`decode`](super::decode).
#[derive(Clone)]
pub struct TextPacket {
    pub(super) text: Text,
    pub(super) kind: Kind,
    pub(super) attachments: usize,
    /// Empty for the default namespace.
    pub(super) namespace: Range<usize>,
    pub(super) id: Option<Range<usize>>,
    pub(super) event: Name,
    /// Where the JSON begins; the end of the text when there is none.
    pub(super) payload: usize,
    /// Where [`Arguments`] begin to read: behind the event's name, or behind an ack's `[`.
    pub(super) arguments: usize,
}

/// An event's name.
#[derive(Clone)]
pub(super) enum Name {
    /// Not an event.
    None,
    /// Written without escapes: a slice of the text.
    Plain(Range<usize>),
    /// Written with escapes.
    Unescaped(Box<str>),
}

impl TextPacket {
    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The namespace, `/` when none was named. A query behind it is no part of it.
    pub fn namespace(&self) -> &str {
        if self.namespace.is_empty() {
            "/"
        } else {
            &self.text[self.namespace.clone()]
        }
    }

    /// The id of an acknowledgement that is wanted or given: digits, as the client wrote them.
    pub fn id(&self) -> Option<&str> {
        self.id.clone().map(|digits| &self.text[digits])
    }

    /// The event's name, empty for other kinds. A number's name is its text.
    pub fn event(&self) -> &str {
        match &self.event {
            Name::None => "",
            Name::Plain(name) => &self.text[name.clone()],
            Name::Unescaped(name) => name,
        }
    }

    /// How many binary messages belong to it.
    pub fn attachments(&self) -> usize {
        self.attachments
    }

    /// The JSON behind the head, empty when there is none. For CONNECT and CONNECT_ERROR it has been
    /// checked; for events and acks it has not, that is left to [`Arguments`].
    pub fn payload(&self) -> &str {
        &self.text[self.payload..]
    }

    /// The arguments of an event (behind its name) or of an ack; none for other kinds.
    pub fn into_arguments(self, attachments: Vec<Bytes>) -> Arguments {
        match self.kind {
            Kind::Event => Arguments::behind_name(self.text, self.arguments, attachments),
            Kind::Ack => Arguments::of_array(self.text, self.arguments, attachments),
            Kind::Connect | Kind::Disconnect | Kind::ConnectError => Arguments::default(),
        }
    }

    /// The whole packet as it came.
    pub fn text(&self) -> &Text {
        &self.text
    }
}

impl fmt::Debug for TextPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextPacket")
            .field("kind", &self.kind)
            .field("namespace", &self.namespace())
            .field("id", &self.id())
            .field("event", &self.event())
            .field("attachments", &self.attachments)
            .finish_non_exhaustive()
    }
}
