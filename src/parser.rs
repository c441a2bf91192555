//! Parsers, which encode packets as messages and decode them.
//!
//! The default is JSON text, followed by messages with binary data. Another one is given to
//! [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser), and all clients must use the same: `MsgPack` (with the
//! feature `msgpack`), or your own implementation of [`Parser`]. Handlers see no difference.

#[cfg(feature = "msgpack")]
pub use socketio_core::parser::MsgPack;
pub use socketio_core::{
    Message, Text,
    parser::{Body, Decoder, Json, Packet, PacketLimits, Parser},
};
