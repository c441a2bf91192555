//! MessagePack: one binary message for each packet.

mod packet;
mod read;
mod write;

use super::{Decoder, Packet, PacketLimits, Parser};
use crate::base::{BoxError, Message};

/// The serializer of the npm package `socket.io-msgpack-parser`, which python-socketio calls `serializer="msgpack"`: a packet
/// is one binary message, a MessagePack map of `type`, `nsp`, `data` and `id`, with binary data in its place.
///
/// With the feature `msgpack`. Clients that speak JSON are not understood, and the other way around.
///
/// What JavaScript has and JSON has not arrives as it would in JSON: a `Date` is its ISO 8601 text, `undefined` is absent from
/// objects and `null` elsewhere, an `ArrayBuffer` is binary data. Other extension types are a list of their number and their
/// bytes. Numbers that are none (`NaN`) are `null`, keys that are integers become their text.
///
/// What a client sends may be nested to a depth of 127. The bound on attachments
/// ([`max_attachments`](crate::SocketIoBuilder::max_attachments)) does not apply, the one on the size of a message
/// ([`max_http_buffer_size`](crate::SocketIoBuilder::max_http_buffer_size)) does. Small values take many times the bytes in memory
/// that they have in a message: they count as what they take, and a message may come to 64 times its largest size.
#[derive(Clone, Copy, Debug, Default)]
pub struct MsgPack;

impl Parser for MsgPack {
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError> {
        Ok(vec![Message::Binary(packet::encode(packet)?.into())])
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Box::new(MsgPackDecoder {
            memory: limits.max_attachment_bytes.saturating_mul(EXPANSION),
        })
    }
}

/// How many times the largest message its values may take in memory.
const EXPANSION: usize = 64;

struct MsgPackDecoder {
    /// Bytes that the values of one message may take.
    memory: usize,
}

impl Decoder for MsgPackDecoder {
    fn decode(&mut self, message: Message) -> Result<Option<Packet>, BoxError> {
        match message {
            Message::Binary(bytes) => Ok(Some(packet::decode(bytes, self.memory)?)),
            Message::Text(_) => Err("text where MessagePack is due".into()),
        }
    }
}
