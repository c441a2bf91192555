//! Socket.IO v5 packets: encoding and decoding, without any I/O.
//!
//! A packet is `<type>[<attachments>-][<namespace>,][<id>]<json>`; the bytes of a binary one follow
//! as messages of their own.
//!
//! * in: [`decode`] reads the head of a [`Packet`], an [`Assembler`] waits for its attachments,
//!   [`Arguments`] reads the JSON behind the head, one value at a time, straight into the types that
//!   want it;
//! * out: [`event`], [`ack`] and their like make an [`Encoded`] packet; a [`Payload`] holds
//!   arguments that are encoded before it is known for whom.
//!
//! Both roles are here: what a server reads is what a client writes.

mod arguments;
mod assembler;
mod attached;
mod data_arguments;
mod decode;
mod encode;

mod encoded;
mod json_arguments;
mod key;

mod packet;
mod payload;
mod placeholders;
mod reserved;
mod several;
#[cfg(test)]
mod tests;
mod writer;

pub use crate::base::{ArgumentError, EncodeError};
pub use arguments::Arguments;
pub use assembler::Assembler;
pub use decode::{DecodeError, decode};
pub use encode::{ack, connect, connect_error, connect_request, disconnect, event, event_with};

pub use crate::admission::PacketLimits;
pub use encoded::Encoded;
pub use packet::{Kind, Packet};
pub(crate) use payload::values;
pub use payload::{Payload, payload, payload_of};
#[cfg(feature = "msgpack")]
pub(crate) use placeholders::MAX_DEPTH;
pub(crate) use reserved::check_name;
pub use reserved::{RESERVED, is_reserved};
