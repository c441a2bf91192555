//! The URLs of RabbitMQ. The checks are stricter than those of the library, which ignores unknown parameters.

use std::fmt;

use lapin::{
    types::MAX_SHORT_STRING_LENGTH,
    uri::{AMQPScheme, AMQPUri},
};

use crate::message_queue::{
    authority::{Host, Parameters, UrlError, unknown_parameter},
    timeouts::RABBITMQ_HEARTBEAT,
};

/// The default size of a frame, in bytes. The library keeps buffers of 32 frames for each direction of a connection, which would take 16 MiB
/// for a node with RabbitMQ's own default of 128 KiB.
const FRAME_MAX: u32 = 32 * 1024;

const PARAMETERS: Parameters = Parameters {
    known: &[
        "auth_mechanism",
        "channel_max",
        "connection_timeout",
        "frame_max",
        "heartbeat",
    ],
    tls: "`RabbitMq::tls`",
    instead: &[
        ("ssl", "the scheme `amqps://`"),
        ("auth", "`auth_mechanism`"),
        ("login_method", "`auth_mechanism`"),
        ("timeout", "`connection_timeout`, in milliseconds,"),
        ("connect_timeout", "`connection_timeout`, in milliseconds,"),
    ],
};

/// A parsed URL.
#[derive(Clone)]
pub(super) struct RabbitMqUrl {
    pub(super) uri: AMQPUri,
}

impl RabbitMqUrl {
    pub(super) fn parse(url: &str) -> Result<Self, UrlError> {
        let rest = (url.strip_prefix("amqp://"))
            .or_else(|| url.strip_prefix("amqps://"))
            .ok_or("it must begin with `amqp://` or `amqps://`")?;
        if rest.contains('#') {
            return Err("`#` is written `%23`".into());
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            if !PARAMETERS.known.contains(&&*name) {
                return Err(unknown_parameter(query, &name, &PARAMETERS));
            }
        }
        let mut uri: AMQPUri = url.parse()?;

        let authority = place.split('/').next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        if let Some(host) = host.strip_prefix('[') {
            // The library connects to `localhost` instead of an IPv6 address.
            uri.authority.host = host.split(']').next().unwrap_or_default().into();
        } else if uri.authority.host.is_empty() {
            uri.authority.host = "localhost".into();
        } else if uri.authority.host.contains([',', ';']) {
            return Err("only one host is allowed: for several, use a load balancer".into());
        }
        // `amqp://host/` is the default virtual host for Kombu and aio_pika, but one with an empty name for the library.
        if uri.vhost.is_empty() {
            uri.vhost = "/".into();
        } else if uri.vhost.len() > MAX_SHORT_STRING_LENGTH {
            return Err("the name of the virtual host is too long".into());
        }
        if *uri.query.heartbeat.get_or_insert(RABBITMQ_HEARTBEAT) == 0 {
            return Err(
                "`heartbeat=0` is not allowed: a broker that has stopped responding would not be noticed"
                    .into(),
            );
        }
        uri.query.frame_max.get_or_insert(FRAME_MAX);
        Ok(Self { uri })
    }

    pub(super) fn tls(&self) -> bool {
        self.uri.scheme == AMQPScheme::AMQPS
    }

    /// Returns the address without the login, for errors.
    pub(super) fn address(&self) -> String {
        let authority = &self.uri.authority;
        let host = Host {
            name: authority.host.clone(),
            port: authority.port,
        };
        host.to_string()
    }
}

/// Omits the password.
impl fmt::Debug for RabbitMqUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitMqUrl")
            .field("tls", &self.tls())
            .field("user", &self.uri.authority.userinfo.username)
            .field("address", &self.address())
            .field("vhost", &self.uri.vhost)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use lapin::uri::SASLMechanism;

    use super::*;

    fn parse(url: &str) -> Result<AMQPUri, UrlError> {
        RabbitMqUrl::parse(url).map(|url| url.uri)
    }

    #[test]
    fn missing_parts_have_the_usual_defaults() {
        for url in [
            "amqp://",
            "amqp://localhost",
            "amqp://localhost:5672/",
            "amqp://guest:guest@localhost//",
        ] {
            let uri = parse(url).unwrap();
            assert_eq!(uri.authority, Default::default(), "{url}");
            assert_eq!(uri.vhost, "/", "{url}");
            assert_eq!(uri.query.heartbeat, Some(15), "{url}");
        }
        assert_eq!(parse("amqps://broker").unwrap().authority.port, 5671);
    }

    #[test]
    fn every_part_is_read() {
        let uri = parse(
            "amqps://ana:p%40ss%2Fw@broker.example:1234/a%2Fb?heartbeat=5&connection_timeout=500&auth_mechanism=external",
        )
        .unwrap();
        assert_eq!(uri.scheme, AMQPScheme::AMQPS);
        assert_eq!(uri.authority.userinfo.username, "ana");
        assert_eq!(uri.authority.userinfo.password, "p@ss/w");
        assert_eq!(uri.authority.host, "broker.example");
        assert_eq!(uri.authority.port, 1234);
        assert_eq!(uri.vhost, "a/b");
        assert_eq!(uri.query.heartbeat, Some(5));
        assert_eq!(uri.query.connection_timeout, Some(500));
        assert_eq!(uri.query.auth_mechanism, Some(SASLMechanism::External));
    }

    #[test]
    fn hosts_may_be_ip_addresses() {
        assert_eq!(
            parse("amqp://127.0.0.1").unwrap().authority.host,
            "127.0.0.1"
        );
        let uri = parse("amqp://ana:pw@[fd00::1]:99/v").unwrap();
        assert_eq!(
            (uri.authority.host.as_str(), uri.authority.port),
            ("fd00::1", 99)
        );
    }

    #[test]
    fn an_invalid_url_is_refused_without_repeating_a_secret() {
        let long = format!("amqp://u:secret@h/{}", "v".repeat(256));
        for (url, said) in [
            ("u:secret@h", "it must begin with `amqp://` or `amqps://`"),
            (
                "amqp:u:secret@h",
                "it must begin with `amqp://` or `amqps://`",
            ),
            ("amqp://u:1#secret@h", "`#` is written `%23`"),
            (
                "amqp://u:1?secret@h",
                "an unknown parameter after `?`: only `auth_mechanism`, ",
            ),
            (
                "amqp://u:secret@h?cacertfile=x",
                "the parameter `cacertfile` is not supported: remove it and configure TLS with `RabbitMq::tls`",
            ),
            ("amqp://h?ssl=1", "write the scheme `amqps://` instead"),
            (
                "amqp://h?no_verify_ssl=1",
                "remove it and configure TLS with `RabbitMq::tls`",
            ),
            ("amqp://u:sec/ret@h", "invalid port number"),
            ("amqp://u:secret@h:port", "invalid port number"),
            ("amqp://u:secret@", "empty host"),
            ("amqp://u:secret@a b", "invalid"),
            ("amqp://u:secret@h1,h2", "only one host is allowed"),
            ("amqp://u:secret@h?heartbeat=soon", "invalid digit"),
            (
                "amqp://u:secret@h?heartbeat=0",
                "`heartbeat=0` is not allowed",
            ),
            (
                "amqp://u:secret@h?auth_mechanism=magic",
                "Invalid SASL mechanism: magic",
            ),
            (&long, "the name of the virtual host is too long"),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.contains(said), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
