//! [`Problem`]: every reason to refuse a request, to ignore a packet or to close a connection.
//!
//! Each one is a row of `docs/guide/troubleshooting.md`, in the same words; a test compares them.

use std::fmt;

use tracing::Level;

/// The constant parts of the log line about a [`Problem`].
pub(super) struct Explanation {
    pub(super) level: Level,
    /// The target of the line: `engineio` for problems of the transport, otherwise `socketio`.
    pub(super) target: &'static str,
    /// The message of the line, which describes the problem.
    pub(super) text: &'static str,
    /// How to solve it.
    pub(super) cure: &'static str,
}

/// Declares the problems with their level, text and cure.
macro_rules! problems {
    ($($target:ident { $($name:ident $level:ident $text:literal => $cure:literal,)* })*) => {
        /// A reason to refuse a request, to ignore a packet or to close a connection.
        ///
        /// Levels: `warn` if the configuration or the client's software is at fault, `info` if a client or a network
        /// misbehaves, `debug` if it happens in ordinary operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Problem {
            $($(#[doc = $text] $name,)*)*
        }

        impl Problem {
            /// All problems, in the order of their discriminants.
            pub(crate) const ALL: &[Problem] = &[$($(Problem::$name,)*)*];

            /// Returns the name of the variant.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $($(Problem::$name => stringify!($name),)*)*
                }
            }

            pub(super) fn explanation(self) -> Explanation {
                match self {
                    $($(Problem::$name => Explanation {
                        level: Level::$level,
                        target: stringify!($target),
                        text: $text,
                        cure: $cure,
                    },)*)*
                }
            }
        }
    };
}

