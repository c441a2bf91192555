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
#[derive(Clone)]
pub struct TextPacket {
    pub(super) text: Text,
    pub(super) kind: Kind,
    pub(super) attachments: usize,
    /// Empty for the default namespace.
    pub(super) namespace: Range<usize>,
    pub(super) id: Option<Range<usize>>,
    pub(super) event: Name,
    /// Where the JSON begins; the end of the text if there is none.
    pub(super) payload: usize,
    /// Where [`Arguments`] begin to read: after the event's name, or after the `[` of an acknowledgement.
    pub(super) arguments: usize,
    /// The arguments would take too much memory.
    pub(super) expands: bool,
}

/// An event's name.
#[derive(Clone)]
pub(super) enum Name {
    /// The packet is not an event.
    None,
    /// Written without escapes: a slice of the text.
    Plain(Range<usize>),
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
            &self.text[self.namespace.clone()]
        }
    }

    /// Returns the query behind the namespace, which old clients send with CONNECT; empty if there is none.
    pub(in crate::packet) fn query(&self) -> &str {
        let behind = &self.text[self.namespace.end..];
        let query = behind.strip_prefix('?').unwrap_or_default();
        query.split(',').next().unwrap_or_default()
    }

    /// Returns the id of the acknowledgement that is asked for or given: digits, as the client wrote them.
    pub fn id(&self) -> Option<&str> {
        self.id.clone().map(|digits| &self.text[digits])
    }

    /// Returns the event's name, empty for other kinds. If the name is a number, returns its text.
    pub fn event(&self) -> &str {
        match &self.event {
            Name::None => "",
            Name::Plain(name) => &self.text[name.clone()],
            Name::Unescaped(name) => name,
        }
    }

    /// Returns the number of binary messages that belong to the packet.
    pub fn attachments(&self) -> usize {
        self.attachments
    }

    /// Returns the JSON after the head, empty if there is none. For CONNECT and CONNECT_ERROR it has been checked; for events
    /// and acknowledgements [`Arguments`] checks it.
    pub fn payload(&self) -> &str {
        &self.text[self.payload..]
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
            attachments,
        };
        Arguments::of_packet(payload, progress)
    }

    /// Returns the object of a CONNECT or CONNECT_ERROR packet.
    pub(in crate::packet) fn object(&self) -> JsonPayload {
        JsonPayload {
            text: self.text.clone(),
            start: self.payload,
            attachments: Vec::new(),
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
