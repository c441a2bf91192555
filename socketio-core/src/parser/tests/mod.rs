//! What becomes of packets on their way through a parser.

mod codec;
#[cfg(feature = "msgpack")]
mod msgpack;
