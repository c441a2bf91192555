//! [`Config`]: the options of an engine.

use std::{sync::Arc, time::Duration};

use super::{
    cookie::Cookie, cors::Cors, heartbeat::MAX_TIMEOUTS, subprotocol::Subprotocol,
    transport::Transports, v3::ToAscii,
};
use crate::{
    admission::AdmissionLimits,
    base::{ProblemLog, TrustedProxies},
    counters::Counters,
};

/// The options of an [`Engine`](super::Engine). Change the fields of a `Config::default()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The time between a pong (or the handshake) and the next ping. Default: 25 s.
    pub ping_interval: Duration,
    /// The time that is added to the interval announced to clients, so that they tolerate late pings. Default: zero.
    pub ping_grace: Duration,
    /// The time within which a client must respond to a ping. While it uploads or downloads a large message, it has more
    /// time, up to ten times as much. Default: 20 s.
    pub ping_timeout: Duration,
    /// The time within which a session that was opened over polling must be polled for the first time. Default: 10 s.
    pub first_poll_timeout: Duration,
    /// The time that an upgrade to WebSocket may take. Default: 10 s.
    pub upgrade_timeout: Duration,
    /// The time for which a WebSocket may accept no byte while something is to be written. Default: 20 s.
    pub write_timeout: Duration,
    /// The time that a session which the server closes waits for its client to receive the remaining messages and to
    /// close. Default: 5 s.
    pub close_timeout: Duration,
    /// The size of the largest WebSocket message or POST body, in bytes. Also the size from which no further messages
    /// are added to the response to a poll. Default: 1,000,000.
    pub max_payload: usize,
    /// The size of the head of a request, in bytes: its target and its headers. Default: 32,768.
    pub max_header_size: usize,
    /// The number of headers of a request. Default: 100.
    pub max_headers: usize,
    /// The number of packets and frames without a message (pings, pongs, noops) that a client may send within a second.
    /// Default: 1,000.
    pub max_control_rate: usize,
    /// The number of open sessions. Further handshakes are answered with 503. Default: 100,000.
    pub max_sessions: usize,
    /// The number of sessions that were opened over polling and have not been polled yet. A further one, or one beyond
    /// `max_sessions`, takes the place of the oldest of them. Default: 25,000.
    pub max_unpolled_sessions: usize,
    /// The limits in total and by address.
    pub(crate) admission: AdmissionLimits,
    /// The transports that clients may use. Default: both.
    pub transports: Transports,
    /// Whether a polling session may upgrade to WebSocket. Default: `true`.
    pub allow_upgrades: bool,
    /// Whether old clients may connect, which speak version 3 of the protocol. Default: `false`.
    pub allow_eio3: bool,
    /// The origins whose web pages may connect. Default: the server's own origin.
    pub cors: Cors,
    /// Whether an allowed page of another origin may send cookies. Default: `true`.
    pub cors_credentials: bool,
    /// Whether clients whose `Origin` is not that of a web page may connect: `null`, `file://`, `capacitor://localhost`
    /// and others. Default: `false`.
    pub cors_non_web_origins: bool,
    /// The proxies whose forwarding headers are believed. Default: loopback addresses and Unix sockets.
    pub trusted_proxies: TrustedProxies,
    /// The subprotocol that is accepted of those that a WebSocket offers. Default: the first.
    pub subprotocol: Subprotocol,
    /// The cookie that the response to a polling handshake sets. Default: none.
    pub cookie: Option<Cookie>,
    /// Whether responses to polls are compressed (gzip or deflate) for clients that accept it. WebSockets are not
    /// compressed. Default: `true`.
    pub http_compression: bool,
    /// The size from which a response is compressed, in bytes. Default: 1,024.
    pub compression_threshold: usize,
    /// Where problems are logged.
    pub(crate) problems: ProblemLog,
    /// Rewrites texts as ASCII for old clients that can't be sent others. Default: none, and they are sent as they are.
    pub(crate) to_ascii: Option<ToAscii>,
    /// The counters of the server.
    pub(crate) counters: Arc<Counters>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            ping_interval: Duration::from_secs(25),
            ping_grace: Duration::ZERO,
            ping_timeout: Duration::from_secs(20),
            first_poll_timeout: Duration::from_secs(10),
            upgrade_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            max_payload: 1_000_000,
            max_header_size: 32 << 10,
            max_headers: 100,
            max_control_rate: 1_000,
            max_sessions: 100_000,
            max_unpolled_sessions: 25_000,
            admission: AdmissionLimits::default(),
            transports: Transports::default(),
            allow_upgrades: true,
            allow_eio3: false,
            cors: Cors::SameOrigin,
            cors_credentials: true,
            cors_non_web_origins: false,
            trusted_proxies: TrustedProxies::default(),
            subprotocol: Subprotocol::default(),
            cookie: None,
            http_compression: true,
            compression_threshold: 1024,
            problems: ProblemLog::default(),
            to_ascii: None,
            counters: Arc::default(),
        }
    }
}

