//! The common parts of the URLs of brokers: hosts, logins, and the errors about them.
//!
//! An error repeats no part of a URL that may belong to a password: after a character that should have been encoded, the rest of a
//! password looks like a host, a path or a parameter.

use std::{borrow::Cow, fmt};

#[cfg(any(feature = "kafka", feature = "nats", feature = "redis"))]
use percent_encoding::percent_decode_str;

/// The reason why a URL is invalid.
pub(super) type UrlError = Cow<'static, str>;

/// The end of error messages whose cause may be a password that is not encoded.
pub(super) const ENCODE: &str =
    "; in a user or password, `/` is `%2F`, `?` is `%3F`, `#` is `%23`, `@` is `%40`, `,` is `%2C`";

/// A host name or IP address, with a port.
#[derive(Clone, PartialEq)]
pub(super) struct Host {
    /// A name, or an address without brackets.
    pub(super) name: String,
    pub(super) port: u16,
}

impl Host {
    /// Parses `host`, `host:port`, `[::1]` or `[::1]:port`. An empty host is `localhost`.
    #[cfg(any(feature = "kafka", feature = "nats", feature = "redis"))]
    pub(super) fn parse(text: &str, default_port: u16) -> Result<Self, UrlError> {
        let (name, rest) = match text.strip_prefix('[') {
            Some(text) => text.split_once(']').ok_or("a `[` has no `]`")?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some(text) => text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                format!("a port must be a number from 1 to 65535{ENCODE}; an IPv6 address is written in `[]`")
            })?,
            None if rest.is_empty() => default_port,
            None => return Err("only `:` and a port may follow `]`".into()),
        };
        if name.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            return Err("a host name contains a space".into());
        }
        Ok(Self {
            name: if name.is_empty() { "localhost" } else { name }.into(),
            port,
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A user and a password, each of which may be missing.
#[cfg(any(feature = "kafka", feature = "nats", feature = "redis"))]
#[derive(Clone, Default, PartialEq)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

#[cfg(any(feature = "kafka", feature = "nats", feature = "redis"))]
impl Login {
    /// Parses the part of a URL before the `@`: `user:password`, `user` or `:password`.
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        let (user, password) = match text.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (text, None),
        };
        Ok(Self {
            user: Some(decode(user)?).filter(|user| !user.is_empty()),
            password: password.map(decode).transpose()?,
        })
    }
}

#[cfg(any(feature = "kafka", feature = "nats", feature = "redis"))]
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: &Option<String>| secret.as_ref().map(|_| "***");
        let mut login = f.debug_struct("Login");
        // A user alone may be a token.
        match &self.password {
            Some(_) => login.field("user", &self.user),
            None => login.field("user", &hidden(&self.user)),
        };
        login.field("password", &hidden(&self.password)).finish()
    }
}

/// Decodes percent-encoded text.
#[cfg(any(feature = "kafka", feature = "nats", feature = "redis"))]
pub(super) fn decode(text: &str) -> Result<String, UrlError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err("text that is encoded with `%` must be UTF-8".into()),
    }
}

/// The parameters of a broker's URLs.
pub(super) struct Parameters {
    pub(super) known: &'static [&'static str],
    /// How TLS is configured.
    pub(super) tls: &'static str,
    /// Parameters of the URLs of other libraries, such as Python's, and what is written instead of them.
    pub(super) instead: &'static [(&'static str, &'static str)],
}

/// Returns the error for a parameter after `?` that is not known, with what to do instead.
///
/// It names the parameter, unless that may be part of a password: of one that contains `?` (an `@` follows then), or of one
/// that is given as a parameter.
pub(super) fn unknown_parameter(query: &str, name: &str, parameters: &Parameters) -> UrlError {
    let known = parameters.known.iter().map(|known| format!("`{known}`"));
    let known = match known.collect::<Vec<_>>().join(", ") {
        known if known.is_empty() => String::from("none is known"),
        known => format!("only {known} are known"),
    };
    if query.contains('@') || query.contains("password") {
        return format!("an unknown parameter after `?`: {known}{ENCODE}").into();
    }
    let is_tls = ["ssl", "tls", "ca_", "cafile", "capath", "cadata", "keyfile"]
        .iter()
        .any(|start| name.starts_with(start))
        || ["cert", "verify"].iter().any(|part| name.contains(part));
    let instead = parameters.instead.iter().find(|(other, _)| *other == name);
    let cure = match instead {
        Some((_, instead)) => format!("write {instead} instead"),
        None if is_tls => format!("remove it and configure TLS with {}", parameters.tls),
        None => "remove it".into(),
    };
    let name = name.escape_debug();
    format!("the parameter `{name}` is not supported: {cure}; {known}").into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_unknown_parameter_is_named_unless_it_may_be_part_of_a_password() {
        let parameters = super::Parameters {
            known: &["db"],
            tls: "`X::tls`",
            instead: &[("ssl", "`xs://`")],
        };
        let error = |query: &str, name| super::unknown_parameter(query, name, &parameters);
        for (query, name, expected) in [
            (
                "ssl_ca_certs=x",
                "ssl_ca_certs",
                "the parameter `ssl_ca_certs` is not supported: remove it and configure TLS with `X::tls`; only `db` are known",
            ),
            (
                "ssl=1",
                "ssl",
                "the parameter `ssl` is not supported: write `xs://` instead; only `db` are known",
            ),
            (
                "cafile=x",
                "cafile",
                "the parameter `cafile` is not supported: remove it and configure TLS with `X::tls`; only `db` are known",
            ),
            (
                "timeout=1",
                "timeout",
                "the parameter `timeout` is not supported: remove it; only `db` are known",
            ),
        ] {
            assert_eq!(error(query, name), expected);
        }
        for query in ["secret@host", "password=a&secret"] {
            let error = error(query, "secret");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
