//! [`Origin`]: an origin, compared by its meaning; and the check of configured origins, for `build()`.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use socketio_names::is_one_edit_from;

use crate::base::web_url::{default_port, split_port, web_scheme};

/// The value of an `Origin` header, or an entry of a list of origins.
///
/// Browsers write the scheme and the host in lower case and leave out the default port. Other clients don't, and some send
/// the scheme of the WebSocket or a slash at the end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'a> {
    /// The origin of a page that a web server has served.
    Web {
        scheme: &'static str,
        host: &'a str,
        port: u16,
    },
    /// `null` or an origin of another scheme, such as `file://` and `capacitor://localhost`.
    NonWeb(&'a str),
    /// Not an origin.
    Invalid(&'a str),
}

impl<'a> Origin<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        if text.eq_ignore_ascii_case("null") {
            return Origin::NonWeb(text);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Origin::Invalid(text);
        };
        match web_scheme(scheme) {
            Some(scheme) => {
                let authority = rest.strip_suffix('/').unwrap_or(rest);
                Self::web(scheme, authority).unwrap_or(Origin::Invalid(text))
            }
            None if is_scheme(scheme) && rest.is_empty() => Origin::NonWeb(text),
            None if is_scheme(scheme) => Origin::NonWeb(text.strip_suffix('/').unwrap_or(text)),
            None => Origin::Invalid(text),
        }
    }

    /// Returns the origin of pages that are served over this scheme, `http` or `https`, by a host, which may have a port.
    pub(super) fn web(scheme: &'static str, authority: &'a str) -> Option<Self> {
        let (host, port) = split_port(authority);
        let is_host = |byte: u8| byte.is_ascii_graphic() && !b"/?#@,\\".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_host) {
            return None;
        }
        let port = match port.filter(|port| !port.is_empty()) {
            Some(port) => port.parse().ok()?,
            None => default_port(scheme)?,
        };
        Some(Origin::Web { scheme, host, port })
    }
}

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Origin::Web { scheme, host, port },
                Origin::Web {
                    scheme: other_scheme,
                    host: other_host,
                    port: other_port,
                },
            ) => {
                scheme == other_scheme
                    && port == other_port
                    && host.eq_ignore_ascii_case(other_host)
            }
            (Origin::NonWeb(text), Origin::NonWeb(other)) => text.eq_ignore_ascii_case(other),
            _ => false,
        }
    }
}

/// Writes the origin as browsers do.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Web { scheme, host, port } => {
                let host = host.to_ascii_lowercase();
                write!(f, "{scheme}://{host}")?;
                match default_port(scheme) == Some(*port) {
                    true => Ok(()),
                    false => write!(f, ":{port}"),
                }
            }
            Origin::NonWeb(text) | Origin::Invalid(text) => f.write_str(text),
        }
    }
}

fn is_scheme(scheme: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    !scheme.is_empty() && scheme.bytes().all(is_part)
}

/// Returns why no client sends this text as an `Origin` header, with the cure; `None` if one may.
pub(super) fn problem(origin: &str) -> Option<String> {
    let refused = |why: &str| Some(format!("the origin {origin:?} matches no page: {why}"));
    if origin.eq_ignore_ascii_case("null") {
        return None;
    }
    if origin.contains('*') {
        return refused(
            "patterns are not supported; use `Cors::Any`, or `Cors::check` with a function",
        );
    }
    let Some((scheme, rest)) = origin.split_once("://") else {
        return refused("write scheme, host and port, as in `https://example.org:8443`");
    };
    if rest.contains(',') {
        return refused(
            "it contains several origins: write a list, as in `[\"https://a.example\", \"https://b.example\"]`",
        );
    }
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if let Some((host, _)) = host.split_once(['/', '?', '#']) {
        return refused(&format!("an origin has no path, write `{scheme}://{host}`"));
    }
    if host.contains('@') {
        return refused("an origin has no user");
    }
    if !is_scheme(scheme) {
        return refused("its scheme is invalid");
    }
    if !origin.is_ascii() {
        return refused("browsers write such a host in Punycode, `https://xn--…`");
    }
    if origin
        .bytes()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    {
        return refused("it contains whitespace");
    }
    if web_scheme(scheme).is_some() {
        return match web_problem(scheme, host) {
            Some(problem) => refused(&problem),
            None => None,
        };
    }
    let lower = scheme.to_ascii_lowercase();
    if NO_PAGES.contains(&&*lower) {
        return refused(&format!(
            "browsers do not open pages over `{lower}`, or send `null` as their origin; write `https://{host}` or `http://{host}`"
        ));
    }
    let meant = ["https", "http"].into_iter();
    if let Some(meant) = meant.rev().find(|web| is_one_edit_from(&lower, web)) {
        return refused(&format!("did you mean `{meant}://{host}`?"));
    }
    None
}

