//! [`Forwarded`]: what proxies report about the connection of the client.
//!
//! This is the only reader of `X-Forwarded-For`, `-Proto`, `-Host`, `-Port` and `Forwarded` (RFC 7239). The check of origins
//! and `Request` use it. Clients can send these headers, too, so they are ignored unless the peer is a trusted proxy.

use std::{borrow::Cow, net::IpAddr, net::SocketAddr};

use http::{Extensions, HeaderMap};

use super::{
    trusted_proxies::TrustedProxies,
    web_url::{default_port, split_port, web_scheme},
};

/// The headers of a request.
pub(crate) trait Headers {
    /// Returns all values of a header, named in lower case, that are text.
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str>;

    fn names(&self) -> impl Iterator<Item = &[u8]>;

    /// Returns whether there is a forwarding header. Usually there is none, and looking each of them up would cost more.
    fn has_forwarding(&self) -> bool {
        self.names()
            .any(|name| name.starts_with(b"x-forwarded-") || name == b"forwarded")
    }
}

impl Headers for HeaderMap {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let values = self.get_all(name).into_iter();
        values.filter_map(|value| value.to_str().ok())
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.keys().map(|name| name.as_str().as_bytes())
    }
}

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PORT: &str = "x-forwarded-port";
const FORWARDED: &str = "forwarded";

/// What trusted proxies report about the connection of the client. Empty if there is no trusted proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwarded<'a> {
    /// The address of the client.
    pub(crate) addr: Option<IpAddr>,
    /// `http` or `https`.
    pub(crate) scheme: Option<&'static str>,
    /// The host that the client asked for, which may have a port.
    pub(crate) host: Option<&'a str>,
    /// The port that the client connected to.
    pub(crate) port: Option<u16>,
}

impl<'a> Forwarded<'a> {
    /// Reads the headers of a request, unless its peer is not trusted.
    ///
    /// Each proxy appends the address of its own client. The client is therefore the last address that is not itself a trusted proxy, and
    /// of the other lists the item counts that the same proxy has added. `Forwarded` is read only if there is no
    /// `X-Forwarded-` header: a proxy writes one kind, and passes on what a client has written into the other.
    pub(crate) fn read(
        headers: &'a impl Headers,
        extensions: &Extensions,
        proxies: &TrustedProxies,
    ) -> Self {
        match proxies.trusts_peer(extensions) {
            true => Self::of_trusted(headers, proxies),
            false => Forwarded::default(),
        }
    }

    /// Reads the headers of a request whose peer is trusted.
    pub(crate) fn of_trusted(headers: &'a impl Headers, proxies: &TrustedProxies) -> Self {
        let of_elements = || Self::of_elements(headers, proxies);
        let found = || Self::of_x_headers(headers, proxies).or_else(of_elements);
        let found = headers.has_forwarding().then(found);
        found.flatten().unwrap_or_default()
    }

    fn of_x_headers(headers: &'a impl Headers, proxies: &TrustedProxies) -> Option<Self> {
        let addr = |item: &&str| parse_addr(item);
        let client = outermost(items(headers, FOR).map(|item| addr(&item)), proxies);
        let hops = client.map_or(usize::MAX, |(_, hops)| hops);
        // The same number of proxies has appended to this list, unless one of them has overwritten it.
        let item = |name| {
            let last = items(headers, name).count().checked_sub(1)?;
            items(headers, name).nth(last.saturating_sub(hops))
        };
        let (proto, host, port) = (item(PROTO), item(HOST), item(PORT));
        if client.is_none() && proto.is_none() && host.is_none() && port.is_none() {
            return None;
        }
        let port = port.and_then(|port| port.parse().ok());
        Some(Forwarded {
            addr: client.and_then(|(addr, _)| addr),
            scheme: proto
                .and_then(web_scheme)
                // Some proxies send only the port.
                .or((port == Some(443)).then_some("https")),
            host,
            port,
        })
    }

    fn of_elements(headers: &'a impl Headers, proxies: &TrustedProxies) -> Option<Self> {
        let elements = || {
            let values = headers.values(FORWARDED);
            values.flat_map(|value| unquoted_split(value, ','))
        };
        let addrs = elements().map(|element| parameter(element, "for").and_then(parse_addr));
        let (addr, hops) = outermost(addrs, proxies)?;
        let last = elements().count().checked_sub(1)?;
        let element = elements().nth(last.saturating_sub(hops))?;
        Some(Forwarded {
            addr,
            scheme: parameter(element, "proto").and_then(web_scheme),
            host: parameter(element, "host").filter(|host| !host.is_empty()),
            port: None,
        })
    }

