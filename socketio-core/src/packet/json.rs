//! The protocol's own serializer, as a parser among others.

use super::{Body, Decoder, Packet, PacketLimits, Parser};
use crate::{
    base::{BoxError, Data, Message},
    packet::{self, Assembler, Encoded, Kind},
};

/// JSON text, with binary data in messages behind it: the default, which every client speaks.
///
/// Given to [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser) it changes nothing. It is here to be wrapped: see
/// [`Parser`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Parser for Json {
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError> {
        Ok(encode(packet)?.into_messages().collect())
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Box::new(JsonDecoder {
            assembler: Assembler::new(),
            limits: limits.clone(),
        })
    }
}

fn encode(Packet { namespace, body }: Packet) -> Result<Encoded, BoxError> {
    Ok(match body {
        Body::Connect(auth) => packet::connect_request(&namespace, auth.as_ref())?,
        Body::Disconnect => packet::disconnect(&namespace),
        Body::Event {
            name,
            arguments,
            id,
        } => {
            let payload = packet::payload_of(&arguments)?;
            packet::event_with(&namespace, id, &name, &payload)?
        }
        Body::Ack { id, arguments } => {
            let payload = packet::payload_of(&arguments)?;
            packet::ack(&namespace, &id.to_string(), &payload)
        }
        Body::ConnectError(data) => {
            let message = data.get("message").and_then(Data::as_str);
            let more = data.get("data").map(serde_json::value::to_raw_value);
            packet::connect_error(
                &namespace,
                message.unwrap_or_default(),
                more.transpose()?.as_deref(),
            )
        }
    })
}

struct JsonDecoder {
    assembler: Assembler,
    limits: PacketLimits,
}

impl Decoder for JsonDecoder {
    fn decode(&mut self, message: Message) -> Result<Option<Packet>, BoxError> {
        let whole = match message {
            Message::Text(text) => self.assembler.text(text, &self.limits)?,
            Message::Binary(bytes) => self.assembler.binary(bytes, &self.limits)?,
        };
        let Some((packet, attachments)) = whole else {
            return Ok(None);
        };
        let id = packet.id().map(str::parse).transpose()?;
        let namespace = packet.namespace().to_owned();
        let body = match packet.kind() {
            Kind::Connect => Body::Connect(match packet.payload() {
                "" => None,
                auth => Some(serde_json::from_str(auth)?),
            }),
            Kind::Disconnect => Body::Disconnect,
            Kind::Event => Body::Event {
                name: packet.event().to_owned(),
                arguments: packet.into_arguments(attachments).rest()?,
                id,
            },
            Kind::Ack => Body::Ack {
                id: id.ok_or("an ack without an id")?,
                arguments: packet.into_arguments(attachments).rest()?,
            },
            Kind::ConnectError => Body::ConnectError(match packet.payload() {
                "" => Data::Null,
                why => serde_json::from_str(why)?,
            }),
        };
        Ok(Some(Packet { namespace, body }))
    }
}
