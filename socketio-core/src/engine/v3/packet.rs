//! Packets of version 3. Binary data carries the packet type in its first byte, or is base64 after `b4`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use tokio_tungstenite::tungstenite::{Message as Frame, Utf8Bytes};

use crate::{
    base::Message,
    engine::{
        base64_packet,
        packet::{Malformed, Packet},
    },
};

/// The packet type of a message, in front of binary data.
pub(super) const MESSAGE: u8 = 4;

/// Decodes a packet in a text.
pub(in crate::engine) fn decode_text(text: Utf8Bytes) -> Result<Packet, Malformed> {
    match text.as_bytes() {
        [b'2', data @ ..] if data != b"probe" => Ok(Packet::Ping),
        [b'b', b'4', base64 @ ..] => {
            let bytes = base64_packet::decode(base64);
            bytes
                .map(|bytes| Packet::Message(Message::Binary(bytes)))
                .ok_or_else(|| Malformed::of(text.as_bytes()))
        }
        [b'b', ..] => Err(Malformed::of(text.as_bytes())),
        _ => Packet::decode(text),
    }
}

/// Decodes a packet in bytes. As in the Python server, it may also be a text in bytes: some clients send nothing else.
pub(in crate::engine) fn decode_binary(bytes: Bytes) -> Result<Packet, Malformed> {
    match bytes.first() {
        Some(&MESSAGE) => Ok(Packet::Message(Message::Binary(bytes.slice(1..)))),
        Some(0 | 3 | 6) => Ok(Packet::Noop),
        Some(1) => Ok(Packet::Close),
        Some(2) if &bytes[1..] == b"probe" => Ok(Packet::Probe),
        Some(2) => Ok(Packet::Ping),
        Some(5) => Ok(Packet::Upgrade),
        Some(b'0'..=b'6' | b'b') => match Utf8Bytes::try_from(bytes.clone()) {
            Ok(text) => decode_text(text),
            Err(_) => Err(Malformed::of(&bytes)),
        },
        _ => Err(Malformed::of(&bytes)),
    }
}

/// Encodes a message as a frame of a WebSocket. Binary data is copied, to put the packet type in front.
pub(in crate::engine) fn encode(message: Message, base64: bool) -> Frame {
    match message {
        Message::Text(text) => Frame::Text(text.into_framed()),
        Message::Binary(bytes) if base64 => {
            let mut text = String::with_capacity(base64_length(bytes.len()));
            push_base64(&mut text, &bytes);
            Frame::Text(text.into())
        }
        Message::Binary(bytes) => {
            let mut frame = Vec::with_capacity(1 + bytes.len());
            frame.push(MESSAGE);
            frame.extend_from_slice(&bytes);
            Frame::Binary(frame.into())
        }
    }
}

/// Appends binary data as a text packet, of [`base64_length`].
pub(super) fn push_base64(text: &mut String, bytes: &[u8]) {
    text.push_str("b4");
    STANDARD.encode_string(bytes, text);
}

/// Returns the length of the text packet with this number of bytes.
pub(super) fn base64_length(bytes: usize) -> usize {
    base64_packet::encoded_length(bytes) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Result<Packet, Malformed> {
        decode_text(Utf8Bytes::from_static(text))
    }

    fn binary(bytes: &'static [u8]) -> Result<Packet, Malformed> {
        decode_binary(Bytes::from_static(bytes))
    }

    fn bytes(bytes: &'static [u8]) -> Result<Packet, Malformed> {
        Ok(Packet::Message(Message::Binary(Bytes::from_static(bytes))))
    }

    #[test]
    fn the_client_pings_and_may_probe_on_any_transport() {
        assert_eq!(text("2"), Ok(Packet::Ping));
        assert_eq!(text("2probes"), Ok(Packet::Ping));
        assert_eq!(text("2probe"), Ok(Packet::Probe));
        assert_eq!(text("1"), Ok(Packet::Close));
        assert_eq!(text("4hé"), Ok(Packet::Message(Message::Text("hé".into()))));
    }

    #[test]
    fn base64_needs_the_type_of_a_message() {
        assert_eq!(text("b4AQIDBA=="), bytes(&[1, 2, 3, 4]));
        assert_eq!(text("b4AQID\r\nBA"), bytes(&[1, 2, 3, 4]));
        assert_eq!(text("b4"), bytes(&[]));
        for malformed in ["", "b", "bAQIDBA==", "b2", "b4!", "7", "abc", "é"] {
            let error = Err(Malformed::of(malformed.as_bytes()));
            assert_eq!(text(malformed), error, "{malformed}");
        }
    }

    #[test]
    fn the_first_byte_is_the_type_as_a_number_or_as_a_digit() {
        assert_eq!(binary(&[4, 1, 2, 3, 4]), bytes(&[1, 2, 3, 4]));
        assert_eq!(binary(&[4]), bytes(&[]));
        assert_eq!(binary(b"4hi"), text("4hi"));
        assert_eq!(binary(b"b4AQ=="), bytes(&[1]));
        assert_eq!(binary(&[2]), Ok(Packet::Ping));
        assert_eq!(binary(b"\x02probe"), Ok(Packet::Probe));
        assert_eq!(binary(&[1]), Ok(Packet::Close));
        assert_eq!(binary(&[5]), Ok(Packet::Upgrade));
        assert_eq!(binary(&[6]), Ok(Packet::Noop));
        for malformed in [&b""[..], &[7], &[255, 1], b"4\xff", b"9"] {
            let error = Err(Malformed::of(malformed));
            assert_eq!(binary(malformed), error, "{malformed:?}");
        }
    }

    #[test]
    fn binary_data_is_sent_behind_its_type_or_as_base64() {
        let message = Message::Binary(Bytes::from_static(&[1, 2, 3, 4]));
        assert_eq!(
            encode(message.clone(), false),
            Frame::binary(vec![4, 1, 2, 3, 4])
        );
        assert_eq!(encode(message, true), Frame::text("b4AQIDBA=="));
        assert_eq!(encode(Message::Text("hi".into()), true), Frame::text("4hi"));
    }
}
