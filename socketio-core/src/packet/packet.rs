//! A packet of values, and the names that no event may have.

use crate::base::{Data, EncodeError};

/// A packet of values: what a [`Parser`](super::Parser) encodes, and what a [`Decoder`](super::Decoder) reads from messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// The namespace: `/`, `/chat`.
    pub namespace: String,
    /// The kind of the packet, and its content.
    pub body: Body,
}

/// The kind and the content of a packet. Exhaustive, since the kinds of the protocol are fixed and a parser handles each.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// From a client: the request to join the namespace, with the object `auth` if it has one. From the server: the client
    /// has joined, and has this id: `{"sid": ".."}`.
    Connect(Option<Data>),
    /// The client leaves the namespace, or is disconnected from it.
    Disconnect,
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Vec<Data>,
        /// The id of the acknowledgement, if the sender asks for one.
        id: Option<u64>,
    },
    /// The acknowledgement of an event.
    Ack {
        /// The id that the event had.
        id: u64,
        /// Its arguments.
        arguments: Vec<Data>,
    },
    /// Only from the server: the client may not join the namespace, `{"message": "..", "data": ..}`.
    ConnectError(Data),
}

impl Packet {
    pub(super) fn new(namespace: &str, body: Body) -> Self {
        Packet {
            namespace: namespace.to_owned(),
            body,
        }
    }

    /// Returns all values of the packet, for parsers that change them before they are encoded.
    pub fn values_mut(&mut self) -> &mut [Data] {
        match &mut self.body {
            Body::Connect(data) => data.as_mut_slice(),
            Body::Disconnect => &mut [],
            Body::Event { arguments, .. } | Body::Ack { arguments, .. } => arguments,
            Body::ConnectError(data) => std::slice::from_mut(data),
        }
    }

    fn values(&self) -> &[Data] {
        match &self.body {
            Body::Connect(data) => data.as_slice(),
            Body::Disconnect => &[],
            Body::Event { arguments, .. } | Body::Ack { arguments, .. } => arguments,
            Body::ConnectError(data) => std::slice::from_ref(data),
        }
    }

    /// Estimates the bytes of memory that the values take, which can be many times the size of the message.
    pub(super) fn weight(&self) -> usize {
        self.values().iter().map(weight).sum()
    }
}

/// An estimate of the memory of an object besides its entries: a node of the map has room for eleven.
pub(super) const NODE: usize = 10 * size_of::<(String, Data)>();

pub(super) fn weight(data: &Data) -> usize {
    size_of::<Data>()
        + match data {
            Data::String(string) => string.len(),
            Data::Binary(bytes) => bytes.len(),
            Data::Array(elements) => elements.iter().map(weight).sum(),
            Data::Object(entries) if entries.is_empty() => 0,
            Data::Object(entries) => entries
                .iter()
                .map(|(key, value)| size_of::<String>() + key.len() + weight(value))
                .fold(NODE, usize::saturating_add),
            Data::Null | Data::Bool(_) | Data::Number(_) => 0,
        }
}

/// Fails for names that no event can have.
pub(crate) fn check_name(name: &str) -> Result<(), EncodeError> {
    if socketio_names::is_reserved(name) {
        return Err(EncodeError::reserved(name));
    }
    Ok(())
}
