//! A packet between a parser and the server.

use crate::base::Data;

/// A packet as values: what a [`Parser`](super::Parser) encodes, and what a [`Decoder`](super::Decoder) makes of messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// The namespace: `/`, `/chat`.
    pub namespace: String,
    /// What the packet says.
    pub body: Body,
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// From a client: it wants to join the namespace, and may say something about itself, in an object. From the server:
    /// it has joined, and this is its id, `{"sid": ".."}`.
    Connect(Option<Data>),
    /// It leaves the namespace, or has to.
    Disconnect,
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Vec<Data>,
        /// When an acknowledgement is wanted: the number that it has to bear.
        id: Option<u64>,
    },
    /// The acknowledgement of an event.
    Ack {
        /// The number that the event bore.
        id: u64,
        /// Its arguments.
        arguments: Vec<Data>,
    },
    /// Only from the server: joining the namespace was refused, `{"message": "..", "data": ..}`.
    ConnectError(Data),
}

impl Packet {
    pub(super) fn new(namespace: &str, body: Body) -> Self {
        Packet {
            namespace: namespace.to_owned(),
            body,
        }
    }

    /// All values in it, for parsers that change them on their way.
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

    /// About how many bytes of memory the values take, which can be many times what the message had.
    pub(super) fn weight(&self) -> usize {
        self.values().iter().map(weight).sum()
    }
}

/// About what an object with any entry takes, beside its entries: rooms for eleven come together.
pub(super) const NODE: usize = 10 * size_of::<(String, Data)>();

fn weight(data: &Data) -> usize {
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
