//! The serializer of a server: what its packets look like as messages.
//!
//! The default is the protocol's own: JSON text, with binary data in messages behind it. Another one is given to
//! [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser), and then every client has to speak it: [`MsgPack`], or one of
//! your own, that implements [`Parser`]. Handlers see no difference.
//!
//! * for those who write parsers: [`Parser`], [`Decoder`], and the [`Packet`] between them and the server;
//! * for the server, and for clients in the same process: [`Codec`] encodes into [`Frames`], a [`Reader`] decodes into
//!   [`Received`], under the default parser without any detour.

mod codec;
mod frames;
mod interface;
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
mod packet;
mod reader;
mod received;
#[cfg(test)]
mod tests;
mod values;

pub use codec::Codec;
pub use frames::Frames;
pub use interface::{Decoder, Parser};
pub use json::Json;
#[cfg(feature = "msgpack")]
pub use msgpack::MsgPack;
#[cfg(feature = "msgpack")]
use packet::NODE;
pub use packet::{Body, Packet};
pub use reader::Reader;
pub(crate) use received::Credentials;
pub use received::Received;
pub use values::{Form, Values};

pub use crate::admission::PacketLimits;