    /// Returns the host and port that the client connected to, given the scheme and the host of this request.
    pub(crate) fn authority(
        &self,
        scheme: &str,
        own_host: Option<&'a str>,
    ) -> Option<Cow<'a, str>> {
        let host = self.host.or(own_host).filter(|host| !host.is_empty())?;
        let (name, port) = split_port(host);
        // A port that the client has written is exact. The port of the request's own host may be the port of this server.
        let is_exact = self.host.is_some() && port.is_some();
        Some(match self.port.filter(|_| !is_exact) {
            None => host.into(),
            Some(port) if Some(port) == default_port(scheme) => name.into(),
            Some(port) => format!("{name}:{port}").into(),
        })
    }
}

/// Returns the name of a forwarding header that is ignored, because the peer is not a trusted proxy.
pub(crate) fn ignored(
    headers: &impl Headers,
    extensions: &Extensions,
    proxies: &TrustedProxies,
) -> Option<&'static str> {
    if !headers.has_forwarding() || proxies.trusts_peer(extensions) {
        return None;
    }
    [FOR, PROTO, HOST, PORT, FORWARDED]
        .into_iter()
        .find(|name| headers.values(name).next().is_some())
}

/// Returns the items of a list to which each proxy appends, in a header of its own or after a comma.
fn items<'a>(headers: &'a impl Headers, name: &'static str) -> impl Iterator<Item = &'a str> {
    let items = headers.values(name).flat_map(|value| value.split(','));
    items.map(str::trim).filter(|item| !item.is_empty())
}

/// Returns the last address that is not a trusted proxy, or else the first one, and the number of addresses after it. Returns `None` if
/// there are no addresses; the address is `None` if it is hidden.
fn outermost(
    addrs: impl Iterator<Item = Option<IpAddr>>,
    proxies: &TrustedProxies,
) -> Option<(Option<IpAddr>, usize)> {
    let mut client = None;
    for addr in addrs {
        client = match client {
            Some((client, hops)) if addr.is_some_and(|addr| proxies.trusts(addr)) => {
                Some((client, hops + 1))
            }
            _ => Some((addr, 0)),
        };
    }
    client
}

/// Parses an address, which may have a port and then be in brackets.
fn parse_addr(text: &str) -> Option<IpAddr> {
    let addr: IpAddr = text
        .parse()
        .or_else(|_| text.parse().map(|addr: SocketAddr| addr.ip()))
        .or_else(|_| text.trim_matches(['[', ']']).parse())
        .ok()?;
    Some(addr.to_canonical())
}

/// Returns a parameter of an element of `Forwarded`, without its quotes.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = unquoted_split(element, ';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    let value = value.trim();
    let quoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    Some(quoted.unwrap_or(value))
}

