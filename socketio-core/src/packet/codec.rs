//! The choice between the default parser and another one.

use std::{any::TypeId, fmt, sync::Arc};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    AckBuffer, Arguments, Body, Form, Frames, Json, Packet, Parser, Payload, Reader, Received,
    check_name, json, payload::values,
};
use crate::{
    admission::PacketLimits,
    base::{Data, EncodeError, fault, to_data},
};

/// Encodes and decodes the packets of a server. Cheap to clone.
///
/// The default parser is not called through [`Parser`]: its values are written directly into the text of a packet, and read directly from
/// it. For any other parser, values are converted to [`Data`] first.
#[derive(Clone)]
pub struct Codec {
    parser: Option<Arc<dyn Parser>>,
    /// How many attachments a packet of the default parser may be encoded with.
    max_attachments: usize,
}

impl Codec {
    /// Creates the codec of a parser. [`Json`] is the default.
    pub fn new<P: Parser>(parser: P) -> Self {
        let is_json = TypeId::of::<P>() == TypeId::of::<Json>();
        Codec {
            parser: (!is_json).then(|| Arc::new(parser) as Arc<dyn Parser>),
            max_attachments: usize::MAX,
        }
    }

    /// Sets how many attachments a packet may be encoded with, by the default parser. Default: any number.
    pub fn max_attachments(mut self, attachments: usize) -> Self {
        self.max_attachments = attachments;
        self
    }

    fn check_attachments(&self, attachments: usize) -> Result<(), EncodeError> {
        if attachments > self.max_attachments {
            return Err(EncodeError::too_many_attachments(
                attachments,
                self.max_attachments,
            ));
        }
        Ok(())
    }

    /// Checks that an event can be encoded with a payload.
    ///
    /// # Errors
    ///
    /// If `name` is [reserved](crate::protocol::RESERVED), or if the payload has too many attachments.
    pub(crate) fn check(&self, name: &str, payload: &Payload) -> Result<(), EncodeError> {
        check_name(name)?;
        match payload {
            Payload::Json(payload) => self.check_attachments(payload.attachments().len()),
            Payload::Values(_) => Ok(()),
        }
    }

    /// Returns the form in which the parser takes payloads.
    pub fn form(&self) -> Form {
        match self.parser {
            None => Form::Json,
            Some(_) => Form::Values,
        }
    }

    /// Creates the reader of one connection.
    pub fn reader(&self, limits: &PacketLimits) -> Reader {
        match &self.parser {
            None => Reader::json(),
            Some(parser) => Reader::parser(fault::catch(|| parser.decoder(limits))),
        }
    }

    /// Decodes a packet that the server itself has encoded, which has no limits.
    pub(crate) fn read_own(&self, packet: Frames) -> Option<Received> {
        let limits = PacketLimits {
            max_attachments: usize::MAX,
            max_attachment_bytes: usize::MAX,
            max_namespace_len: usize::MAX,
            max_event_len: usize::MAX,
            max_id_len: usize::MAX,
            max_expansion: usize::MAX,
        };
        let mut reader = self.reader(&limits);
        let mut messages = packet.into_messages().into_iter();
        messages.find_map(|message| reader.read(message, &limits, |_| true).ok()?)
    }

    /// Encodes an event. Its arguments follow the rule of [`payload`](crate::protocol::payload).
    ///
    /// # Errors
    ///
    /// If `name` is [reserved](crate::protocol::RESERVED), or if the parser can't encode `value`.
    #[inline]
    pub fn event<T: Serialize + ?Sized>(
        &self,
        namespace: &str,
        id: Option<u64>,
        name: &str,
        value: &T,
    ) -> Result<Frames, EncodeError> {
        match &self.parser {
            None => {
                let frames = json::event(namespace, id, name, value)?;
                self.check_attachments(frames.count() - 1)?;
                Ok(frames)
            }
            Some(parser) => event(&**parser, namespace, id, name, values(value)?),
        }
    }

    /// Encodes an event as [`event`](Codec::event) does, with a payload that can be sent under many ids.
    ///
    /// # Errors
    ///
    /// If `name` is [reserved](crate::protocol::RESERVED), or if the parser can't encode the payload.
    pub fn event_with(
        &self,
        namespace: &str,
        id: Option<u64>,
        name: &str,
        payload: &Payload,
    ) -> Result<Frames, EncodeError> {
        match &self.parser {
            None => {
                let payload = payload.to_json()?;
                self.check_attachments(payload.attachments().len())?;
                json::event_with(namespace, id, name, &payload)
            }
            Some(parser) => event(&**parser, namespace, id, name, to_values(payload)?),
        }
    }

