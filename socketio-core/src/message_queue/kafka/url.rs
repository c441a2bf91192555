//! The URLs of Kafka.

use std::fmt;

use rskafka::client::{Credentials, SaslConfig};

use crate::message_queue::authority::{Host, Login, Parameters, UrlError, unknown_parameter};

/// The parameters after `?`.
const PARAMETERS: Parameters = Parameters {
    known: &["tls", "sasl_mechanism"],
    tls: "`tls=true` and `Kafka::tls`",
    instead: &[
        ("ssl", "`tls=true`"),
        (
            "security_protocol",
            "`tls=true` for TLS, and `user:password@` before the brokers for SASL,",
        ),
        ("sasl_plain_username", "`user:password@` before the brokers"),
    ],
};

/// A parsed URL.
#[derive(Clone)]
pub(super) struct KafkaUrl {
    /// `host:port` each, at least one.
    pub(super) brokers: Vec<String>,
    pub(super) login: Option<SaslConfig>,
    pub(super) tls: bool,
}

impl KafkaUrl {
    pub(super) fn parse(url: &str) -> Result<Self, UrlError> {
        let rest = (url.strip_prefix("kafka://")).ok_or("it must begin with `kafka://`")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.contains(['/', '#']) {
            return Err(
                "only `?` may follow the brokers; in a password, `/` is written `%2F` and `#` `%23`"
                    .into(),
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
                ("tls", _) => return Err("`tls` must be `true` or `false`".into()),
                ("sasl_mechanism", "PLAIN") => mechanism = Some(SaslConfig::Plain as fn(_) -> _),
                ("sasl_mechanism", "SCRAM-SHA-256") => mechanism = Some(SaslConfig::ScramSha256),
                ("sasl_mechanism", "SCRAM-SHA-512") => mechanism = Some(SaslConfig::ScramSha512),
                ("sasl_mechanism", _) => {
                    return Err(
                        "`sasl_mechanism` must be `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`"
                            .into(),
                    );
                }
                (name, _) => {
                    return Err(unknown_parameter(query, name, &PARAMETERS));
                }
            }
        }
        let login = match user {
            Some(user) => Some(mechanism.unwrap_or(SaslConfig::Plain)(credentials(user)?)),
            None if mechanism.is_some() => {
                return Err("`sasl_mechanism` needs a user: `kafka://user:password@host`".into());
            }
            None => None,
        };
        Ok(Self {
            brokers,
            login,
            tls,
        })
    }

    /// Returns the brokers, for errors.
    pub(super) fn address(&self) -> String {
        self.brokers.join(", ")
    }
}

/// Omits the login.
impl fmt::Debug for KafkaUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaUrl")
            .field("brokers", &self.brokers)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

fn credentials(text: &str) -> Result<Credentials, UrlError> {
    match Login::parse(text)? {
        Login {
            user: Some(user),
            password: Some(password),
        } => Ok(Credentials::new(user, password)),
        _ => Err("a user needs a password: `kafka://user:password@host`".into()),
    }
}

/// Checks `host`, `host:port`, `[address]` or `[address]:port`, and adds the default port.
fn broker(text: &str) -> Result<String, UrlError> {
    const INVALID: &str =
        "brokers are written `host:port`, or `[address]:port` for IPv6, with `,` between them";
    if text.is_empty() {
        return Err(INVALID.into());
    }
    let host = Host::parse(text, 9092)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let valid = match text.starts_with('[') {
        true => host.name.parse::<std::net::Ipv6Addr>().is_ok(),
        false => host.name.bytes().all(allowed),
    };
    match valid {
        true => Ok(host.to_string()),
        false => Err(INVALID.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<KafkaUrl, UrlError> {
        KafkaUrl::parse(url)
    }

    #[test]
    fn a_broker_is_a_host_with_an_optional_port() {
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
    fn a_user_logs_in_by_the_given_mechanism() {
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
    fn an_invalid_url_is_refused_without_repeating_a_secret() {
        for (url, said) in [
            ("u:secret@h", "it must begin with `kafka://`"),
            ("kafka://u:sec/ret@h", "only `?` may follow the brokers"),
            ("kafka://u:1#secret@h", "only `?` may follow the brokers"),
            (
                "kafka://u:1?secret@h",
                "an unknown parameter after `?`: only `tls`, `sasl_mechanism` are known",
            ),
            (
                "kafka://u:1,secret@h1,,h2",
                "brokers are written `host:port`",
            ),
            ("kafka://u:secret@h:port", "a port must be a number"),
            ("kafka://u:secret@h:0", "a port must be a number"),
            ("kafka://h:secret", "a port must be a number"),
            ("kafka://::1", "a port must be a number"),
            ("kafka://[::g]:1", "brokers are written `host:port`"),
            ("kafka://a b", "a host name contains a space"),
            ("kafka://u@h", "a user needs a password"),
            ("kafka://:secret@h", "a user needs a password"),
            (
                "kafka://u:%ffsecret@h",
                "text that is encoded with `%` must be UTF-8",
            ),
            (
                "kafka://h?ssl_cafile=x",
                "the parameter `ssl_cafile` is not supported: remove it and configure TLS with `tls=true` and `Kafka::tls`",
            ),
            (
                "kafka://h?security_protocol=SASL_SSL",
                "write `tls=true` for TLS, and `user:password@` before the brokers for SASL, instead",
            ),
            ("kafka://h?tls=yes", "`tls` must be `true` or `false`"),
            (
                "kafka://u:secret@h?sasl_mechanism=plain",
                "`sasl_mechanism` must be `PLAIN`, ",
            ),
            (
                "kafka://h?sasl_mechanism=PLAIN",
                "`sasl_mechanism` needs a user",
            ),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.contains(said), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
