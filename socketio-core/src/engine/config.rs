//! The settings of an engine.

use std::time::Duration;

use super::{cors::Cors, transport::Transports};

/// The settings of an [`Engine`](super::Engine); change the fields of a `Config::default()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How long after the handshake, and after each pong, the server pings. Default: 25 s.
    pub ping_interval: Duration,
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
}

impl Default for Config {
    fn default() -> Self {
        Config {
            ping_interval: Duration::from_secs(25),
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
        }
    }
}

impl Config {
    /// Whether a polling session can become a WebSocket one.
    pub(super) fn upgrades(&self) -> bool {
        self.allow_upgrades && self.transports.websocket
    }
}

/// A cookie whose value is the id of the session, for load balancers that route by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name; `io` is customary.
    pub name: String,
    /// What follows the value, after a semicolon. Default: `Path=/; HttpOnly; SameSite=Lax`.
    pub attributes: String,
}

impl Cookie {
    /// A cookie of that name with the default attributes.
    pub fn new(name: impl Into<String>) -> Self {
        Cookie {
            name: name.into(),
            attributes: "Path=/; HttpOnly; SameSite=Lax".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let config = Config::default();
        assert_eq!(config.ping_interval, Duration::from_secs(25));
        assert_eq!(config.ping_timeout, Duration::from_secs(20));
        assert_eq!(config.upgrade_timeout, Duration::from_secs(10));
        assert_eq!(config.write_timeout, Duration::from_secs(20));
        assert_eq!(config.close_timeout, Duration::from_secs(5));
        assert_eq!(config.max_payload, 1_000_000);
        assert_eq!(config.max_sessions, 100_000);
        assert_eq!(
            config.transports,
            Transports {
                polling: true,
                websocket: true
            }
        );
        assert!(config.allow_upgrades && config.cors_credentials);
        assert!(matches!(config.cors, Cors::SameOrigin));
        assert_eq!(config.cookie, None);
        assert_eq!(
            Cookie::new("io").attributes,
            "Path=/; HttpOnly; SameSite=Lax"
        );
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
