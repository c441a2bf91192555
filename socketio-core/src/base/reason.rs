//! [`Reason`]: the reason why a client was disconnected.

use std::{error::Error, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The reason of a disconnect, an argument of `disconnect` handlers.
///
/// [`as_str`](Reason::as_str), `Display` and `Serialize` use the five names of the Python servers;
/// [`detail`](Reason::detail) returns the more precise names of the Node server.
///
/// | variant | [`as_str`](Reason::as_str) | [`detail`](Reason::detail) |
/// |---|---|---|
/// | `ClientDisconnect` | `client disconnect` | `client namespace disconnect` |
/// | `ClientClose` | `client disconnect` | `transport close` |
/// | `ServerDisconnect` | `server disconnect` | `server namespace disconnect` |
/// | `ServerClose` | `server disconnect` | `forced server close` |
/// | `ServerShutdown` | `server disconnect` | `server shutting down` |
/// | `PingTimeout` | `ping timeout` | `ping timeout` |
/// | `TransportClose` | `transport close` | `transport close` |
/// | `TransportError` | `transport error` | `transport error` |
/// | `ParseError` | `server disconnect` | `parse error` |
///
/// `FromStr` and `Deserialize` read the names of both. If several variants share a name, they return the first one of
/// the table, except `TransportClose` for `transport close`. As an argument of a handler it is always the reason of the
/// disconnect, never an argument of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// `client disconnect`: the client left the namespace.
    ClientDisconnect,
    /// `client disconnect`: the client closed the connection with a close packet.
    ClientClose,
    /// `server disconnect`: the server disconnected the client from the namespace, with
    /// [`disconnect`](crate::disconnect) or one of the methods of that name.
    ServerDisconnect,
    /// `server disconnect`: the server closed the connection, with [`Socket::close`](crate::Socket::close).
    ServerClose,
    /// `server disconnect`: the server is shutting down.
    ServerShutdown,
    /// `ping timeout`: the client did not respond to a ping within `ping_timeout`.
    PingTimeout,
    /// `transport close`: the WebSocket or its TCP connection ended without a close packet.
    TransportClose,
    /// `transport error`: the connection failed, for example by an I/O error, a write that took too long, a WebSocket
    /// message over the limit, or a client that read too slowly.
    TransportError,
    /// `server disconnect`: the client sent an invalid packet, or a packet that is not allowed at this point.
    ParseError,
}

impl Reason {
    /// All reasons, in the order in which names are looked up.
    pub(crate) const ALL: [Reason; 9] = [
        Reason::TransportClose,
        Reason::ClientDisconnect,
        Reason::ClientClose,
        Reason::ServerDisconnect,
        Reason::ServerClose,
        Reason::ServerShutdown,
        Reason::PingTimeout,
        Reason::TransportError,
        Reason::ParseError,
    ];

    /// Returns whether the connection was lost, or was closed without leaving the namespace: with
    /// [`recovery`](crate::SocketIoBuilder::recovery), such a client can come back to its session.
    /// [`Socket::is_session_kept`](crate::Socket::is_session_kept) returns whether the session is kept for it.
    pub fn is_recoverable(self) -> bool {
        matches!(
            self,
            Reason::ClientClose
                | Reason::PingTimeout
                | Reason::TransportClose
                | Reason::TransportError
        )
    }

    /// Returns `client disconnect`, `server disconnect`, `ping timeout`, `transport close` or `transport error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::ClientDisconnect | Reason::ClientClose => "client disconnect",
            Reason::ServerDisconnect
            | Reason::ServerClose
            | Reason::ServerShutdown
            | Reason::ParseError => "server disconnect",
            Reason::PingTimeout => "ping timeout",
            Reason::TransportClose => "transport close",
            Reason::TransportError => "transport error",
        }
    }

    /// Returns the name that the Node server uses.
    pub fn detail(self) -> &'static str {
        match self {
            Reason::ClientDisconnect => "client namespace disconnect",
            Reason::ClientClose => "transport close",
            Reason::ServerDisconnect => "server namespace disconnect",
            Reason::ServerClose => "forced server close",
            Reason::ServerShutdown => "server shutting down",
            Reason::PingTimeout => "ping timeout",
            Reason::TransportClose => "transport close",
            Reason::TransportError => "transport error",
            Reason::ParseError => "parse error",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Reads a name of [`as_str`](Reason::as_str) or [`detail`](Reason::detail).
impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(word: &str) -> Result<Self, UnknownReason> {
        Reason::ALL
            .into_iter()
            .find(|reason| word == reason.as_str() || word == reason.detail())
            .ok_or_else(|| UnknownReason(word.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;

        impl de::Visitor<'_> for Word {
            type Value = Reason;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the reason of a disconnect")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Reason, E> {
                word.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Word)
    }
}

/// The error of parsing a text that is not the name of a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownReason(String);

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown disconnect reason {:?}", self.0)
    }
}

impl Error for UnknownReason {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed_as_a_reason_with_that_name() {
        for reason in Reason::ALL {
            let read: Reason = reason.as_str().parse().unwrap();
            assert_eq!(read.as_str(), reason.as_str());
            let read: Reason = reason.detail().parse().unwrap();
            assert_eq!(read.detail(), reason.detail());
            let json = serde_json::to_string(&reason).unwrap();
            let read: Reason = serde_json::from_str(&json).unwrap();
            assert_eq!(read.as_str(), reason.as_str());
        }
        assert_eq!("client disconnect".parse(), Ok(Reason::ClientDisconnect));
        assert_eq!("server disconnect".parse(), Ok(Reason::ServerDisconnect));
        assert_eq!("transport close".parse(), Ok(Reason::TransportClose));
        assert_eq!("parse error".parse(), Ok(Reason::ParseError));
    }

    #[test]
    fn an_unknown_name_is_an_error_that_contains_it() {
        let error = "boredom".parse::<Reason>().unwrap_err();
        assert_eq!(error.to_string(), r#"unknown disconnect reason "boredom""#);
        let error = serde_json::from_str::<Reason>(r#""boredom""#).unwrap_err();
        assert!(error.to_string().contains("boredom"), "{error}");
    }

    #[test]
    fn the_table_of_the_documentation_is_correct() {
        let source = include_str!("reason.rs");
        for reason in Reason::ALL {
            let (word, detail) = (reason.as_str(), reason.detail());
            let row = format!("/// | `{reason:?}` | `{word}` | `{detail}` |");
            assert!(source.contains(&row), "{row}");
        }
    }
}