problems! {
    engineio {
        // Handshakes.
        OriginRefused WARN "a page of this origin may not connect"
            => "add the origin to `cors_allowed_origins`; behind a proxy, pass on `Host` and `X-Forwarded-Proto`",
        ProxyNotTrusted WARN "the forwarding headers of a peer that is not a trusted proxy are ignored"
            => "if the peer is a proxy, add it to `trusted_proxies`",
        UnsupportedVersion WARN "the client speaks another version of Engine.IO"
            => "use a client of Socket.IO 3 or newer (JavaScript 3, Python 5, Java 2)",
        Eio3NotAllowed WARN "an old client: it speaks Engine.IO 3"
            => "turn on `allow_eio3(true)`, or use a client of Socket.IO 3 or newer (JavaScript 3, Python 5, Java 2)",
        UnknownTransport WARN "the transport is unknown or disabled"
            => "the client's `transports` and the server's must have one in common",
        HandshakeMethod INFO "a session is opened with another method than GET"
            => "use a Socket.IO client",
        TooManySessions WARN "too many sessions are open"
            => "raise `max_connections`, or add a node",
        TooManyOfAddress WARN "too many sessions of one address are open"
            => "if it is the address of a proxy, add it to `trusted_proxies`; else raise `max_connections_per_address`",
        TooManyHandshakes WARN "too many handshakes of one address within a second"
            => "if it is the address of a proxy, add it to `trusted_proxies`; else raise `handshake_rate`",
        RepeatedHeader INFO "a header that must be unique is repeated"
            => "look for what adds a second `Host`, `Origin` or `Sec-WebSocket-Key` between client and server: the official clients send only one",
        InvalidHost INFO "the header `Host` is invalid"
            => "look for what changes `Host` between client and server",
        UnpolledMakesRoom WARN "a session that was never polled makes room for a new one"
            => "somebody opens sessions without using them: block the address, or raise `max_unpolled_connections`",
        ShuttingDown DEBUG "the server is shutting down, or is `write_only`"
            => "none is needed: clients try again",
        NoRandomNumbers WARN "the system provides no random numbers for an id"
            => "let the process use `getrandom`",
        // Requests of sessions.
        UnknownSession INFO "no session has this id"
            => "ordinary after a restart or a ping timeout; if it repeats, several nodes get the requests of one client: use sticky sessions",
        OtherVersion INFO "the parameter `EIO` differs from the handshake's"
            => "check what rewrites the query between client and server",
        OtherOrigin WARN "the origin differs from the handshake's"
            => "none, if it is an attack: a page uses the session of another; else check what changes `Origin` in a proxy",
        MethodNotAllowed INFO "the method is neither GET nor POST"
            => "use a Socket.IO client",
        PostToWebSocket INFO "a POST with `transport=websocket`"
            => "use a Socket.IO client",
        JsonpIndex INFO "the index of a JSONP callback is not a number"
            => "use a Socket.IO client",
        Jsonp WARN "JSONP is not supported"
            => "leave `forceJSONP` or `jsonp` out of the client's options",
        TwoPolls INFO "two polls at once"
            => "don't repeat requests in a proxy; a client may have one poll at a time",
        TooManyPosts WARN "too many POSTs at once"
            => "send several packets in one POST, or wait for the response",
        OtherTransport DEBUG "a poll or a POST for a session that uses WebSocket"
            => "none is needed: it comes from an upgrade",
        BodyTooLarge WARN "the body of a POST is too large"
            => "raise `max_http_buffer_size`, or send less at once",
        BodyTooSlow INFO "the body of a POST took too long"
            => "none on the server: the client's network is slow or gone",
        BodyBroken INFO "the body of a POST ended early"
            => "check time limits of proxies: the connection broke",
        InvalidPayload INFO "the body of a POST is not a valid payload"
            => "use a client of Engine.IO 4",
        // WebSocket.
        NotWebSocket WARN "the request does not ask for a WebSocket"
            => "let the proxy pass on the headers `Upgrade` and `Connection`",
        WebSocketVersion INFO "another version of WebSocket than 13"
            => "use a client that implements RFC 6455",
        WebSocketKey INFO "the header `Sec-WebSocket-Key` is invalid"
            => "send the base64 of 16 bytes",
        NoUpgrade WARN "the HTTP connection can't become a WebSocket"
            => "serve HTTP/1.1 connections `with_upgrades()`",
        OtherSubprotocol WARN "the chosen subprotocol was not offered"
            => "let the function given to `websocket_protocol` choose among `Request::websocket_protocols`",
        UpgradesDisabled INFO "upgrades are disabled"
            => "allow them with `allow_upgrades(true)`",
        UpgradeAbandoned INFO "an upgrade to WebSocket was abandoned"
            => "none is needed: the client stays on polling; if it repeats, check what the proxy does to WebSockets",
        HandshakeBroken DEBUG "the connection broke before the WebSocket was open"
            => "none on the server",
        ConnectionBroken DEBUG "the connection of a WebSocket broke"
            => "none on the server: the client's process, or the network between, is gone",
        InvalidFrame INFO "a WebSocket failed"
            => "check what changes WebSockets between client and server",
        MessageTooLarge WARN "a WebSocket message is too large"
            => "raise `max_http_buffer_size`, or send less at once",
        InvalidTransportPacket INFO "an invalid Engine.IO packet"
            => "use a client of Engine.IO 4",
        TooManyControls WARN "a client sends too many pings or other packets without a message"
            => "correct the client; or raise `max_control_rate`",
        // The end of sessions.
        PingTimeout INFO "the client did not answer a ping in time"
            => "raise `ping_timeout` for slow networks; if many clients are closed at once, look for a handler that blocks",
        NeverPolled INFO "a session was opened and never polled"
            => "none on the server: the client is gone, or not a client of Engine.IO; see `first_poll_timeout`",
        WriteTimeout INFO "a WebSocket accepted nothing for too long"
            => "none on the server: the client's network is slow or gone",
    }
    socketio {
        HeadTooSlow INFO "the head of an HTTP request took too long: the connection is closed"
            => "none on the server: the client's network is slow or gone; see `header_timeout`",
        HeadTooLarge WARN "the head of a request is too large"
            => "raise `max_header_size` or `max_headers`, or let the page set fewer cookies",
        OtherPath WARN "a Socket.IO client asks at another path: it gets status 404"
            => "use the same path in both: the client's option `path` (in Python `socketio_path`), and `path` of the builder",
        TlsOnPlainPort WARN "a client speaks TLS to a port without TLS: the connection is closed"
            => "use `http://` or `ws://` in the client, or serve TLS: `run_tls`, or a proxy",
        NotHttp INFO "a client does not speak HTTP/1.1: the connection is closed"
            => "check what connects to this port; let a proxy speak HTTP/1.1 to it, not HTTP/2",
        TlsFailed INFO "a TLS handshake failed: the connection is closed"
            => "if `detail` names a certificate, the client does not trust it; if it names an invalid message, the client does not speak TLS: use `https://` or `wss://`",
        TooManyConnections WARN "too many TCP connections are open: a new one is closed"
            => "raise the limit of open files, and `max_tcp_connections`; or add a node",
        TooManyConnectionsOfAddress WARN "too many TCP connections of one address are open: a new one is closed"
            => "if it is the address of a proxy, add it to `trusted_proxies`; else raise `max_tcp_connections_per_address`",
        HistoryForbidden INFO "the guard of `history_http` refused a request"
            => "none on the server, if the reader may not read this room; else check the guard",
        TooManyReaders WARN "too many requests read histories over HTTP: a new one gets status 503"
            => "raise `HistoryHttp::max_readers`, or add a node",
        TooManyReadersOfAddress WARN "too many requests of one address read histories over HTTP: a new one gets status 429"
            => "if it is the address of a proxy, add it to `trusted_proxies`; else raise `HistoryHttp::max_readers_per_address`",
        SlowReader INFO "a reader of a history takes nothing for too long: its stream is ended"
            => "none on the server: the reader's network is slow or gone; it comes back by itself",
        InvalidPacket WARN "an invalid packet: the connection is closed"
            => "use the same parser and protocol version on both sides",
        TooManyAttachments WARN "a packet with too many attachments: the connection is closed"
            => "raise `max_attachments`, or send fewer binary values in one event",
        AttachmentsLate INFO "the attachments of a packet took too long: the connection is closed"
            => "none on the server: the client's network is slow or gone; see `attachment_timeout`",
        NotJoined WARN "a packet for a namespace that the client has not joined: the connection is closed"
            => "let the client connect to the namespace first",
        LeftNamespace DEBUG "a packet for a namespace that has ended"
            => "none is needed: it was on its way, and is ignored",
        InvalidNamespace WARN "a namespace without handlers"
            => "register a handler, or allow it with `allow_namespace`; in JavaScript, the path of the URL is the namespace",
        TooManyNamespaces WARN "too many namespaces on one connection"
            => "raise `max_namespaces`",
        NothingJoined INFO "no namespace was joined in time: the connection is closed"
            => "use a Socket.IO client, not a plain WebSocket, and the same parser on both sides; see `connect_timeout`",
        RateLimited INFO "a client sends more events than a rate limit allows"
            => "raise the limit if the client behaves well; see `rate_limit_policy`",
        ApiUnauthorized WARN "a request to the HTTP API without a valid token"
            => "send `Authorization: Bearer <token>` with a token of `Api`; if nobody should, block the address",
        ApiBlocked WARN "an address has sent too many wrong tokens to the HTTP API: its requests are refused for a while"
            => "correct the token of the program at this address; see `max_failed_attempts`",
        TooManyStreams WARN "too many streams run for a connection: a new one fails"
            => "raise `max_streams`, or let clients cancel streams that they don't need",
        TooManyDetachedStreams WARN "too many detached streams run: a new one fails"
            => "raise `max_detached_streams`, or let streams end that nobody reads",
        StreamTooLong INFO "a stream took too long: it is dropped"
            => "raise `max_stream_duration` if it may take so long",
        AdminRefused WARN "the `auth` of an administrator is wrong"
            => "pass what the page sends to `Admin::new`; further attempts are delayed",
        TooManyHandlers WARN "the handlers of too many clients that have gone still run: a new connection is closed"
            => "set a time limit around what handlers wait for, or raise `max_connections`",
        ConnectDropped WARN "a `connect` handler still runs although its client has gone: it is dropped"
            => "set a time limit around what the handler waits for; see `connect_timeout`",
        CallBacklog WARN "a client sent too much while a call waited for its acknowledgement: the call fails"
            => "raise `max_waiting_events`, or send fewer events",
        OutboxesFull WARN "the outboxes of all connections are full: a client that reads too slowly is closed"
            => "raise `max_outbox_total`, emit less, or choose another `overflow_policy`",
        SlowClient WARN "a client reads too slowly: its outbox is full and the connection is closed"
            => "raise `max_outbox`, emit less, or choose another `overflow_policy`",
    }
}

