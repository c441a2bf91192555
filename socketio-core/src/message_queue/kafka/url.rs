//! URLs of Kafka.

use percent_encoding::percent_decode_str;
use rskafka::client::{Credentials, SaslConfig};

#[derive(Debug)]
pub(super) struct Parts {
    /// `host:port` each, at least one.
    pub(super) brokers: Vec<String>,
    pub(super) login: Option<SaslConfig>,
    pub(super) tls: bool,
}

/// Reads a URL. No error repeats any of it: what looks like a host or a parameter may be the rest of a password.
pub(super) fn parse(url: &str) -> Result<Parts, &'static str> {
    let rest = (url.strip_prefix("kafka://")).ok_or("it has to begin with `kafka://`")?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.strip_suffix('/').unwrap_or(place);
    if place.contains(['/', '#']) {
        return Err(
            "nothing can follow the brokers but `?`; in a password, `/` is written `%2F` and `#` `%23`",
        );
    }
    let (user, brokers) = match place.rsplit_once('@') {
        Some((user, brokers)) => (Some(user), brokers),
        None => (None, place),
    };
    let brokers = match brokers {
        "" => vec!["localhost:9092".into()],
        brokers => brokers.split(',').map(broker).collect::<Result<_, _>>()?,
    };

    let mut tls = false;
    let mut mechanism = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("tls", "true") => tls = true,
            ("tls", "false") => tls = false,
            ("tls", _) => return Err("`tls` is `true` or `false`"),
            ("sasl_mechanism", "PLAIN") => mechanism = Some(SaslConfig::Plain as fn(_) -> _),
            ("sasl_mechanism", "SCRAM-SHA-256") => mechanism = Some(SaslConfig::ScramSha256),
            ("sasl_mechanism", "SCRAM-SHA-512") => mechanism = Some(SaslConfig::ScramSha512),
            ("sasl_mechanism", _) => {
                return Err("`sasl_mechanism` is `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`");
            }
            _ => {
                return Err(
                    "of the parameters after `?` only `tls` and `sasl_mechanism` are known; in a password, `?` is written `%3F`",
                );
            }
        }
    }
    let login = match user {
        Some(user) => Some(mechanism.unwrap_or(SaslConfig::Plain)(credentials(user)?)),
        None if mechanism.is_some() => {
            return Err("`sasl_mechanism` wants a user: `kafka://user:password@host`");
        }
        None => None,
    };
    Ok(Parts {
        brokers,
        login,
        tls,
    })
}

fn credentials(text: &str) -> Result<Credentials, &'static str> {
    let decoded = |text| match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err("the user and the password have to be UTF-8"),
    };
    match text.split_once(':') {
        Some(("", _)) | None => Err("a user comes with a password: `kafka://user:password@host`"),
        Some((user, password)) => Ok(Credentials::new(decoded(user)?, decoded(password)?)),
    }
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
fn broker(text: &str) -> Result<String, &'static str> {
    const BAD: &str =
        "brokers are written `host:port`, or `[address]:port` for IPv6, with `,` between them";
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, "9092"),
    };
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let sound = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(allowed)
        }
    };
    match port.parse::<u16>() {
        Ok(port) if sound && port > 0 => Ok(format!("{host}:{port}")),
        _ => Err(BAD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_have_a_host_and_perhaps_a_port() {
        for (url, brokers) in [
            ("kafka://", &["localhost:9092"][..]),
            ("kafka:///", &["localhost:9092"]),
            ("kafka://broker", &["broker:9092"]),
            ("kafka://h1:1,h2:2/", &["h1:1", "h2:2"]),
            (
                "kafka://127.0.0.1,[::1],[fd00::1]:99",
                &["127.0.0.1:9092", "[::1]:9092", "[fd00::1]:99"],
            ),
        ] {
            let parts = parse(url).unwrap();
            assert_eq!(parts.brokers, brokers, "{url}");
            assert!(parts.login.is_none() && !parts.tls, "{url}");
        }
    }

    #[test]
    fn a_user_logs_in_by_the_mechanism_named() {
        let login = |url| parse(url).unwrap().login.unwrap();
        let SaslConfig::Plain(plain) = login("kafka://ana:p%40s%2Fs%3A:@h?tls=true") else {
            panic!("another mechanism");
        };
        assert_eq!((&*plain.username, &*plain.password), ("ana", "p@s/s::"));
        let scram = login("kafka://ana:pw@h?sasl_mechanism=SCRAM-SHA-512");
        assert!(matches!(scram, SaslConfig::ScramSha512(_)));
        assert!(parse("kafka://h?tls=true").unwrap().tls);
    }

    #[test]
    fn mistakes_are_refused_without_repeating_the_password() {
        for (url, said) in [
            ("u:secret@h", "it has to begin with `kafka://`"),
            (
                "kafka://u:sec/ret@h",
                "nothing can follow the brokers but `?`",
            ),
            (
                "kafka://u:1#secret@h",
                "nothing can follow the brokers but `?`",
            ),
            (
                "kafka://u:1?secret@h",
                "of the parameters after `?` only `tls` and `sasl_mechanism` are known",
            ),
            (
                "kafka://u:1,secret@h1,,h2",
                "brokers are written `host:port`",
            ),
            ("kafka://u:secret@h:port", "brokers are written `host:port`"),
            ("kafka://u:secret@h:0", "brokers are written `host:port`"),
            ("kafka://h:secret", "brokers are written `host:port`"),
            ("kafka://::1", "brokers are written `host:port`"),
            ("kafka://[::g]:1", "brokers are written `host:port`"),
            ("kafka://a b", "brokers are written `host:port`"),
            ("kafka://u@h", "a user comes with a password"),
            ("kafka://:secret@h", "a user comes with a password"),
            (
                "kafka://u:%ffsecret@h",
                "the user and the password have to be UTF-8",
            ),
            ("kafka://h?tls=yes", "`tls` is `true` or `false`"),
            (
                "kafka://u:secret@h?sasl_mechanism=plain",
                "`sasl_mechanism` is `PLAIN`, ",
            ),
            (
                "kafka://h?sasl_mechanism=PLAIN",
                "`sasl_mechanism` wants a user",
            ),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.contains(said), "{url}: {error}");
        }
    }
}
