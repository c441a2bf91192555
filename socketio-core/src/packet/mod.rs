//! Socket.IO v5 packets and their serializers, without any I/O.
//!
//! The serializer is a [`Parser`], by default [`Json`]; handlers see no difference between them. Both sides of a connection
//! are here, because a server reads what a client writes.
//!
//! * Incoming: a [`Reader`] decodes the messages of one connection into [`Received`] packets, whose [`Arguments`] are read as
//!   the types that handlers have for them.
//! * Outgoing: a [`Codec`] encodes a packet into [`Frames`]. A [`Payload`] is values whose recipients are not known yet.

mod ack_id;
mod arguments;
mod arity;
mod codec;
mod cursor;
mod frames;
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
mod old;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod packet;
mod parser;
mod payload;
mod reader;
mod received;
mod record;
mod rest;
mod several;
#[cfg(test)]
mod tests;
mod values_cursor;

pub use ack_id::AckId;
pub use arguments::Arguments;
pub use codec::Codec;
pub use frames::Frames;
pub(crate) use frames::event_name;
pub(crate) use json::{AckBuffer, MAX_DEPTH, from_text, is_deeper_than, rename, repair};
pub use json::{
    Assembler, DecodeError, Json, JsonPayload, Kind, TextPacket, ack, connect, connect_error,
    connect_request, decode, disconnect, event, event_with, payload, payload_of,
};
#[cfg(feature = "msgpack")]
pub use msgpack::MsgPack;
pub(crate) use old::{query_as_auth, to_ascii};
pub(crate) use packet::check_name;
pub use packet::{Body, Packet};
pub use parser::{Decoder, Parser};
pub use payload::{Form, Payload};
pub(crate) use reader::InvalidMessage;
pub use reader::Reader;
pub use received::Received;
pub use rest::Rest;
pub use several::Several;
pub use socketio_names::{OFFSET_EVENT, RESERVED, is_reserved};
