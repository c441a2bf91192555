//! URLs of RabbitMQ, checked more strictly than by the library, which takes what it doesn't know for nothing.

use lapin::{
    types::{Heartbeat, MAX_SHORT_STRING_LENGTH},
    uri::AMQPUri,
};

/// Seconds. The library gives a silent broker up between two and two and a half of them.
const HEARTBEAT: Heartbeat = 15;

/// Bytes. The library keeps buffers of 32 frames for each direction of a connection; RabbitMQ's own size, 128 KiB, would make
/// them 16 MiB for a server.
const FRAME_MAX: u32 = 32 * 1024;

const PARAMETERS: [&str; 5] = [
    "auth_mechanism",
    "channel_max",
    "connection_timeout",
    "frame_max",
    "heartbeat",
];

/// Reads a URL. No error repeats any of it: what looks like a host or a parameter may be the rest of a password.
pub(super) fn parse(url: &str) -> Result<AMQPUri, String> {
    let rest = (url.strip_prefix("amqp://"))
        .or_else(|| url.strip_prefix("amqps://"))
        .ok_or("it has to begin with `amqp://` or `amqps://`")?;
    if rest.contains('#') {
        return Err("`#` is written `%23`".into());
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| !PARAMETERS.contains(&&*name)) {
        return Err(format!(
            "of the parameters after `?` only {} are known; in a password, `?` is written `%3F`",
            PARAMETERS.map(|name| format!("`{name}`")).join(", ")
        ));
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
        return Err("there can be one host only: for several, name a balancer in front".into());
    }
    // `amqp://host/` is the default virtual host for Kombu and aio_pika; for the library it is one without a name.
    if uri.vhost.is_empty() {
        uri.vhost = "/".into();
    } else if uri.vhost.len() > MAX_SHORT_STRING_LENGTH {
        return Err("the virtual host's name is too long".into());
    }
    if *uri.query.heartbeat.get_or_insert(HEARTBEAT) == 0 {
        return Err(
            "`heartbeat=0` is refused: without one, a broker that has vanished is not noticed"
                .into(),
        );
    }
    uri.query.frame_max.get_or_insert(FRAME_MAX);
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use lapin::uri::{AMQPScheme, SASLMechanism};

    use super::*;

    #[test]
    fn what_is_left_out_is_as_for_everyone() {
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
    fn all_parts_are_read() {
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
    fn addresses_are_hosts() {
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
    fn mistakes_are_refused_without_repeating_the_password() {
        let long = format!("amqp://u:secret@h/{}", "v".repeat(256));
        for (url, said) in [
            ("u:secret@h", "it has to begin with `amqp://` or `amqps://`"),
            (
                "amqp:u:secret@h",
                "it has to begin with `amqp://` or `amqps://`",
            ),
            ("amqp://u:1#secret@h", "`#` is written `%23`"),
            (
                "amqp://u:1?secret@h",
                "of the parameters after `?` only `auth_mechanism`, ",
            ),
            (
                "amqp://u:secret@h?cacertfile=x",
                "of the parameters after `?` only `auth_mechanism`, ",
            ),
            ("amqp://u:sec/ret@h", "invalid port number"),
            ("amqp://u:secret@h:port", "invalid port number"),
            ("amqp://u:secret@", "empty host"),
            ("amqp://u:secret@a b", "invalid"),
            ("amqp://u:secret@h1,h2", "there can be one host only"),
            ("amqp://u:secret@h?heartbeat=soon", "invalid digit"),
            ("amqp://u:secret@h?heartbeat=0", "`heartbeat=0` is refused"),
            (
                "amqp://u:secret@h?auth_mechanism=magic",
                "Invalid SASL mechanism: magic",
            ),
            (&long, "the virtual host's name is too long"),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.contains(said), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
