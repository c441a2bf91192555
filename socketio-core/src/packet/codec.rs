//! The parser that a server speaks.

use std::{any::TypeId, fmt, sync::Arc};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Body, Form, Frames, Json, Packet, Parser, Reader, Values};
use crate::{
    base::{Data, EncodeError, fault},
    packet::{self, PacketLimits, check_name},
};

/// What a server's packets are encoded and decoded with. Cheap to clone.
///
/// Under the default parser values go straight into text and text straight into values; under any other they become
/// [`Data`] in between.
#[derive(Clone, Default)]
pub struct Codec(Option<Arc<dyn Parser>>);

impl Codec {
    /// Speaks through a parser. [`Json`] is the default one.
    pub fn new<P: Parser>(parser: P) -> Self {
        Codec(if TypeId::of::<P>() == TypeId::of::<Json>() {
            None
        } else {
            Some(Arc::new(parser))
        })
    }

    /// In which form it takes arguments.
    pub fn form(&self) -> Form {
        match self.0 {
            None => Form::Json,
            Some(_) => Form::Data,
        }
    }

    /// What reads the messages of one connection.
    pub fn reader(&self, limits: &PacketLimits) -> Reader {
        match &self.0 {
            None => Reader::json(),
            Some(parser) => Reader::parsed(fault::catch(|| parser.decoder(limits))),
        }
    }

    /// An event with its arguments: see [`event`](packet::event).
    ///
    /// # Errors
    ///
    /// When `name` is [reserved](packet::RESERVED), or when the parser can't write `value`.
    pub fn event<T: Serialize + ?Sized>(
        &self,
        namespace: &str,
        id: Option<u64>,
        name: &str,
        value: &T,
    ) -> Result<Frames, EncodeError> {
        match &self.0 {
            None => Ok(packet::event(namespace, id, name, value)?.into()),
            Some(parser) => {
                let arguments = packet::values(value)?;
                event(&**parser, namespace, id, name, arguments)
            }
        }
    }

    /// As [`event`](Codec::event), with arguments that wait for many ids.
    ///
    /// # Errors
    ///
    /// As those of [`event`](Codec::event).
    pub fn event_with(
        &self,
        namespace: &str,
        id: Option<u64>,
        name: &str,
        values: &Values,
    ) -> Result<Frames, EncodeError> {
        match &self.0 {
            None => Ok(packet::event_with(namespace, id, name, &*values.payload()?)?.into()),
            Some(parser) => event(&**parser, namespace, id, name, values.to_data()?),
        }
    }

    /// The acknowledgement of the event that came with `id`; without values, it has no arguments.
    ///
    /// Like all answers, one that the parser can't write is traced, and there is nothing to send.
    pub fn ack(&self, namespace: &str, id: &str, values: Option<&Values>) -> Frames {
        or_nothing(self.try_ack(namespace, id, values))
    }

    /// As [`ack`](Codec::ack), or returns why it cannot be written.
    pub(crate) fn try_ack(
        &self,
        namespace: &str,
        id: &str,
        values: Option<&Values>,
    ) -> Result<Frames, EncodeError> {
        match &self.0 {
            None => {
                let payload = values.map(Values::payload).transpose()?;
                Ok(packet::ack(namespace, id, &payload.unwrap_or_default()).into())
            }
            Some(parser) => {
                let id = id
                    .parse()
                    .map_err(|_| EncodeError::parser("the id is no number of 64 bits".into()))?;
                let arguments = values.map(Values::to_data).transpose()?.unwrap_or_default();
                encode(&**parser, namespace, Body::Ack { id, arguments })
            }
        }
    }

    /// The answer to a client that has joined a namespace.
    pub fn connect(&self, namespace: &str, sid: &str) -> Frames {
        match &self.0 {
            None => packet::connect(namespace, sid).into(),
            Some(parser) => {
                let sid = object([("sid", sid.into())]);
                or_nothing(encode(&**parser, namespace, Body::Connect(Some(sid))))
            }
        }
    }

    /// The answer to a client that was refused.
    pub fn connect_error(&self, namespace: &str, message: &str, data: Option<&RawValue>) -> Frames {
        let Some(parser) = &self.0 else {
            return packet::connect_error(namespace, message, data).into();
        };
        let data = data.map(|data| serde_json::from_str(data.get()));
        or_nothing(
            data.transpose()
                .map_err(EncodeError::value)
                .and_then(|data| {
                    let message = Some(("message", message.into()));
                    let why = object(message.into_iter().chain(data.map(|data| ("data", data))));
                    encode(&**parser, namespace, Body::ConnectError(why))
                }),
        )
    }

    /// Leaves a namespace.
    pub fn disconnect(&self, namespace: &str) -> Frames {
        match &self.0 {
            None => packet::disconnect(namespace).into(),
            Some(parser) => or_nothing(encode(&**parser, namespace, Body::Disconnect)),
        }
    }

    /// A client's wish to join a namespace.
    ///
    /// # Errors
    ///
    /// When `auth` is no object, or holds binary data under the default parser; or when the parser can't write it.
    pub fn connect_request<T: Serialize + ?Sized>(
        &self,
        namespace: &str,
        auth: Option<&T>,
    ) -> Result<Frames, EncodeError> {
        let Some(parser) = &self.0 else {
            return Ok(packet::connect_request(namespace, auth)?.into());
        };
        let auth = match auth.map(crate::base::to_data).transpose() {
            Ok(auth @ (None | Some(Data::Object(_)))) => auth,
            Ok(_) => return Err(EncodeError::auth()),
            Err(error) => return Err(EncodeError::value(error)),
        };
        encode(&**parser, namespace, Body::Connect(auth))
    }
}

fn event(
    parser: &dyn Parser,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    arguments: Vec<Data>,
) -> Result<Frames, EncodeError> {
    check_name(name)?;
    let name = name.to_owned();
    encode(
        parser,
        namespace,
        Body::Event {
            name,
            arguments,
            id,
        },
    )
}

fn encode(parser: &dyn Parser, namespace: &str, body: Body) -> Result<Frames, EncodeError> {
    fault::catch(|| parser.encode(Packet::new(namespace, body)))
        .unwrap_or_else(|panic| Err(panic.into()))
        .map(Frames::Messages)
        .map_err(EncodeError::parser)
}

fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Data)>) -> Data {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn or_nothing(written: Result<Frames, EncodeError>) -> Frames {
    written.unwrap_or_else(|error| {
        tracing::error!(target: "socketio", %error, "an answer was not sent");
        Frames::Messages(Vec::new())
    })
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Codec").field(&self.form()).finish()
    }
}
