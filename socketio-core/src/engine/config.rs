//! The settings of an engine.

use std::time::Duration;

use super::{cookie::Cookie, cors::Cors, transport::Transports};

/// The settings of an [`Engine`](super::Engine); change the fields of a `Config::default()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How long after the handshake, and after each pong, the server pings. Default: 25 s.
    pub ping_interval: Duration,
    /// How much longer than that interval the client is told it is: a late ping is forgiven. Default: none.
    pub ping_grace: Duration,
    /// How long a client may take to answer a ping. Default: 20 s.
    pub ping_timeout: Duration,
    /// How long a WebSocket that is to take over a session may take to do so. Default: 10 s.
    pub upgrade_timeout: Duration,
    /// How long a WebSocket may take not one byte of what is written to it. Default: 20 s.
    pub write_timeout: Duration,
    /// How long a session that the server closes waits for its client to fetch the rest and to
    /// close on its side. Default: 5 s.
    pub close_timeout: Duration,
    /// Bytes in a WebSocket message or in the body of a POST, whichever transport. Also the size
    /// past which nothing more is put into the answer to a poll. Default: 1,000,000.
    pub max_payload: usize,
    /// Sessions at one time; a handshake beyond that is answered 503. Default: 100,000.
    pub max_sessions: usize,
    /// The transports that are offered. Default: both.
    pub transports: Transports,
    /// Whether a polling session may change to WebSocket. Default: `true`.
    pub allow_upgrades: bool,
    /// Which web pages may connect. Default: those of the same origin.
    pub cors: Cors,
    /// Whether an allowed page may send cookies along. Default: `true`.
    pub cors_credentials: bool,
    /// The cookie that the answer to a polling handshake sets. Default: none.
    pub cookie: Option<Cookie>,
    /// Whether the answers to polls are compressed (gzip or deflate) for clients that accept it.
    /// WebSockets are not. Default: `true`.
    pub http_compression: bool,
    /// Bytes from which on an answer is worth being compressed. Default: 1,024.
    pub compression_threshold: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            ping_interval: Duration::from_secs(25),
            ping_grace: Duration::ZERO,
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            max_payload: 1_000_000,
            max_sessions: 100_000,
            transports: Transports::default(),
            allow_upgrades: true,
            cors: Cors::SameOrigin,
            cors_credentials: true,
            cookie: None,
            http_compression: true,
            compression_threshold: 1024,
        }
    }
}

impl Config {
    /// Whether a polling session can become a WebSocket one.
    pub(super) fn upgrades(&self) -> bool {
        self.allow_upgrades && self.transports.websocket
    }

    /// The interval and the timeout that clients are told, in milliseconds. Rounded up: a client that
    /// waits too short gives up a server that is there.
    pub(super) fn announced(&self) -> (u128, u128) {
        let millis = |duration: Duration| duration.as_nanos().div_ceil(1_000_000);
        let interval = self.ping_interval.saturating_add(self.ping_grace);
        (millis(interval), millis(self.ping_timeout))
    }

    /// Whether a client in JavaScript can wait that long for a ping: its timers count 31 bits of
    /// milliseconds (24.8 days), and what is longer ends at once.
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
        assert_eq!(config.transports, Transports::ALL);
        assert!(config.allow_upgrades && config.cors_credentials);
        assert!(matches!(config.cors, Cors::SameOrigin));
        assert_eq!(config.cookie, None);
        assert!(config.http_compression);
        assert_eq!(config.compression_threshold, 1024);
    }

    #[test]
    fn figures_are_announced_to_the_millisecond_and_never_too_short() {
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
