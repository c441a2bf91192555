//! Tests of the layer as a whole.

mod assembling;
mod binary;
mod codec;
mod decoding;
mod encoding;
mod forged;
mod lenient;
#[cfg(feature = "msgpack")]
mod msgpack;
mod parity;
mod reading;
mod robustness;

use bytes::Bytes;

use super::{Arguments, DecodeError, Frames, TextPacket, decode};
use crate::{
    admission::PacketLimits,
    base::{Message, Text},
};

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

/// The text of an encoded packet, and its attachments.
fn parts(frames: Frames) -> (Text, Vec<Bytes>) {
    let mut messages = frames.into_messages().into_iter();
    let Some(Message::Text(text)) = messages.next() else {
        panic!("a packet of JSON begins with its text");
    };
    let attachment = |message| match message {
        Message::Binary(bytes) => bytes,
        Message::Text(text) => panic!("{text:?} is no attachment"),
    };
    (text, messages.map(attachment).collect())
}
