//! Socket.IO v5 packets and their serializers, without any I/O.
//!
//! A packet is `<type>[<attachments>-][<namespace>,][<id>]<json>`; the bytes of a binary one follow as messages of their
//! own. Another serializer is a [`Parser`]; handlers see no difference.
//!
//! * in: a [`Reader`] turns the messages of one connection into [`Received`] packets. Of JSON, [`decode`] reads the head, an
//!   [`Assembler`] waits for the attachments, and [`Arguments`] reads the values straight into the types that want them;
//! * out: [`Codec`] encodes into [`Frames`]; [`Values`] are arguments whose recipients are not known yet.
//!
//! Both roles are here: what a server reads is what a client writes.

mod arguments;
mod assembler;
mod attached;
mod codec;
mod data_arguments;
mod decode;
mod encode;
mod encoded;
mod frames;
mod json;
mod json_arguments;
mod key;
#[cfg(feature = "msgpack")]
mod msgpack;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod packet;
mod parser;
mod payload;
mod placeholders;
mod reader;
mod received;
mod reserved;
mod several;
#[cfg(test)]
mod tests;
mod text_packet;
mod values;
mod writer;

use crate::{
    admission::PacketLimits,
    base::{ArgumentError, EncodeError},
};

pub use arguments::Arguments;
pub use assembler::Assembler;
pub use codec::Codec;
pub use decode::{DecodeError, decode};
pub use encode::{ack, connect, connect_error, connect_request, disconnect, event, event_with};
pub use encoded::Encoded;
pub use frames::Frames;
pub use json::Json;
#[cfg(feature = "msgpack")]
pub use msgpack::MsgPack;
#[cfg(feature = "msgpack")]
use packet::NODE;
pub use packet::{Body, Packet};
pub use parser::{Decoder, Parser};
pub(crate) use payload::values;
pub use payload::{Payload, payload, payload_of};
#[cfg(feature = "msgpack")]
pub(crate) use placeholders::MAX_DEPTH;
pub use reader::Reader;
pub(crate) use received::Credentials;
pub use received::Received;
pub(crate) use reserved::check_name;
pub use reserved::{RESERVED, is_reserved};
pub use text_packet::{Kind, TextPacket};
pub use values::{Form, Values};