impl Config {
    /// Returns whether a polling session can upgrade to WebSocket.
    pub(super) fn upgrades(&self) -> bool {
        self.allow_upgrades && self.transports.websocket
    }

    /// Returns the time within which further bytes of a POST must arrive, and the time within which all of it must: no pong
    /// can arrive meanwhile, and the session times out.
    pub(super) fn post_timeouts(&self) -> (Duration, Duration) {
        let total = self.ping_timeout.saturating_mul(MAX_TIMEOUTS);
        (
            self.ping_interval.saturating_add(self.ping_timeout),
            self.ping_interval.saturating_add(total),
        )
    }

    /// Returns the interval and the timeout that are announced to clients, in milliseconds. Rounded up, because a
    /// client with a shorter timeout would close a working connection.
    pub(super) fn announced(&self) -> (u128, u128) {
        let millis = |duration: Duration| duration.as_nanos().div_ceil(1_000_000);
        let interval = self.ping_interval.saturating_add(self.ping_grace);
        (millis(interval), millis(self.ping_timeout))
    }

    /// Returns whether a JavaScript client can wait that long for a ping: its timers have 31 bits of milliseconds (24.8
    /// days), and a longer timer fires at once.
    pub(crate) fn is_measurable(&self) -> bool {
        let (interval, timeout) = self.announced();
        interval + timeout <= i32::MAX as u128
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let config = Config::default();
        assert_eq!(config.ping_interval, Duration::from_secs(25));
        assert_eq!(config.ping_grace, Duration::ZERO);
        assert_eq!(config.ping_timeout, Duration::from_secs(20));
        assert_eq!(config.upgrade_timeout, Duration::from_secs(10));
        assert_eq!(config.write_timeout, Duration::from_secs(20));
        assert_eq!(config.close_timeout, Duration::from_secs(5));
        assert_eq!(config.max_payload, 1_000_000);
        assert_eq!(config.max_sessions, 100_000);
        assert_eq!(config.max_header_size, 32_768);
        assert_eq!(config.max_headers, 100);
        assert_eq!(config.max_control_rate, 1_000);
        assert_eq!(config.max_unpolled_sessions, 25_000);
        assert_eq!(config.first_poll_timeout, Duration::from_secs(10));
        assert_eq!(config.transports, Transports::ALL);
        assert!(config.allow_upgrades && config.cors_credentials);
        assert!(!config.allow_eio3);
        assert!(matches!(config.cors, Cors::SameOrigin));
        assert!(!config.cors_non_web_origins);
        assert_eq!(config.cookie, None);
        assert!(config.http_compression);
        assert_eq!(config.compression_threshold, 1024);
    }

    #[test]
    fn times_are_announced_in_milliseconds_and_rounded_up() {
        let mut config = Config {
            ping_interval: Duration::from_millis(1_234),
            ping_grace: Duration::from_micros(500),
            ping_timeout: Duration::from_secs_f64(0.1),
            ..Config::default()
        };
        assert_eq!(config.announced(), (1_235, 100));
        config.ping_grace = Duration::from_secs(5);
        assert_eq!(config.announced(), (6_234, 100));
        assert!(config.is_measurable());
        config.ping_grace = Duration::MAX;
        assert!(!config.is_measurable());
    }

    #[test]
    fn an_upgrade_needs_the_transport_and_the_permission() {
        let mut config = Config::default();
        assert!(config.upgrades());
        config.allow_upgrades = false;
        assert!(!config.upgrades());
        config.allow_upgrades = true;
        config.transports.websocket = false;
        assert!(!config.upgrades());
    }
}