    /// Encodes the acknowledgement of the event that came with `id`; without a payload, it has no arguments.
    ///
    /// If the parser can't encode it, the error is logged and nothing is sent, as for all responses.
    pub fn ack(&self, namespace: &str, id: &str, payload: Option<&Payload>) -> Frames {
        or_nothing(self.try_ack(namespace, id, payload))
    }

    /// Encodes an acknowledgement as [`ack`](Codec::ack) does, or returns the error.
    pub(crate) fn try_ack(
        &self,
        namespace: &str,
        id: &str,
        payload: Option<&Payload>,
    ) -> Result<Frames, EncodeError> {
        match &self.parser {
            None => {
                let payload = payload
                    .map(Payload::to_json)
                    .transpose()?
                    .unwrap_or_default();
                self.check_attachments(payload.attachments().len())?;
                Ok(json::ack(namespace, id, &payload))
            }
            Some(parser) => {
                let id = id.parse().map_err(|_| {
                    EncodeError::parser("the id is not an integer of 64 bits".into())
                })?;
                let arguments = payload.map(to_values).transpose()?.unwrap_or_default();
                encode(&**parser, namespace, Body::Ack { id, arguments })
            }
        }
    }

    /// Encodes an acknowledgement of the default parser in its own buffer, or returns the error.
    #[inline]
    pub(crate) fn written_ack(
        &self,
        namespace: &str,
        id: &str,
        arguments: AckBuffer,
    ) -> Result<Frames, EncodeError> {
        if self.parser.is_some() {
            // The response of another server, which its middleware has passed on.
            let payload = Payload::Json(arguments.into_payload()?);
            return self.try_ack(namespace, id, Some(&payload));
        }
        self.check_attachments(arguments.attachments())?;
        arguments.into_packet(namespace, id)
    }

    /// Encodes the response to a client that has joined a namespace.
    pub fn connect(&self, namespace: &str, sid: &str) -> Frames {
        match &self.parser {
            None => json::connect(namespace, sid),
            Some(parser) => {
                let sid = object([("sid", sid.into())]);
                or_nothing(encode(&**parser, namespace, Body::Connect(Some(sid))))
            }
        }
    }

    /// Encodes the response to a client that is refused.
    pub fn connect_error(&self, namespace: &str, message: &str, data: Option<&RawValue>) -> Frames {
        let Some(parser) = &self.parser else {
            return json::connect_error(namespace, message, data);
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

    /// Encodes a response whose JSON is written by `json`.
    pub(super) fn response(
        &self,
        namespace: &str,
        body: Body,
        json: impl FnOnce() -> Frames,
    ) -> Frames {
        match &self.parser {
            None => json(),
            Some(parser) => or_nothing(encode(&**parser, namespace, body)),
        }
    }

    /// Encodes the packet that leaves a namespace.
    pub fn disconnect(&self, namespace: &str) -> Frames {
        match &self.parser {
            None => json::disconnect(namespace),
            Some(parser) => or_nothing(encode(&**parser, namespace, Body::Disconnect)),
        }
    }

    /// Encodes a client's request to join a namespace.
    ///
    /// # Errors
    ///
    /// If `auth` is not an object, if it holds binary data with the default parser, or if the parser can't encode it.
    pub fn connect_request<T: Serialize + ?Sized>(
        &self,
        namespace: &str,
        auth: Option<&T>,
    ) -> Result<Frames, EncodeError> {
        let Some(parser) = &self.parser else {
            return json::connect_request(namespace, auth);
        };
        let auth = match auth.map(to_data).transpose() {
            Ok(auth @ (None | Some(Data::Object(_)))) => auth,
            Ok(_) => return Err(EncodeError::auth()),
            Err(error) => return Err(EncodeError::value(error)),
        };
        encode(&**parser, namespace, Body::Connect(auth))
    }
}

/// The values of a payload, for parsers that don't write JSON.
fn to_values(payload: &Payload) -> Result<Vec<Data>, EncodeError> {
    match payload {
        Payload::Json(payload) => Arguments::from(payload.clone())
            .rest()
            .map_err(|error| EncodeError::parser(error.into())),
        Payload::Values(values) => Ok(values.to_vec()),
    }
}

#[inline]
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
        .map(Frames::from)
        .map_err(EncodeError::parser)
}

fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Data)>) -> Data {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn or_nothing(encoded: Result<Frames, EncodeError>) -> Frames {
    encoded.unwrap_or_else(|error| {
        tracing::error!(target: "socketio", %error, "a response was not sent");
        Frames::default()
    })
}

/// The default parser.
impl Default for Codec {
    fn default() -> Self {
        Codec::new(Json)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Codec").field(&self.form()).finish()
    }
}
