//! MessagePack: one binary message for each packet.

#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod msgpack;
mod packet;
mod read;
mod write;

pub use msgpack::MsgPack;
