//! [`Packet`]: one Engine.IO packet in its text form, which both transports use.

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::base64_packet;
use crate::base::{Head, Message, Text};

/// A packet of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// `1`: the client is leaving.
    Close,
    /// `2probe`: a WebSocket tests whether it works.
    Probe,
    /// `2`, in version 3 of the protocol: the client pings.
    Ping,
    /// `3`: the response to a ping of the server.
    Pong,
    /// `4`; `b` with base64; or a binary frame.
    Message(Message),
    /// `5`: the WebSocket becomes the transport.
    Upgrade,
    /// `0` and `6`, which have no meaning for a server and are ignored.
    Noop,
}

/// The packets of the server, except messages.
pub(super) mod control {
    /// Closes a polling session.
    pub(in crate::engine) const CLOSE: &str = "1";
    /// Pings the client.
    pub(in crate::engine) const PING: &str = "2";
    /// Answers the ping of a client, in version 3 of the protocol.
    pub(in crate::engine) const PONG: &str = "3";
    /// Confirms a probe.
    pub(in crate::engine) const PROBED: &str = "3probe";
    /// Ends a waiting poll.
    pub(in crate::engine) const NOOP: &str = "6";
}

/// An invalid packet, with its first bytes. It closes the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed(Box<[u8]>);

impl Malformed {
    pub(super) fn of(packet: &[u8]) -> Self {
        Malformed(Head::of(packet).as_bytes().into())
    }

    pub(super) fn input(&self) -> &[u8] {
        &self.0
    }
}

impl Packet {
    /// Decodes a text packet. Data after a type without data is ignored, as in Node.
    #[inline]
    pub(super) fn decode(text: Utf8Bytes) -> Result<Self, Malformed> {
        match text.as_bytes().first() {
            Some(b'4') => Text::from_framed(text)
                .map(|text| Packet::Message(Message::Text(text)))
                .ok_or_else(|| Malformed::of(b"4")),
            Some(b'b') => base64_packet::decode(&text.as_bytes()[1..])
                .map(|bytes| Packet::Message(Message::Binary(bytes)))
                .ok_or_else(|| Malformed::of(text.as_bytes())),
            Some(b'3') => Ok(Packet::Pong),
            Some(b'1') => Ok(Packet::Close),
            Some(b'2') if &*text == "2probe" => Ok(Packet::Probe),
            Some(b'5') => Ok(Packet::Upgrade),
            Some(b'0' | b'6') => Ok(Packet::Noop),
            // Also a ping: in this version of the protocol, only servers ping.
            _ => Err(Malformed::of(text.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_digit() {
        let decode = |text: &'static str| Packet::decode(Utf8Bytes::from_static(text));
        assert_eq!(decode("1"), Ok(Packet::Close));
        assert_eq!(decode("2probe"), Ok(Packet::Probe));
        assert_eq!(decode("3"), Ok(Packet::Pong));
        assert_eq!(
            decode("4hé"),
            Ok(Packet::Message(Message::Text("hé".into())))
        );
        assert_eq!(decode("4"), Ok(Packet::Message(Message::Text("".into()))));
        let bytes = bytes::Bytes::from_static(&[1, 2, 3, 4]);
        assert_eq!(
            decode("bAQIDBA=="),
            Ok(Packet::Message(Message::Binary(bytes)))
        );
        assert_eq!(decode("5"), Ok(Packet::Upgrade));
        assert_eq!(decode("6"), Ok(Packet::Noop));
    }

    #[test]
    fn a_client_ping_an_unknown_type_and_nothing_at_all_are_malformed() {
        for text in ["", "2", "2probes", "7", "abc", "é", "\u{1e}"] {
            let malformed = Malformed::of(text.as_bytes());
            assert_eq!(Packet::decode(text.into()), Err(malformed), "{text}");
        }
    }
}
