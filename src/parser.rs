//! Parsers, which encode packets as messages and decode them.
//!
//! The default is JSON text, followed by binary data in separate messages. Another parser is set with
//! [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser), and all clients must use it, too: `MsgPack` (with the
//! feature `msgpack`), or a custom implementation of [`Parser`]. Handlers are not affected.

#[cfg(feature = "msgpack")]
pub use socketio_core::parser::MsgPack;
pub use socketio_core::{
    Message, Text,
    parser::{Body, Decoder, Json, Packet, PacketLimits, Parser},
};
