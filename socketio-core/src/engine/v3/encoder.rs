//! Encoding the responses to polls.

use bytes::Bytes;

use super::{
    V3,
    packet::{MESSAGE, base64_length, push_base64},
};
use crate::{
    base::{Message, Text},
    engine::{outgoing::Outgoing, payload::MAX_PACKETS},
};

/// Rewrites a text as ASCII with the same meaning.
pub(in crate::engine) type ToAscii = fn(&Text) -> Text;

/// Encodes the body of a response to a poll. The form is known at its end: texts if all packets are, or if the client takes
/// nothing else.
#[derive(Debug)]
pub(in crate::engine) struct Encoder {
    client: V3,
    to_ascii: Option<ToAscii>,
    packets: Vec<Packet>,
    size: usize,
    /// Whether a text would not do.
    wants_binary: bool,
}

#[derive(Debug)]
enum Packet {
    Control(&'static str),
    Message(Message),
}

impl Encoder {
    pub(in crate::engine) fn new(client: V3, to_ascii: Option<ToAscii>) -> Self {
        Encoder {
            client,
            to_ascii,
            packets: Vec::new(),
            size: 0,
            wants_binary: false,
        }
    }

    /// Appends a control packet.
    pub(in crate::engine) fn control(&mut self, packet: &'static str) {
        self.size += packet.len();
        self.packets.push(Packet::Control(packet));
    }

    fn message(&mut self, message: Message) {
        self.size += match &message {
            Message::Text(text) => text.framed().len(),
            Message::Binary(bytes) if self.client.base64 => base64_length(bytes.len()),
            Message::Binary(bytes) => 1 + bytes.len(),
        };
        // Clients disagree about other characters in a text: 1.x expects them encoded twice, Python counts them otherwise
        // than JavaScript. The binary form is the same for all.
        self.wants_binary |= match &message {
            Message::Text(text) => !text.is_ascii(),
            Message::Binary(_) => true,
        };
        self.packets.push(Packet::Message(message));
    }

    /// Appends messages until the body exceeds `limit` or contains [`MAX_PACKETS`]. Returns `true` if there were no more.
    pub(in crate::engine) fn fill(&mut self, out: &mut dyn Outgoing, limit: usize) -> bool {
        while self.size < limit && self.packets.len() < MAX_PACKETS {
            match out.pop() {
                Some(message) => self.message(message),
                None => return true,
            }
        }
        false
    }

    /// Returns the number of bytes of all packets, without their lengths.
    pub(in crate::engine) fn len(&self) -> usize {
        self.size
    }

    pub(in crate::engine) fn finish(self) -> Bytes {
        if self.wants_binary && !self.client.base64 {
            self.binary().into()
        } else {
            self.text().into()
        }
    }

    fn binary(self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.size + 16 * self.packets.len());
        for packet in self.packets {
            match packet {
                Packet::Control(packet) => {
                    push_header(&mut body, 0, packet.len());
                    body.extend_from_slice(packet.as_bytes());
                }
                Packet::Message(Message::Text(text)) => {
                    push_header(&mut body, 0, text.framed().len());
                    body.extend_from_slice(text.framed().as_bytes());
                }
                Packet::Message(Message::Binary(bytes)) => {
                    push_header(&mut body, 1, 1 + bytes.len());
                    body.push(MESSAGE);
                    body.extend_from_slice(&bytes);
                }
            }
        }
        body
    }

    fn text(self) -> String {
        let mut body = String::with_capacity(self.size + 16 * self.packets.len());
        for packet in self.packets {
            match packet {
                Packet::Control(packet) => push_text(&mut body, packet),
                Packet::Message(Message::Text(text)) => match self.to_ascii {
                    Some(to_ascii) if !text.is_ascii() => {
                        push_text(&mut body, to_ascii(&text).framed());
                    }
                    _ => push_text(&mut body, text.framed()),
                },
                Packet::Message(Message::Binary(bytes)) => {
                    push_length(&mut body, base64_length(bytes.len()));
                    push_base64(&mut body, &bytes);
                }
            }
        }
        body
    }
}

