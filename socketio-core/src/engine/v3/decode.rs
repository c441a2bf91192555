//! Decoding the bodies of POSTs.
//!
//! Each packet has its length in front: in a text as digits and a colon, counted in the units of JavaScript's strings; in a
//! binary body as a byte that tells text (0) from binary (1), digits as numbers, and 255, counted in bytes.

use bytes::{Buf, Bytes};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{V3, decode_binary, decode_text, jsonp};
use crate::{
    base::Head,
    engine::packet::{Malformed, Packet},
};

/// The number of digits of a length: enough for any body, and no overflow.
const MAX_DIGITS: usize = 10;

/// Returns whether a payload is binary; texts begin with a digit.
pub(in crate::engine) fn is_binary(body: &[u8]) -> bool {
    matches!(body.first(), Some(0 | 1))
}

/// Decodes the packets of a body one at a time: they need no more memory than the body.
#[derive(Debug)]
pub(in crate::engine) struct Payload {
    rest: Option<Bytes>,
    form: Form,
    base64: bool,
    /// Shorter packets are copied, so that they don't keep the body in memory.
    share_from: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Binary,
    /// Not a form, from a client that uses JSONP.
    Invalid,
}

impl Payload {
    pub(in crate::engine) fn new(body: Bytes, client: V3) -> Self {
        let unwrapped = match client.jsonp {
            Some(_) => jsonp::unwrap_form(&body),
            None => Some(body.clone()),
        };
        let form = match &unwrapped {
            None => Form::Invalid,
            // Not decided by the content type, which some clients don't set.
            Some(body) if is_binary(body) => Form::Binary,
            Some(_) => Form::Text,
        };
        let body = unwrapped.unwrap_or(body);
        Payload {
            form,
            base64: client.base64,
            share_from: body.len() / 2,
            rest: Some(body),
        }
    }

    /// Returns whether all packets have been taken.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.rest.is_none()
    }

    /// Returns the number of bytes that have not been decoded yet.
    pub(in crate::engine) fn remaining(&self) -> usize {
        self.rest.as_ref().map_or(0, Bytes::len)
    }

    /// Takes the first packet off `rest`.
    fn split(&self, rest: &mut Bytes) -> Option<Packet> {
        match self.form {
            Form::Invalid => None,
            Form::Binary => {
                let kind = *rest.first()?;
                rest.advance(1);
                let length = length(rest, 0, 0xff).filter(|length| *length <= rest.len())?;
                let packet = self.own(rest.split_to(length));
                match kind {
                    0 => decode_text(Utf8Bytes::try_from(packet).ok()?).ok(),
                    1 => decode_binary(packet).ok(),
                    _ => None,
                }
            }
            Form::Text => match length(rest, b'0', b':')? {
                // What encoding no packets yields.
                0 => Some(Packet::Noop),
                length => {
                    let end = utf16_end(rest, length)?;
                    let text = Utf8Bytes::try_from(self.own(rest.split_to(end))).ok()?;
                    let twice = self.base64.then(|| decode_again(&text)).flatten();
                    decode_text(twice.unwrap_or(text)).ok()
                }
            },
        }
    }

    fn own(&self, packet: Bytes) -> Bytes {
        if packet.len() < self.share_from {
            Bytes::copy_from_slice(&packet)
        } else {
            packet
        }
    }
}

/// Ends after an error, because what follows an invalid packet can't be decoded.
impl Iterator for Payload {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rest = self.rest.take()?;
        let head = Head::of(&rest);
        let packet = self.split(&mut rest);
        if packet.is_some() && !rest.is_empty() {
            self.rest = Some(rest);
        }
        Some(packet.ok_or_else(|| Malformed::of(head.as_bytes())))
    }
}

/// Reads a length and the byte that ends it. `zero` is the first of the ten digits.
fn length(rest: &mut Bytes, zero: u8, end: u8) -> Option<usize> {
    let digits = rest
        .iter()
        .take(MAX_DIGITS + 1)
        .position(|byte| *byte == end)
        .filter(|digits| *digits > 0)?;
    let mut length: usize = 0;
    for byte in &rest[..digits] {
        let digit = byte.checked_sub(zero).filter(|digit| *digit < 10)?;
        length = length.checked_mul(10)?.checked_add(digit.into())?;
    }
    rest.advance(digits + 1);
    Some(length)
}

/// Returns where the first `units` UTF-16 code units of a text end; `None` if it is shorter, or that is within a character.
fn utf16_end(text: &[u8], units: usize) -> Option<usize> {
    if text.get(..units)?.is_ascii() {
        return Some(units);
    }
    let mut left = units;
    for (position, byte) in text.iter().enumerate() {
        let starts = byte & 0xc0 != 0x80;
        if starts && left == 0 {
            return Some(position);
        }
        let width = match byte {
            0xf0.. => 2,
            _ if starts => 1,
            _ => 0,
        };
        left = left.checked_sub(width)?;
    }
    (left == 0).then_some(text.len())
}

