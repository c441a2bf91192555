//! The protocol's own serializer as a [`Parser`].

use super::{
    Assembler, Kind, TextPacket, ack, connect_error, connect_request, disconnect, event_with,
    lenient::from_text, payload_of,
};
use crate::{
    admission::PacketLimits,
    base::{BoxError, Data, Message},
    packet::{Body, Decoder, Frames, Packet, Parser},
};

/// JSON text, with binary data in messages behind it: the default parser, which every client speaks.
///
/// Given to [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser) it changes nothing. Other parsers wrap it: see
/// [`Parser`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Parser for Json {
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError> {
        Ok(encode(packet)?.into_messages())
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Box::new(JsonDecoder {
            assembler: Assembler::new(),
            limits: limits.clone(),
        })
    }
}

fn encode(Packet { namespace, body }: Packet) -> Result<Frames, BoxError> {
    Ok(match body {
        Body::Connect(auth) => connect_request(&namespace, auth.as_ref())?,
        Body::Disconnect => disconnect(&namespace),
        Body::Event {
            name,
            arguments,
            id,
        } => event_with(&namespace, id, &name, &payload_of(&arguments)?)?,
        Body::Ack { id, arguments } => ack(&namespace, &id.to_string(), &payload_of(&arguments)?),
        Body::ConnectError(data) => {
            let message = data.get("message").and_then(Data::as_str);
            let more = data.get("data").map(serde_json::value::to_raw_value);
            let more = more.transpose()?;
            connect_error(&namespace, message.unwrap_or_default(), more.as_deref())
        }
    })
}

struct JsonDecoder {
    assembler: Assembler,
    limits: PacketLimits,
}

impl Decoder for JsonDecoder {
    fn decode(&mut self, message: Message) -> Result<Option<Packet>, BoxError> {
        let complete = match message {
            Message::Text(text) => self.assembler.text(text, &self.limits)?,
            Message::Binary(bytes) => self.assembler.binary(bytes, &self.limits)?,
        };
        let Some((packet, attachments)) = complete else {
            return Ok(None);
        };
        let id = packet.id().map(str::parse).transpose()?;
        let namespace = packet.namespace().to_owned();
        let body = match packet.kind() {
            Kind::Connect => Body::Connect(object(&packet)?),
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
            Kind::ConnectError => Body::ConnectError(object(&packet)?.unwrap_or_default()),
        };
        Ok(Some(Packet { namespace, body }))
    }
}

/// The JSON of a packet, which may be empty.
fn object(packet: &TextPacket) -> serde_json::Result<Option<Data>> {
    match packet.payload() {
        "" => Ok(None),
        json => from_text(json).map(Some),
    }
}
