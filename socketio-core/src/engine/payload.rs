//! Bodies of HTTP requests with several packets: texts separated by `U+001E`, binary data as `b` and base64.

use bytes::{Buf, Bytes};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    base64_packet,
    outgoing::Outgoing,
    packet::{Malformed, Packet},
};
use crate::base::{Head, Message};

const SEPARATOR: u8 = 0x1e;

/// Decodes the packets of a body one at a time: they need no more memory than the body.
#[derive(Debug)]
pub(super) struct Payload {
    rest: Option<Bytes>,
    /// Shorter packets are copied, so that they don't keep the body in memory.
    share_from: usize,
}

impl Payload {
    pub(super) fn new(body: Bytes) -> Self {
        Payload {
            share_from: body.len() / 2,
            rest: Some(body),
        }
    }

    /// Returns whether all packets have been taken.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_none()
    }

    /// Returns the number of bytes that have not been decoded yet.
    pub(super) fn remaining(&self) -> usize {
        self.rest.as_ref().map_or(0, Bytes::len)
    }

    fn decode(&self, packet: Bytes) -> Result<Packet, Malformed> {
        // Not copied first, because decoding makes a copy.
        if let Some((b'b', base64)) = packet.split_first() {
            let bytes = base64_packet::decode(base64).ok_or_else(|| Malformed::of(&packet))?;
            return Ok(Packet::Message(Message::Binary(bytes)));
        }
        let head = Head::of(&packet);
        let packet = if packet.len() < self.share_from {
            Bytes::copy_from_slice(&packet)
        } else {
            packet
        };
        match Packet::decode(
            Utf8Bytes::try_from(packet).map_err(|_| Malformed::of(head.as_bytes()))?,
        )? {
            // Only a WebSocket sends a probe.
            Packet::Probe => Err(Malformed::of(head.as_bytes())),
            packet => Ok(packet),
        }
    }
}

/// Ends after an error, because what follows an invalid packet can't be decoded.
impl Iterator for Payload {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut packet = self.rest.take()?;
        if let Some(end) = packet.iter().position(|byte| *byte == SEPARATOR) {
            let mut rest = packet.split_off(end);
            rest.advance(1);
            self.rest = Some(rest);
        }
        let decoded = self.decode(packet);
        if decoded.is_err() {
            self.rest = None;
        }
        Some(decoded)
    }
}

/// The number of packets in one response to a poll. A Python client takes more for an attack and closes the connection
/// (python-engineio, `Payload.max_decode_packets`).
pub(super) const MAX_PACKETS: usize = 16;

/// Encodes the body of a response to a poll.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    packets: usize,
    body: String,
    /// The text, while it is the only packet: its bytes are then the body without a copy, as in most responses.
    only: Option<Utf8Bytes>,
}

impl Encoder {
    /// Appends a control packet.
    pub(super) fn control(&mut self, packet: &'static str) {
        self.packets += 1;
        self.separate(packet.len());
        self.body.push_str(packet);
    }

    /// Appends a message.
    pub(super) fn message(&mut self, message: &Message) {
        self.packets += 1;
        match message {
            Message::Text(text) if self.is_empty() => self.only = Some(text.framed().clone()),
            Message::Text(text) => {
                self.separate(text.framed().len());
                self.body.push_str(text.framed());
            }
            Message::Binary(bytes) => {
                self.separate(base64_packet::encoded_length(bytes.len()));
                base64_packet::encode(bytes, &mut self.body);
            }
        }
    }

