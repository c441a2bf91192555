//! Other serializers than the protocol's own: what packets look like as messages.
//!
//! The default is JSON text, with binary data in messages behind it. Another one is given to
//! [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser), and then every client has to speak it: `MsgPack` (with the
//! feature `msgpack`), or one of your own, that implements [`Parser`]. Handlers see no difference.

#[cfg(feature = "msgpack")]
pub use socketio_core::parser::MsgPack;
pub use socketio_core::{
    Message, Text,
    parser::{Body, Decoder, Json, Packet, PacketLimits, Parser},
};