impl Problem {
    /// Returns whether it is a reason to refuse a handshake.
    pub(crate) fn refuses_handshake(self) -> bool {
        matches!(
            self,
            Problem::OriginRefused
                | Problem::UnsupportedVersion
                | Problem::Eio3NotAllowed
                | Problem::UnknownTransport
                | Problem::HandshakeMethod
                | Problem::TooManySessions
                | Problem::TooManyOfAddress
                | Problem::TooManyHandshakes
                | Problem::ShuttingDown
                | Problem::NoRandomNumbers
                | Problem::Jsonp
                | Problem::NotWebSocket
                | Problem::WebSocketVersion
                | Problem::WebSocketKey
                | Problem::NoUpgrade
        )
    }

    /// Returns whether it is input that can't be decoded.
    pub(crate) fn is_decode_error(self) -> bool {
        matches!(
            self,
            Problem::InvalidPayload
                | Problem::InvalidFrame
                | Problem::InvalidTransportPacket
                | Problem::InvalidPacket
                | Problem::TooManyAttachments
        )
    }
}

/// Writes the description of the problem, without the cure.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explanation().text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str = include_str!("../../../docs/guide/troubleshooting.md");

    #[test]
    fn every_problem_is_a_row_of_the_troubleshooting_page() {
        let missing: Vec<_> = Problem::ALL
            .iter()
            .map(|problem| problem.explanation())
            .filter(|explanation| {
                let (target, text) = (explanation.target, explanation.text);
                let level = explanation.level.as_str().to_lowercase();
                let plain = format!("| `{text}` | `{target}`, `{level}` |");
                let space = if text.ends_with('`') { " " } else { "" };
                let quoted = format!("| ``{text}{space}`` | `{target}`, `{level}` |");
                !GUIDE.contains(&plain) && !GUIDE.contains(&quoted)
            })
            .map(|explanation| explanation.text)
            .collect();
        assert!(missing.is_empty(), "not on the page: {missing:#?}");
    }

    #[test]
    fn all_lists_them_in_order_and_no_text_twice() {
        for (index, problem) in Problem::ALL.iter().enumerate() {
            assert_eq!(index, *problem as usize);
            let same = |other: &&Problem| other.to_string() == problem.to_string();
            assert_eq!(Problem::ALL.iter().filter(same).count(), 1, "{problem}");
        }
    }
}