/// Undoes the second UTF-8 encoding that clients 1.x apply to texts which they send without binary support: `é` comes as
/// `Ã©`. A text that can't have come about like this is left as it is.
fn decode_again(text: &Utf8Bytes) -> Option<Utf8Bytes> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(char).ok()).collect();
    Utf8Bytes::try_from(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Message;

    const BASE64: V3 = V3 {
        base64: true,
        jsonp: None,
    };

    fn decode(body: &[u8]) -> Vec<Result<Packet, ()>> {
        decode_for(V3::default(), body)
    }

    fn decode_for(client: V3, body: &[u8]) -> Vec<Result<Packet, ()>> {
        Payload::new(Bytes::copy_from_slice(body), client)
            .map(|packet| packet.map_err(|_| ()))
            .collect()
    }

    fn text(text: &str) -> Result<Packet, ()> {
        Ok(Packet::Message(Message::Text(text.into())))
    }

    fn binary(bytes: &'static [u8]) -> Result<Packet, ()> {
        Ok(Packet::Message(Message::Binary(Bytes::from_static(bytes))))
    }

    #[test]
    fn packets_come_in_order() {
        assert_eq!(
            decode(b"6:4hello10:b4AQIDBA==1:21:4"),
            [
                text("hello"),
                binary(&[1, 2, 3, 4]),
                Ok(Packet::Ping),
                text("")
            ]
        );
    }

    #[test]
    fn a_length_counts_the_units_of_javascript() {
        assert_eq!(decode("2:4€".as_bytes()), [text("€")]);
        assert_eq!(decode("3:4😀2:4é".as_bytes()), [text("😀"), text("é")]);
        for body in ["2:4😀", "2:4😀1:2", "4:4😀", "3:4é"] {
            assert_eq!(decode(body.as_bytes()), [Err(())], "{body}");
        }
    }

    #[test]
    fn a_binary_body_counts_bytes() {
        let body = [
            &b"\x00\x04\xff4\xe2\x82\xac\x01\x05\xff\x04"[..],
            &[1, 2, 3, 4],
            b"\x00\x01\xff2\x01\x01\x00\xff4123456789",
        ]
        .concat();
        assert_eq!(
            decode(&body),
            [
                text("€"),
                binary(&[1, 2, 3, 4]),
                Ok(Packet::Ping),
                text("123456789")
            ]
        );
    }

    #[test]
    fn no_packets_at_all_are_a_payload() {
        assert_eq!(decode(b"0:"), [Ok(Packet::Noop)]);
        assert_eq!(decode(b"0:1:2"), [Ok(Packet::Noop), Ok(Packet::Ping)]);
        assert_eq!(decode(b""), [Err(())]);
    }

    #[test]
    fn a_wrong_length_ends_the_payload() {
        for body in [
            &b"abc"[..],
            b":4a",
            b"4hello",
            b"3:4a",
            b"-2:4a",
            b"+2:4a",
            b"2.0:4a",
            b" 2:4a",
            b"0x2:4a",
            b"99999999999999999999:4a",
            b"9999999999:4a",
            b"00000000000000000002:4a",
            b"2:\xff\xff",
            b"\xff",
            b"\x00",
            b"\x00\x02",
            b"\x00\xff4a",
            b"\x00\x03\xff4a",
            b"\x00\x0a\xff4a",
            b"\x00\x02:4a",
            b"\x01\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff\x04",
            b"\x00\x02\xff4\xff",
        ] {
            assert_eq!(decode(body), [Err(())], "{body:?}");
        }
        assert_eq!(decode(b"2:4a2:4"), [text("a"), Err(())]);
        assert_eq!(decode(b"2:4a\x00\x02\xff4b"), [text("a"), Err(())]);
        assert_eq!(
            decode(b"\x00\x02\xff4a\x02\x02\xff4b"),
            [text("a"), Err(())]
        );
    }

    #[test]
    fn a_payload_may_have_ten_thousand_packets() {
        let body = "2:4x".repeat(10_000);
        assert_eq!(
            decode(body.as_bytes())
                .iter()
                .filter(|packet| **packet == text("x"))
                .count(),
            10_000
        );
    }

    #[test]
    fn a_text_that_was_encoded_twice_is_decoded_twice() {
        let decode = |body: &str| decode_for(BASE64, body.as_bytes());
        assert_eq!(decode("4:4hÃ©"), [text("hé")]);
        assert_eq!(decode("5:4\u{f0}\u{9f}\u{98}\u{80}"), [text("😀")]);
        assert_eq!(decode("3:4hé"), [text("hé")]);
        assert_eq!(decode("3:4😀"), [text("😀")]);
        // With binary support, no client does so.
        assert_eq!(self::decode("4:4hÃ©".as_bytes()), [text("hÃ©")]);
    }

    #[test]
    fn a_form_of_jsonp_is_a_payload() {
        let client = V3 {
            base64: true,
            jsonp: Some(0),
        };
        let decode = |body: &str| decode_for(client, body.as_bytes());
        assert_eq!(
            decode("d=6%3A4hello1%3A2"),
            [text("hello"), Ok(Packet::Ping)]
        );
        assert_eq!(decode("6:4hello"), [Err(())]);
        assert_eq!(decode(""), [Err(())]);
    }

    #[test]
    fn an_error_shows_the_packet_with_its_length() {
        let body = Bytes::from_static(b"2:4a9:4b");
        let error = Payload::new(body, V3::default()).last();
        assert_eq!(error, Some(Err(Malformed::of(b"9:4b"))));
    }
}