/// Schemes whose pages send no origin of the form `scheme://host`. Pages of apps and extensions, such as `capacitor`, do.
const NO_PAGES: [&str; 22] = [
    "about",
    "amqp",
    "blob",
    "data",
    "ftp",
    "ftps",
    "git",
    "imap",
    "irc",
    "javascript",
    "ldap",
    "mailto",
    "mqtt",
    "nats",
    "redis",
    "sftp",
    "smb",
    "smtp",
    "ssh",
    "tcp",
    "unix",
    "view-source",
];

/// Returns why no browser sends this host and port in the origin of a page that is served over `http` or `https`.
fn web_problem(scheme: &str, authority: &str) -> Option<String> {
    if authority.is_empty() || authority.starts_with(':') {
        return Some("it has no host".into());
    }
    let (host, port) = split_port(authority);
    match port.map(str::parse::<u16>) {
        _ if port == Some("") => {}
        None | Some(Ok(1..)) => {}
        Some(Ok(0) | Err(_)) => return Some("its port is not a number from 1 to 65,535".into()),
    }
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').map(str::parse::<Ipv6Addr>);
        return match address {
            Some(Ok(address)) if format!("[{address}]").eq_ignore_ascii_case(host) => None,
            Some(Ok(address)) => Some(format!("browsers write `{scheme}://[{address}]`")),
            _ => Some("its IPv6 address is invalid".into()),
        };
    }
    if host.contains(':') {
        return Some(
            "it has two ports; an IPv6 address is in brackets, as in `http://[::1]:8000`".into(),
        );
    }
    if host.starts_with('.') {
        return Some("patterns are not supported; use `Cors::check` with a function".into());
    }
    if host.bytes().any(|byte| b"<>[]^|%\\\"`{}".contains(&byte)) {
        return Some("its host contains invalid characters".into());
    }
    // Browsers take a host whose last label is a number for an IPv4 address, and write it in full.
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next();
    let is_number = |label: &str| {
        let hexadecimal = label.strip_prefix("0x").or(label.strip_prefix("0X"));
        let digits = hexadecimal.unwrap_or(label).bytes();
        match hexadecimal {
            Some(_) => digits.clone().all(|byte| byte.is_ascii_hexdigit()),
            None => digits.clone().len() > 0 && digits.clone().all(|byte| byte.is_ascii_digit()),
        }
    };
    if last.is_some_and(is_number) && host.parse::<Ipv4Addr>().is_err() {
        return Some(
            "browsers write an IPv4 address as four numbers, as in `http://127.0.0.1:8000`".into(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_by_their_meaning() {
        for (origin, same) in [
            ("http://a.test", "http://a.test:80"),
            ("https://a.test", "https://a.test:443"),
            ("https://a.test", "wss://a.test"),
            ("https://a.test", "wss://a.test:443"),
            ("http://a.test:8080", "ws://a.test:8080"),
            ("https://a.test", "HTTPS://A.Test"),
            ("https://a.test", "https://a.test/"),
            ("https://a.test:8443", "wss://A.TEST:8443/"),
            ("http://[::1]", "http://[::1]:80"),
            ("http://a.test", "http://a.test:"),
            ("null", "null"),
            ("file://", "file:///"),
            ("capacitor://localhost", "capacitor://localhost/"),
        ] {
            assert_eq!(Origin::parse(origin), Origin::parse(same), "{same}");
        }
        for (origin, other) in [
            ("http://a.test", "https://a.test"),
            ("http://a.test", "http://a.test:8080"),
            ("http://a.test:443", "https://a.test:443"),
            ("http://a.test", "http://b.test"),
            ("http://a.test", "http://a.test.b.test"),
            ("http://a.test", "http://a.test//"),
            ("http://a.test", "http://a.test/app"),
            ("http://a.test", "http://me@a.test"),
            ("http://a.test", "null"),
            ("file://", "null"),
            ("file://", "file://a.test"),
            ("capacitor://localhost", "ionic://localhost"),
        ] {
            assert_ne!(Origin::parse(origin), Origin::parse(other), "{other}");
        }
    }

    #[test]
    fn an_invalid_origin_equals_nothing() {
        for text in [
            "",
            "a.test",
            "localhost:3000",
            "://",
            "http://",
            "http://a.test:x",
            "http://a.test:65536",
            "http://a.test/app",
            "http://a.test, http://b.test",
        ] {
            assert!(matches!(Origin::parse(text), Origin::Invalid(_)), "{text}");
            assert_ne!(Origin::parse(text), Origin::parse(text));
        }
    }

    #[test]
    fn origins_that_clients_send_are_valid() {
        for origin in [
            "https://example.org",
            "http://localhost:3000",
            "http://127.0.0.1:8000",
            "http://[::1]:8000",
            "https://xn--bcher-kva.example",
            "https://a.test/",
            "https://a.test:",
            "https://a_b.test.",
            "https://1.test",
            "http://192.0.2.1",
            "http://[2001:DB8::1]:8000",
            "tauri://localhost",
            "httpx-app://localhost",
            "moz-extension://0a1b",
            "https://A.test:443",
            "wss://a.test",
            "capacitor://localhost",
            "chrome-extension://abcdefgh",
            "file://",
            "null",
        ] {
            assert_eq!(problem(origin), None);
        }
    }

    #[test]
    fn origins_that_clients_never_send_are_reported_with_the_cure() {
        for (origin, cure) in [
            ("https://a.test/app", "write `https://a.test`"),
            ("https://a.test//", "write `https://a.test`"),
            ("https://a.test?x", "write `https://a.test`"),
            ("a.test", "as in `https://example.org:8443`"),
            ("", "as in `https://example.org:8443`"),
            ("https://", "no host"),
            ("https://:8443", "no host"),
            ("://a.test", "its scheme is invalid"),
            ("https://me@a.test", "no user"),
            ("https://*.a.test", "`Cors::check`"),
            ("*", "`Cors::Any`"),
            ("https://bücher.test", "Punycode"),
            ("https://a.test ", "whitespace"),
            ("https://a.test:https", "its port"),
            ("https://a.test:0", "its port"),
            ("https://a.test:65536", "its port"),
            ("ftp://a.test", "write `https://a.test`"),
            ("FTP://a.test", "pages over `ftp`"),
            ("data://x", "send `null`"),
            ("htps://a.test", "did you mean `https://a.test`?"),
            ("htp://a.test", "did you mean `http://a.test`?"),
            ("https://a.test,https://b.test", "write a list"),
            ("https://.a.test", "`Cors::check`"),
            ("https://a.test:443:80", "two ports"),
            ("https://2001:db8::1", "in brackets"),
            ("https://[::1", "IPv6 address is invalid"),
            ("https://[0:0::1]", "browsers write `https://[::1]`"),
            ("http://127.1", "four numbers"),
            ("http://0x7f000001", "four numbers"),
            ("https://a%20b.test", "invalid characters"),
        ] {
            let problem = problem(origin).unwrap();
            assert!(problem.contains(cure), "{problem}");
        }
    }

    #[test]
    fn an_origin_is_shown_as_browsers_write_it() {
        for (origin, shown) in [
            ("WSS://A.test:443/", "https://a.test"),
            ("http://a.test:8080", "http://a.test:8080"),
            ("file:///", "file://"),
        ] {
            assert_eq!(Origin::parse(origin).to_string(), shown);
        }
    }
}
