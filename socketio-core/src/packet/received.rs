//! A packet that was read, whichever parser has read it.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{AckId, Arguments, Body, Kind, Packet, Payload, TextPacket};

/// A packet that was read, with all its attachments.
///
/// It has two variants because the head of a text packet consists of slices of its text, without a string for each name, and its arguments
/// have not been read yet. Both variants have a [`Payload`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Received {
    /// A packet of the default parser.
    Json(TextPacket, Vec<Bytes>),
    /// A packet of any other parser.
    Parsed(Packet),
}

impl Received {
    /// Returns what the packet is for.
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

    /// Returns the namespace.
    pub fn namespace(&self) -> &str {
        match self {
            Received::Json(packet, _) => packet.namespace(),
            Received::Parsed(packet) => &packet.namespace,
        }
    }

    /// Returns the event's name, empty for other kinds.
    pub fn event(&self) -> &str {
        match self {
            Received::Json(packet, _) => packet.event(),
            Received::Parsed(packet) => match &packet.body {
                Body::Event { name, .. } => name,
                _ => "",
            },
        }
    }

    /// Returns the id of the acknowledgement that is asked for or given.
    pub fn id(&self) -> Option<AckId> {
        match self {
            Received::Json(packet, _) => packet.id().map(AckId::from),
            Received::Parsed(packet) => match &packet.body {
                Body::Event { id, .. } => id.map(AckId::from),
                Body::Ack { id, .. } => Some(AckId::from(*id)),
                _ => None,
            },
        }
    }

    /// Reads the object of a CONNECT or CONNECT_ERROR packet; a packet without one has `null`.
    ///
    /// # Errors
    ///
    /// If the object is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.auth().object()
    }

    /// Returns the object of a CONNECT or CONNECT_ERROR packet: the `auth` of a client.
    pub(crate) fn auth(&self) -> Payload {
        match self {
            Received::Json(packet, _) => Payload::Json(packet.object()),
            Received::Parsed(packet) => match &packet.body {
                Body::Connect(Some(data)) | Body::ConnectError(data) => {
                    Payload::Values([data.clone()].into())
                }
                _ => Payload::default(),
            },
        }
    }

    /// Returns the arguments of an event or an acknowledgement; none for other kinds.
    pub fn into_arguments(self) -> Arguments {
        match self {
            Received::Json(packet, attachments) => packet.into_arguments(attachments),
            Received::Parsed(packet) => match packet.body {
                Body::Event { arguments, .. } | Body::Ack { arguments, .. } => arguments.into(),
                _ => Arguments::default(),
            },
        }
    }

    /// Estimates how many bytes the packet takes while it waits.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Received::Json(packet, attachments) => {
                packet.text().len() + attachments.iter().map(Bytes::len).sum::<usize>()
            }
            Received::Parsed(packet) => packet.weight(),
        }
    }
}
