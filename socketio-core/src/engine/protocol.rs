//! [`Protocol`]: the version of a session, and the choice of everything that depends on it.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::{Message as Frame, Utf8Bytes};

use super::{
    base64_packet,
    outgoing::Outgoing,
    packet::{Malformed, Packet},
    payload,
    v3::{self, V3},
};
use crate::base::{Message, ProtocolVersion};

pub(super) const TEXT: &str = "text/plain; charset=UTF-8";
const HTML: &str = "text/html; charset=UTF-8";
pub(super) const JAVASCRIPT: &str = "text/javascript; charset=UTF-8";
const OCTET_STREAM: &str = "application/octet-stream";

/// The version of the protocol that a request or a session has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Whether the request asks for binary messages as text (`b64=1`). That concerns the WebSocket that it opens: polling has
    /// no other form. Each request decides for itself, as in Node: Swift asks for it in its polls only.
    V4 {
        base64: bool,
    },
    V3(V3),
}

impl Protocol {
    pub(super) fn version(self) -> ProtocolVersion {
        match self {
            Protocol::V4 { .. } => ProtocolVersion::Eio4,
            Protocol::V3(_) => ProtocolVersion::Eio3,
        }
    }

    /// Returns the body of a response with one packet.
    pub(super) fn body(self, packet: &'static str) -> Bytes {
        match self {
            Protocol::V4 { .. } => Bytes::from_static(packet.as_bytes()),
            Protocol::V3(_) => v3::framed(packet),
        }
    }

    /// Returns the body of a response with an open packet.
    pub(super) fn open(self, packet: String) -> Bytes {
        match self {
            Protocol::V4 { .. } => packet.into(),
            Protocol::V3(_) => v3::framed(&packet),
        }
    }

    /// Returns the content of the response to a poll, from what [`Protocol::encoder`] has encoded, and its type.
    pub(super) fn response(self, body: Bytes) -> (Bytes, &'static str) {
        match self {
            Protocol::V3(V3 {
                jsonp: Some(index), ..
            }) => {
                let payload = String::from_utf8_lossy(&body);
                (v3::script(index, &payload).into(), JAVASCRIPT)
            }
            Protocol::V3(_) if v3::is_binary(&body) => (body, OCTET_STREAM),
            Protocol::V3(_) | Protocol::V4 { .. } => (body, TEXT),
        }
    }

    /// Returns the type of the responses to POSTs.
    pub(super) fn type_of_answers(self) -> &'static str {
        match self {
            // Shown in a hidden frame; some browsers offer to save a text.
            Protocol::V3(V3 { jsonp: Some(_), .. }) => HTML,
            _ => TEXT,
        }
    }

    /// Decodes the body of a POST.
    pub(super) fn decode(self, body: Bytes) -> Payload {
        match self {
            Protocol::V4 { .. } => Payload::V4(payload::Payload::new(body)),
            Protocol::V3(client) => Payload::V3(v3::Payload::new(body, client)),
        }
    }

    /// Creates the encoder of a response to a poll.
    pub(super) fn encoder(self, to_ascii: Option<v3::ToAscii>) -> Encoder {
        match self {
            Protocol::V4 { .. } => Encoder::V4(payload::Encoder::default()),
            Protocol::V3(client) => Encoder::V3(v3::Encoder::new(client, to_ascii)),
        }
    }

    /// Returns how a WebSocket that was opened with this request carries packets.
    pub(super) fn frames(self) -> FrameFormat {
        match self {
            Protocol::V4 { base64 } => FrameFormat::V4 { base64 },
            Protocol::V3(client) => FrameFormat::V3 {
                base64: client.base64,
            },
        }
    }
}

/// The packets of a POST.
#[derive(Debug)]
pub(super) enum Payload {
    V4(payload::Payload),
    V3(v3::Payload),
}

impl Payload {
    /// Returns whether all packets have been taken.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Payload::V4(payload) => payload.is_empty(),
            Payload::V3(payload) => payload.is_empty(),
        }
    }

    /// Returns the number of bytes that have not been decoded yet.
    pub(super) fn remaining(&self) -> usize {
        match self {
            Payload::V4(payload) => payload.remaining(),
            Payload::V3(payload) => payload.remaining(),
        }
    }
}

/// Ends after an error.
impl Iterator for Payload {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Payload::V4(payload) => payload.next(),
            Payload::V3(payload) => payload.next(),
        }
    }
}

/// Encodes the body of a response to a poll.
#[derive(Debug)]
pub(super) enum Encoder {
    V4(payload::Encoder),
    V3(v3::Encoder),
}

impl Encoder {
    /// Appends a control packet.
    pub(super) fn control(&mut self, packet: &'static str) {
        match self {
            Encoder::V4(encoder) => encoder.control(packet),
            Encoder::V3(encoder) => encoder.control(packet),
        }
    }

    /// Appends messages until the body is large enough. Returns `true` if there were no more.
    pub(super) fn fill(&mut self, out: &mut dyn Outgoing, limit: usize) -> bool {
        match self {
            Encoder::V4(encoder) => encoder.fill(out, limit),
            Encoder::V3(encoder) => encoder.fill(out, limit),
        }
    }

    /// Returns the number of bytes so far, about.
    pub(super) fn len(&self) -> usize {
        match self {
            Encoder::V4(encoder) => encoder.len(),
            Encoder::V3(encoder) => encoder.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn finish(self) -> Bytes {
        match self {
            Encoder::V4(encoder) => encoder.finish(),
            Encoder::V3(encoder) => encoder.finish(),
        }
    }
}

/// How a WebSocket carries packets.
#[derive(Clone, Copy, Debug)]
pub(super) enum FrameFormat {
    V4 {
        /// Whether binary data is sent as text, for a client that can't read binary frames.
        base64: bool,
    },
    V3 {
        /// As in `V4`.
        base64: bool,
    },
}

impl FrameFormat {
    #[inline]
    pub(super) fn decode_text(self, text: Utf8Bytes) -> Result<Packet, Malformed> {
        match self {
            FrameFormat::V4 { .. } => Packet::decode(text),
            FrameFormat::V3 { .. } => v3::decode_text(text),
        }
    }

    pub(super) fn decode_binary(self, bytes: Bytes) -> Result<Packet, Malformed> {
        match self {
            FrameFormat::V4 { .. } => Ok(Packet::Message(Message::Binary(bytes))),
            FrameFormat::V3 { .. } => v3::decode_binary(bytes),
        }
    }

    #[inline]
    pub(super) fn encode(self, message: Message) -> Frame {
        match (self, message) {
            (FrameFormat::V4 { .. }, Message::Text(text)) => Frame::Text(text.into_framed()),
            (FrameFormat::V4 { base64: false }, Message::Binary(bytes)) => Frame::Binary(bytes),
            (FrameFormat::V4 { base64: true }, Message::Binary(bytes)) => {
                let mut packet = String::with_capacity(base64_packet::encoded_length(bytes.len()));
                base64_packet::encode(&bytes, &mut packet);
                Frame::Text(packet.into())
            }
            (FrameFormat::V3 { base64 }, message) => v3::encode(message, base64),
        }
    }
}
