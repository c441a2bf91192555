//! The head of a packet.

use std::{fmt, ops::Range};

use bytes::Bytes;

use super::{JsonPayload, Progress};
use crate::{base::Text, packet::Arguments};

/// What a packet is for. [`TextPacket::attachments`] tells binary events and acknowledgements from others. Exhaustive, since
/// the kinds of the protocol are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Joins a namespace, or says that it has been joined.
    Connect,
    /// Leaves a namespace.
    Disconnect,
    /// An event with its arguments.
    Event,
    /// The acknowledgement of an event.
    Ack,
    /// Joining was refused.
    ConnectError,
}

/// The head of a packet: slices of the text it came in. Created by [`decode`](crate::protocol::decode).
///
/// Positions have 32 bits, so that a packet is small: it is moved several times before its handler runs.
/// [`decode`](crate::protocol::decode) refuses texts of more than 4 GiB.
#[derive(Clone)]
pub struct TextPacket {
    pub(super) text: Text,
    pub(super) kind: Kind,
    /// The arguments would take too much memory.
    pub(super) expands: bool,
    pub(super) attachments: u32,
    /// Where the JSON begins; the end of the text if there is none.
    pub(super) payload: u32,
    /// Where [`Arguments`] begin to read: after the event's name, or after the `[` of an acknowledgement.
    pub(super) arguments: u32,
    /// Empty for the default namespace.
    pub(super) namespace: Span,
    /// Empty if there is none.
    pub(super) id: Span,
    pub(super) event: Name,
}

/// A part of the text of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn is_empty(self) -> bool {
        self.start == self.end
    }

    fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Span {
            start: position(range.start),
            end: position(range.end),
        }
    }
}

/// Converts a position in a text of up to 4 GiB.
#[inline]
pub(in crate::packet) fn position(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// An event's name.
#[derive(Clone)]
pub(super) enum Name {
    /// The packet is not an event.
    None,
    /// Written without escapes: a slice of the text.
    Plain(Span),
    /// Written with escapes.
    Unescaped(Box<str>),
}

impl TextPacket {
    /// Returns what the packet is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the namespace, `/` if the packet names none. A query behind it is not part of it.
    pub fn namespace(&self) -> &str {
        if self.namespace.is_empty() {
            "/"
        } else {
            self.namespace.of(&self.text)
        }
    }

    /// Returns the query behind the namespace, which old clients send with CONNECT; empty if there is none.
    pub(in crate::packet) fn query(&self) -> &str {
        let behind = &self.text[self.namespace.end as usize..];
        let query = behind.strip_prefix('?').unwrap_or_default();
        query.split(',').next().unwrap_or_default()
    }

    /// Returns the id of the acknowledgement that is asked for or given: digits, as the client wrote them.
    pub fn id(&self) -> Option<&str> {
        (!self.id.is_empty()).then(|| self.id.of(&self.text))
    }

    /// Returns the event's name, empty for other kinds. If the name is a number, returns its text.
    pub fn event(&self) -> &str {
        match &self.event {
            Name::None => "",
            Name::Plain(name) => name.of(&self.text),
            Name::Unescaped(name) => name,
        }
    }

    /// Returns the number of binary messages that belong to the packet.
    pub fn attachments(&self) -> usize {
        self.attachments as usize
    }

    /// Returns the JSON after the head, empty if there is none. For CONNECT and CONNECT_ERROR it has been checked; for events
    /// and acknowledgements [`Arguments`] checks it.
    pub fn payload(&self) -> &str {
        &self.text[self.payload as usize..]
    }

    /// Returns the arguments of an event (after its name) or of an acknowledgement; none for other kinds.
    pub fn into_arguments(self, attachments: Vec<Bytes>) -> Arguments {
        let progress = match self.kind {
            Kind::Event => Progress::behind_name(self.arguments),
            Kind::Ack => Progress::in_array(self.arguments),
            Kind::Connect | Kind::Disconnect | Kind::ConnectError => return Arguments::default(),
        };
        let progress = match self.expands {
            true => Progress::too_large(),
            false => progress,
        };
        let payload = JsonPayload {
            text: self.text,
            start: self.payload,
            attachments: match attachments.is_empty() {
                true => Box::default(),
                false => attachments.into(),
            },
        };
        Arguments::of_packet(payload, progress)
    }

    /// Returns the object of a CONNECT or CONNECT_ERROR packet.
    pub(in crate::packet) fn object(&self) -> JsonPayload {
        JsonPayload {
            text: self.text.clone(),
            start: self.payload,
            attachments: Box::default(),
        }
    }

    /// Returns the whole packet as it came.
    pub fn text(&self) -> &Text {
        &self.text
    }
}

/// Returns where the JSON of a packet begins that this server has written.
pub(in crate::packet) fn payload_start(packet: &str) -> usize {
    let head = packet
        .find(|char: char| !char.is_ascii_digit() && char != '-')
        .unwrap_or(packet.len());
    if !packet[head..].starts_with('/') {
        return head;
    }
    packet.find(',').unwrap_or(packet.len())
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
