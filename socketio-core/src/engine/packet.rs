//! One Engine.IO packet, as both transports write it in text.

use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::base::{Message, Text};

/// A packet that came from a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// `1`: the client is leaving.
    Close,
    /// `2probe`: a WebSocket asks whether it gets through.
    Probe,
    /// `3`: the answer to the server's ping.
    Pong,
    /// `4`, or a binary one.
    Message(Message),
    /// `5`: from now on the WebSocket is the transport.
    Upgrade,
    /// `0` and `6`, which mean nothing when a client sends them and do no harm.
    Noop,
}

/// What the server writes besides messages.
pub(super) mod control {
    /// Ends a session over polling.
    pub(in crate::engine) const CLOSE: &str = "1";
    /// Asks the client whether it is there.
    pub(in crate::engine) const PING: &str = "2";
    /// Tells a probing WebSocket that it gets through.
    pub(in crate::engine) const PROBED: &str = "3probe";
    /// Sends a waiting poll home.
    pub(in crate::engine) const NOOP: &str = "6";
}

/// What can't be a packet; the session that sent it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Packet {
    /// Reads one packet of text. Data after a type that has none is ignored, as Node does.
    pub(super) fn decode(text: Utf8Bytes) -> Result<Self, Malformed> {
        match text.as_bytes().first() {
            Some(b'4') => Text::from_framed(text)
                .map(|text| Packet::Message(Message::Text(text)))
                .ok_or(Malformed),
            Some(b'3') => Ok(Packet::Pong),
            Some(b'1') => Ok(Packet::Close),
            Some(b'2') if &*text == "2probe" => Ok(Packet::Probe),
            Some(b'5') => Ok(Packet::Upgrade),
            Some(b'0' | b'6') => Ok(Packet::Noop),
            // A ping is among them: in this version of the protocol only servers ping.
            _ => Err(Malformed),
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
        assert_eq!(decode("5"), Ok(Packet::Upgrade));
        assert_eq!(decode("6"), Ok(Packet::Noop));
    }

    #[test]
    fn a_client_ping_an_unknown_type_and_nothing_at_all_are_malformed() {
        for text in ["", "2", "2probes", "7", "abc", "é", "\u{1e}"] {
            assert_eq!(Packet::decode(text.into()), Err(Malformed), "{text}");
        }
    }
}