/// Returns a body with one text packet.
pub(in crate::engine) fn framed(packet: &str) -> Bytes {
    let mut body = String::with_capacity(packet.len() + 8);
    push_text(&mut body, packet);
    body.into()
}

fn push_text(body: &mut String, packet: &str) {
    let units = if packet.is_ascii() {
        packet.len()
    } else {
        packet.encode_utf16().count()
    };
    push_length(body, units);
    body.push_str(packet);
}

fn push_length(body: &mut String, length: usize) {
    body.push_str(&length.to_string());
    body.push(':');
}

fn push_header(body: &mut Vec<u8>, kind: u8, length: usize) {
    body.push(kind);
    body.extend(length.to_string().bytes().map(|digit| digit - b'0'));
    body.push(0xff);
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const BASE64: V3 = V3 {
        base64: true,
        jsonp: None,
    };

    fn body(client: V3, messages: &[Message]) -> Bytes {
        let mut encoder = Encoder::new(client, None);
        let mut out: VecDeque<_> = messages.iter().cloned().collect();
        assert!(encoder.fill(&mut out, 10_000));
        encoder.finish()
    }

    fn text(text: &str) -> Message {
        Message::Text(text.into())
    }

    fn binary() -> Message {
        Message::Binary(Bytes::from_static(&[1, 2, 3, 4]))
    }

    #[test]
    fn texts_have_their_length_in_front() {
        assert_eq!(
            body(V3::default(), &[text("hello"), text("")]),
            "6:4hello1:4"
        );
        assert_eq!(framed("6"), "1:6");
    }

    #[test]
    fn binary_data_makes_the_body_binary_for_clients_that_take_it() {
        let messages = [text("hello"), binary()];
        let expected = [&b"\x00\x06\xff4hello\x01\x05\xff\x04"[..], &[1, 2, 3, 4]].concat();
        assert_eq!(body(V3::default(), &messages), expected);
        assert_eq!(body(BASE64, &messages), "6:4hello10:b4AQIDBA==");
    }

    #[test]
    fn lengths_of_a_binary_body_are_digits_as_numbers() {
        let bytes = body(V3::default(), &[Message::Binary(vec![7; 1_204].into())]);
        assert!(bytes.starts_with(&[1, 1, 2, 0, 5, 255, 4, 7]));
        assert_eq!(bytes.len(), 6 + 1 + 1_204);
    }

    #[test]
    fn other_characters_than_ascii_are_counted_in_bytes_where_that_is_possible() {
        let messages = [text("€")];
        assert_eq!(
            body(V3::default(), &messages),
            &b"\x00\x04\xff4\xe2\x82\xac"[..]
        );
        assert_eq!(body(BASE64, &messages), "2:4€");
        assert_eq!(body(BASE64, &[text("😀")]), "3:4😀");
    }

    #[test]
    fn elsewhere_they_can_be_rewritten_as_ascii() {
        let mut encoder = Encoder::new(BASE64, Some(|_| "u".into()));
        let mut out = VecDeque::from([text("é"), text("a")]);
        assert!(encoder.fill(&mut out, 1_000));
        assert_eq!(encoder.finish(), "2:4u2:4a");
    }

    #[test]
    fn a_response_has_no_more_packets_than_python_accepts() {
        let mut out: VecDeque<_> = (0..20).map(|_| text("x")).collect();
        let mut encoder = Encoder::new(V3::default(), None);
        encoder.control("3");
        assert!(!encoder.fill(&mut out, 1_000));
        assert_eq!(out.len(), 5, "the rest waits for the next poll");
        assert_eq!(encoder.finish(), format!("1:3{}", "2:4x".repeat(15)));
    }
}
