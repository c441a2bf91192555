//! A packet that came, whichever parser read it.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{Body, Packet, TextPacket};
use crate::{
    base::Data,
    packet::{Arguments, Kind},
};

/// A packet that came, with all that belongs to it.
#[derive(Clone, Debug)]
pub enum Received {
    /// Of the default parser: arguments are read when somebody wants them.
    Json(TextPacket, Vec<Bytes>),
    /// Of any other.
    Parsed(Packet),
}

impl Received {
    /// What it is for.
    pub fn kind(&self) -> Kind {
        match self {
            Received::Json(packet, _) => packet.kind(),
            Received::Parsed(packet) => match &packet.body {
                Body::Connect(_) => Kind::Connect,
                Body::Disconnect => Kind::Disconnect,
                Body::Event { .. } => Kind::Event,
                Body::Ack { .. } => Kind::Ack,
                Body::ConnectError(_) => Kind::ConnectError,
            },
        }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        match self {
            Received::Json(packet, _) => packet.namespace(),
            Received::Parsed(packet) => &packet.namespace,
        }
    }

    /// The event's name, empty for other kinds.
    pub fn event(&self) -> &str {
        match self {
            Received::Json(packet, _) => packet.event(),
            Received::Parsed(packet) => match &packet.body {
                Body::Event { name, .. } => name,
                _ => "",
            },
        }
    }

    /// The id of an acknowledgement that is wanted or given.
    pub fn id(&self) -> Option<String> {
        match self {
            Received::Json(packet, _) => packet.id().map(String::from),
            Received::Parsed(packet) => match &packet.body {
                Body::Event { id, .. } => id.map(|id| id.to_string()),
                Body::Ack { id, .. } => Some(id.to_string()),
                _ => None,
            },
        }
    }

    /// Reads what stands in a CONNECT or CONNECT_ERROR; nothing is `null`.
    ///
    /// # Errors
    ///
    /// When it is of another type.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.credentials().read()
    }

    /// What a client says about itself in its CONNECT.
    pub(crate) fn credentials(&self) -> Credentials {
        match self {
            Received::Json(packet, _) => Credentials::Json(packet.payload().to_owned()),
            Received::Parsed(packet) => Credentials::Data(match &packet.body {
                Body::Connect(Some(data)) | Body::ConnectError(data) => data.clone(),
                _ => Data::Null,
            }),
        }
    }

    /// The arguments of an event or an ack; none for other kinds.
    pub fn into_arguments(self) -> Arguments {
        match self {
            Received::Json(packet, attachments) => packet.into_arguments(attachments),
            Received::Parsed(packet) => match packet.body {
                Body::Event { arguments, .. } | Body::Ack { arguments, .. } => arguments.into(),
                _ => Arguments::default(),
            },
        }
    }

    /// About how many bytes it takes while it waits.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Received::Json(packet, attachments) => {
                packet.text().len() + attachments.iter().map(Bytes::len).sum::<usize>()
            }
            Received::Parsed(packet) => packet.weight(),
        }
    }
}

/// What a client says about itself when it connects.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// A JSON object, or nothing.
    Json(String),
    /// An object, or `null`.
    Data(Data),
}

impl Credentials {
    /// Reads them; nothing is `null`. So is an empty object, where that does not fit: a Python client that has nothing to say
    /// about itself sends one.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let null = || serde_json::from_str("null");
        let read = match self {
            Credentials::Json(json) if json.is_empty() => return null(),
            Credentials::Json(json) => serde_json::from_str(json),
            Credentials::Data(data) => T::deserialize(data),
        };
        read.or_else(|error| match self.is_empty_object() {
            true => null().map_err(|_| error),
            false => Err(error),
        })
    }

    fn is_empty_object(&self) -> bool {
        match self {
            Credentials::Json(json) => {
                let inner = json.trim().strip_prefix('{');
                inner.is_some_and(|inner| inner.trim_start() == "}")
            }
            Credentials::Data(data) => matches!(data, Data::Object(entries) if entries.is_empty()),
        }
    }
}
