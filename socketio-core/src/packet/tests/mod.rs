//! The module as a whole: what goes in and what comes out.

mod assembling;
mod binary;
mod codec;
mod decoding;
mod encoding;
#[cfg(feature = "msgpack")]
mod msgpack;
mod parity;
mod reading;
mod robustness;

use bytes::Bytes;

use super::{Arguments, DecodeError, PacketLimits, TextPacket, decode};

/// A packet under the default limits.
fn packet(text: &str) -> Result<TextPacket, DecodeError> {
    decode(text.into(), &PacketLimits::default())
}

/// The arguments of a valid packet.
fn arguments(text: &str) -> Arguments {
    packet(text).unwrap().into_arguments(Vec::new())
}

/// The arguments of a valid packet with attachments.
fn attached(text: &str, attachments: &[&'static [u8]]) -> Arguments {
    let attachments = attachments
        .iter()
        .copied()
        .map(Bytes::from_static)
        .collect();
    packet(text).unwrap().into_arguments(attachments)
}