/// Splits a text at a separator that is not within quotes.
fn unquoted_split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |char: char| {
        if escaped {
            escaped = false;
        } else if quoted && char == '\\' {
            escaped = true;
        } else if char == '"' {
            quoted = !quoted;
        }
        !quoted && char == separator
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PeerAddr;

    /// Returns what is read from a request of 10.0.0.1, which is trusted together with 10.0.0.2.
    fn read<T>(headers: &[(&'static str, &str)], look: impl FnOnce(Forwarded<'_>) -> T) -> T {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddr(([10, 0, 0, 1], 4711).into()));
        look(Forwarded::read(
            &map,
            &extensions,
            &["10.0.0.1", "10.0.0.2"].into(),
        ))
    }

    fn addr(headers: &[(&'static str, &str)]) -> Option<String> {
        read(headers, |forwarded| forwarded.addr).map(|addr| addr.to_string())
    }

    /// Returns the scheme, host and port that the client used for a request to `inner:5000` over HTTP.
    fn public(headers: &[(&'static str, &str)]) -> String {
        read(headers, |forwarded| {
            let scheme = forwarded.scheme.unwrap_or("http");
            let host = forwarded.authority(scheme, Some("inner:5000")).unwrap();
            format!("{scheme}://{host}")
        })
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        for (list, client) in [
            ("203.0.113.9", Some("203.0.113.9")),
            ("198.51.100.1, 203.0.113.9", Some("203.0.113.9")),
            ("203.0.113.9, 10.0.0.2", Some("203.0.113.9")),
            ("198.51.100.1, 203.0.113.9, 10.0.0.2", Some("203.0.113.9")),
            ("203.0.113.9, 10.0.0.3", Some("10.0.0.3")),
            ("10.0.0.2", Some("10.0.0.2")),
            ("203.0.113.9:4711", Some("203.0.113.9")),
            ("2001:db8::1,10.0.0.2", Some("2001:db8::1")),
            ("[2001:db8::1]:4711", Some("2001:db8::1")),
            ("::ffff:203.0.113.9", Some("203.0.113.9")),
            ("203.0.113.9, unknown, 10.0.0.2", None),
            ("unknown", None),
            ("", None),
            (",,", None),
        ] {
            let found = addr(&[("x-forwarded-for", list)]);
            assert_eq!(found.as_deref(), client, "{list}");
        }
    }

    #[test]
    fn a_proxy_may_append_a_header_instead_of_an_item() {
        let headers = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-for", "10.0.0.2"),
        ];
        assert_eq!(addr(&headers).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn the_standard_header_says_the_same() {
        for (list, client) in [
            ("for=203.0.113.9;proto=https", Some("203.0.113.9")),
            (
                "proto=https; For=203.0.113.9, for=10.0.0.2",
                Some("203.0.113.9"),
            ),
            (
                "for=198.51.100.1, for=203.0.113.9, for=10.0.0.2",
                Some("203.0.113.9"),
            ),
            (r#"for="[2001:db8::1]:4711""#, Some("2001:db8::1")),
            (r#"for="[2001:db8::1]""#, Some("2001:db8::1")),
            (
                r#"for=203.0.113.9;by="a,b;c\"d", for=10.0.0.2"#,
                Some("203.0.113.9"),
            ),
            ("for=_hidden", None),
            ("proto=https", None),
            (r#"for="203.0.113.9, for=10.0.0.2"#, None),
            ("", None),
        ] {
            let found = addr(&[("forwarded", list)]);
            assert_eq!(found.as_deref(), client, "{list}");
        }
    }

    #[test]
    fn the_host_and_the_scheme_are_those_of_the_client() {
        for (headers, url) in [
            (&[("x-forwarded-proto", "https")][..], "https://inner:5000"),
            (&[("x-forwarded-proto", "WSS")], "https://inner:5000"),
            (&[("x-forwarded-proto", "ftp")], "http://inner:5000"),
            (&[("x-forwarded-host", "a.test")], "http://a.test"),
            (&[("x-forwarded-port", "8080")], "http://inner:8080"),
            (&[("x-forwarded-port", "443")], "https://inner"),
            (
                &[("x-forwarded-host", "a.test"), ("x-forwarded-port", "8080")],
                "http://a.test:8080",
            ),
            (
                &[
                    ("x-forwarded-host", "a.test:81"),
                    ("x-forwarded-port", "8080"),
                ],
                "http://a.test:81",
            ),
            (
                &[("x-forwarded-host", "[::1]"), ("x-forwarded-port", "8080")],
                "http://[::1]:8080",
            ),
            (
                &[
                    ("x-forwarded-proto", "https, http"),
                    ("x-forwarded-host", "a.test , inner"),
                ],
                "https://a.test",
            ),
            (
                &[("forwarded", "host=a.test;proto=https")],
                "https://a.test",
            ),
            (
                &[("forwarded", r#"host="a.test:81";proto=http"#)],
                "http://a.test:81",
            ),
            (
                &[(
                    "forwarded",
                    "for=203.0.113.9;host=a.test, for=10.0.0.2;host=b.test",
                )],
                "http://a.test",
            ),
        ] {
            assert_eq!(public(headers), url, "{headers:?}");
        }
    }

    #[test]
    fn what_a_client_has_written_in_front_of_a_list_does_not_count() {
        let headers = [
            ("x-forwarded-for", "198.51.100.1, 203.0.113.9, 10.0.0.2"),
            ("x-forwarded-host", "evil.test, a.test, inner"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(public(&headers), "https://a.test");
        let forged = "for=198.51.100.1;host=evil.test, for=203.0.113.9;host=a.test";
        assert_eq!(public(&[("forwarded", forged)]), "http://a.test");
    }

    #[test]
    fn a_proxy_that_writes_one_kind_of_header_is_not_asked_for_the_other() {
        let headers = [
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=198.51.100.1;host=evil.test"),
        ];
        assert_eq!(addr(&headers), None);
        assert_eq!(public(&headers), "https://inner:5000");
    }

    #[test]
    fn peers_that_are_not_trusted_are_not_believed() {
        let mut headers = HeaderMap::new();
        headers.insert(FOR, "203.0.113.9".parse().unwrap());
        headers.insert(FORWARDED, "host=a.test".parse().unwrap());
        let none = Forwarded::default();
        let unknown = Extensions::new();
        assert_eq!(
            Forwarded::read(&headers, &unknown, &"loopback".into()),
            none
        );
        assert_ne!(Forwarded::read(&headers, &unknown, &"*".into()), none);
    }
}
