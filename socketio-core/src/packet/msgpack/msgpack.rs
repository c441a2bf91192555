//! MessagePack as a [`Parser`].

use super::packet;
use crate::{
    admission::PacketLimits,
    base::{BoxError, Message},
    packet::{Decoder, Packet, Parser},
};

/// The serializer of the npm package `socket.io-msgpack-parser`, which python-socketio calls `serializer="msgpack"`: a packet
/// is one binary message, a MessagePack map of `type`, `nsp`, `data` and `id`, with binary data in its place.
///
/// Requires the feature `msgpack`. Clients that use JSON can't connect to a server with this parser, and the other way around.
///
/// Values that JavaScript has and JSON lacks arrive as they would in JSON: a `Date` is its ISO 8601 text, `undefined` is absent
/// from objects and `null` everywhere else, an `ArrayBuffer` is binary data. Other extension types are a list of their number
/// and their bytes. `NaN` and infinities are `null`, keys that are not text become text, and what is not UTF-8 in a text becomes
/// U+FFFD.
///
/// Incoming values may be nested to a depth of 127. The limit on attachments
/// ([`max_attachments`](crate::SocketIoBuilder::max_attachments)) does not apply, the one on the size of a message
/// ([`max_http_buffer_size`](crate::SocketIoBuilder::max_http_buffer_size)) does. Small values take many times more bytes in
/// memory than in a message: see [`max_expansion`](crate::SocketIoBuilder::max_expansion).
#[derive(Clone, Copy, Debug, Default)]
pub struct MsgPack;

impl Parser for MsgPack {
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError> {
        Ok(vec![Message::Binary(packet::encode(packet)?.into())])
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Box::new(MsgPackDecoder {
            memory: limits
                .max_attachment_bytes
                .saturating_mul(limits.max_expansion),
        })
    }
}

struct MsgPackDecoder {
    /// Bytes that the values of one message may take.
    memory: usize,
}

impl Decoder for MsgPackDecoder {
    fn decode(&mut self, message: Message) -> Result<Option<Packet>, BoxError> {
        match message {
            Message::Binary(bytes) => Ok(Some(packet::decode(bytes, self.memory)?)),
            Message::Text(_) => Err("text where MessagePack is expected".into()),
        }
    }
}