    /// Appends messages until the body exceeds `limit` or contains [`MAX_PACKETS`]. Returns `true` if there were no
    /// more.
    pub(super) fn fill(&mut self, out: &mut dyn Outgoing, limit: usize) -> bool {
        while self.len() < limit && self.packets < MAX_PACKETS {
            match out.pop() {
                Some(message) => self.message(&message),
                None => return true,
            }
        }
        false
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of bytes so far.
    pub(super) fn len(&self) -> usize {
        self.body.len() + self.only.as_ref().map_or(0, |text| text.len())
    }

    pub(super) fn finish(self) -> Bytes {
        self.only.map_or_else(|| self.body.into(), Bytes::from)
    }

    fn separate(&mut self, next: usize) {
        self.body.reserve(next + 1);
        if let Some(text) = self.only.take() {
            self.body.push_str(&text);
        }
        if !self.body.is_empty() {
            self.body.push(char::from(SEPARATOR));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<Packet, Malformed> {
        Ok(Packet::Message(Message::Text(text.into())))
    }

    fn decode(body: &'static [u8]) -> Vec<Result<Packet, Malformed>> {
        Payload::new(Bytes::from_static(body)).collect()
    }

    #[test]
    fn packets_come_in_order() {
        assert_eq!(
            decode(b"4one\x1ebAQIDBA==\x1e3\x1e4"),
            [
                text("one"),
                Ok(Packet::Message(Message::Binary(Bytes::from_static(&[
                    1, 2, 3, 4
                ])))),
                Ok(Packet::Pong),
                text("")
            ]
        );
    }

    #[test]
    fn base64_may_come_without_its_padding_or_in_lines() {
        assert_eq!(decode(b"bAQIDBA"), decode(b"bAQIDBA=="));
        let lines = decode(b"bAQID\r\nBA==\n\x1e4next");
        assert_eq!(lines, decode(b"bAQIDBA==\x1e4next"));
        assert_eq!(
            decode(b"b"),
            [Ok(Packet::Message(Message::Binary(Bytes::new())))]
        );
    }

    #[test]
    fn the_first_malformed_packet_is_the_last() {
        for body in [
            &b"4a\x1e\xff\x1e4b"[..],
            b"4a\x1e4\xff\x1e4b",
            b"4a\x1eb!!\x1e4b",
            b"4a\x1e2\x1e4b",
            b"4a\x1e2probe",
            b"4a\x1e",
        ] {
            let [first, Err(_)] = &decode(body)[..] else {
                panic!("{body:?}");
            };
            assert_eq!(*first, text("a"), "{body:?}");
        }
        assert_eq!(decode(b""), [Err(Malformed::of(b""))]);
        assert_eq!(decode(b"4\xff"), [Err(Malformed::of(b"4\xff"))]);
    }

    #[test]
    fn a_payload_may_have_ten_thousand_packets() {
        let body = Bytes::from("4x\u{1e}".repeat(9_999) + "4x");
        assert_eq!(
            Payload::new(body)
                .filter(|packet| *packet == text("x"))
                .count(),
            10_000
        );
    }

    #[test]
    fn a_client_decodes_the_encoded_packets() {
        let mut encoder = Encoder::default();
        encoder.message(&Message::Text("one".into()));
        encoder.control("2");
        encoder.message(&Message::Binary(Bytes::from_static(&[1, 2, 3, 4])));
        encoder.message(&Message::Text("".into()));
        let length = encoder.len();
        let body = encoder.finish();
        assert_eq!(body, &b"4one\x1e2\x1ebAQIDBA==\x1e4"[..]);
        assert_eq!(body.len(), length);
    }

    #[test]
    fn a_response_has_no_more_packets_than_python_accepts() {
        let mut out: std::collections::VecDeque<_> =
            (0..20).map(|_| Message::Text("x".into())).collect();
        let mut encoder = Encoder::default();
        encoder.control("2");
        assert!(!encoder.fill(&mut out, 1_000));
        assert_eq!(
            encoder.finish().split(|byte| *byte == SEPARATOR).count(),
            16
        );
        assert_eq!(out.len(), 5, "the rest waits for the next poll");
    }

    #[test]
    fn a_lone_text_is_sent_without_a_copy() {
        let message = Message::Text("shared".into());
        let mut encoder = Encoder::default();
        encoder.message(&message);
        let Message::Text(text) = message else {
            unreachable!()
        };
        assert_eq!(encoder.finish().as_ptr(), text.framed().as_ptr());
    }
}
