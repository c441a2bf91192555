//! The parts of URLs of web pages: their schemes, hosts and ports.

/// Returns the port that a URL of this scheme leaves out.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Returns the web page's scheme for a scheme: `https` for `https` and `wss`, `http` for `http` and `ws`.
pub(crate) fn web_scheme(scheme: &str) -> Option<&'static str> {
    let is = |name| scheme.eq_ignore_ascii_case(name);
    if is("https") || is("wss") {
        Some("https")
    } else if is("http") || is("ws") {
        Some("http")
    } else {
        None
    }
}

/// Splits a host into its name, with the brackets of an IPv6 address, and its port.
pub(crate) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port))
            if !port.contains(']') && (!name.contains(':') || name.ends_with(']')) =>
        {
            (name, Some(port))
        }
        _ => (host, None),
    }
}
