//! [`Request`]: the HTTP request that opened a connection, as handlers read it.

use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, SocketAddr},
    str,
    sync::Arc,
};

use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, request::Parts, uri::Scheme,
};

/// The HTTP request that opened a connection: its headers, query, cookies, and the extensions that layers have
/// inserted.
///
/// All namespaces of a connection share it; cloning is cheap. It corresponds to `request` in Flask-SocketIO.
///
/// It is stored as one block of text for the lifetime of the connection: a parsed request would need ten times the
/// memory per idle connection, and would keep the buffer that it was read into.
#[derive(Clone)]
pub struct Request(Arc<Inner>);

struct Inner {
    method: Method,
    /// The URI, then each header as `name:value`, each on its own line. Neither a URI nor a header contains a newline,
    /// and a header's name no colon.
    head: Box<[u8]>,
    extensions: Extensions,
}

/// The address of the peer of the TCP connection, as an extension of a request.
///
/// [`run`](crate::SocketIo::run) inserts it. A program that serves connections itself may insert it for
/// [`Request::peer_addr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

impl Request {
    /// Returns the method: `GET`, or `CONNECT` for a WebSocket over HTTP/2.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// Returns the URI as the client sent it, with the query. Parsed in each call.
    pub fn uri(&self) -> Uri {
        Uri::try_from(self.lines().next().unwrap_or_default()).unwrap_or_default()
    }

    /// Returns all headers. Collected in each call: use [`header`](Request::header) to read one.
    pub fn headers(&self) -> HeaderMap {
        let parse = |(name, value)| {
            Some((
                HeaderName::from_bytes(name).ok()?,
                HeaderValue::from_bytes(value).ok()?,
            ))
        };
        self.fields().filter_map(parse).collect()
    }

    /// Returns the first header of this name, in any case; `None` if there is none or its value is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .fields()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))?;
        str::from_utf8(value).ok()
    }

    /// Returns the extensions that layers and services in front of this server have inserted: a session, a user.
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// Returns the address of the peer of the TCP connection; behind a proxy, the address of the proxy. `None` if it is
    /// not known: see [`PeerAddr`].
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.extensions.get::<PeerAddr>().map(|peer| peer.0)
    }

    /// Returns the address of the client according to the proxies in front of this server: the first address in
    /// `X-Forwarded-For`, or else in `Forwarded`. `None` if there is no such header or its value is not an IP address
    /// (`unknown`, `_hidden`).
    ///
    /// Clients can send these headers, too. Only trust them if every client connects through a proxy that overwrites
    /// them (nginx: `proxy_set_header X-Forwarded-For $remote_addr;`): a proxy that appends keeps the address that the
    /// client sent as the first.
    pub fn forwarded_addr(&self) -> Option<IpAddr> {
        if let Some(list) = self.header("x-forwarded-for") {
            return ip(first(list));
        }
        let parameters = first(self.header("forwarded")?).split(';');
        let (_, address) = parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        ip(address.trim().trim_matches('"'))
    }

    /// Returns whether the connection to this server is encrypted. Behind a proxy, that is the connection of the proxy;
    /// the scheme of [`url`](Request::url) is that of the client.
    ///
    /// `run_tls` and [`Listener`](crate::Listener)s set it. A program that terminates TLS itself inserts an
    /// [`http::uri::Scheme`] into the request's extensions.
    pub fn is_tls(&self) -> bool {
        self.0.extensions.get() == Some(&Scheme::HTTPS)
    }

    /// Returns the full URL of the request: `https://example.org/socket.io/?EIO=4&transport=polling`. `None` if the
    /// request has no host.
    ///
    /// Scheme and host are taken from `X-Forwarded-Proto` and `X-Forwarded-Host` if they are present. The client
    /// controls all of it: don't use it in links for others.
    pub fn url(&self) -> Option<String> {
        let uri = self.uri();
        let own_scheme = if self.is_tls() { "https" } else { "http" };
        let scheme = self.header("x-forwarded-proto").map(first);
        let host = self.header("x-forwarded-host").map(first);
        let host = host
            .or(uri.authority().map(|authority| authority.as_str()))
            .or(self.header("host"))
            .filter(|host| !host.is_empty())?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Some(format!("{}://{host}{target}", scheme.unwrap_or(own_scheme)))
    }

    /// Returns the first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query_pairs()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the query parameters, decoded, in their order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let uri = self.lines().next().unwrap_or_default();
        let query = uri.splitn(2, |byte| *byte == b'?').nth(1);
        form_urlencoded::parse(query.unwrap_or_default())
    }

    /// Returns the value of a cookie, as it was sent.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the cookies, as they were sent, in their order.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields()
            .filter(|(field, _)| *field == b"cookie")
            .filter_map(|(_, value)| str::from_utf8(value).ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
    }

    /// Returns the subprotocols that the client offers for its WebSocket (`Sec-WebSocket-Protocol`), in their order. Empty
    /// for a connection that began with polling.
    pub fn websocket_protocols(&self) -> impl Iterator<Item = &str> {
        let name = b"sec-websocket-protocol";
        websocket_protocols(
            self.fields()
                .filter_map(move |(field, value)| (field == name).then_some(value)),
        )
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.0.head.split(|byte| *byte == b'\n')
    }

    fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines().skip(1).filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], &line[colon + 1..]))
        })
    }
}

/// Returns the subprotocols of `Sec-WebSocket-Protocol` headers. What is not a token is left out.
pub(crate) fn websocket_protocols<'a>(
    headers: impl Iterator<Item = &'a [u8]>,
) -> impl Iterator<Item = &'a str> {
    let is_token = |name: &&str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    headers
        .filter_map(|value| str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(is_token)
}

/// Returns the first item of a list to which each proxy appends.
fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default().trim()
}

/// Parses an address, which may have a port and then be in brackets.
fn ip(text: &str) -> Option<IpAddr> {
    text.parse()
        .or_else(|_| text.parse().map(|addr: SocketAddr| addr.ip()))
        .or_else(|_| text.trim_matches(['[', ']']).parse())
        .ok()
}

impl Request {
    /// Converts the head of a request, and takes its extensions out of it.
    pub(crate) fn take(request: &mut Parts) -> Self {
        let mut head = request.uri.to_string().into_bytes();
        for (name, value) in &request.headers {
            head.push(b'\n');
            head.extend_from_slice(name.as_str().as_bytes());
            head.push(b':');
            head.extend_from_slice(value.as_bytes());
        }
        Request(Arc::new(Inner {
            method: request.method.clone(),
            head: head.into(),
            extensions: std::mem::take(&mut request.extensions),
        }))
    }
}

impl From<Parts> for Request {
    fn from(mut request: Parts) -> Self {
        Request::take(&mut request)
    }
}

/// Omits the query and the headers, which may contain credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("path", &self.uri().path())
            .field("peer_addr", &self.peer_addr())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(builder: http::request::Builder) -> Request {
        builder.body(()).unwrap().into_parts().0.into()
    }

    #[test]
    fn a_request_returns_its_method_uri_and_headers() {
        let request = request(
            http::Request::get("/engine.io/?EIO=4&token=a:b")
                .header("Host", "a.test:80")
                .header("x-latin", HeaderValue::from_bytes(b"\xe9").unwrap()),
        );
        assert_eq!(request.method(), Method::GET);
        assert_eq!(request.uri(), "/engine.io/?EIO=4&token=a:b");
        assert_eq!(request.header("HOST"), Some("a.test:80"));
        assert_eq!(request.header("x-latin"), None);
        assert_eq!(request.header("absent"), None);
        let headers = request.headers();
        assert_eq!(headers["x-latin"].as_bytes(), b"\xe9");
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn query_and_cookies_are_found_by_name() {
        let request = request(
            http::Request::get("/socket.io/?EIO=4&name=caf%C3%A9+noir&name=2")
                .header("cookie", "a=1; session=x=y")
                .header("cookie", "b=2"),
        );
        assert_eq!(request.query("name").unwrap(), "café noir");
        assert_eq!(request.query("none"), None);
        assert_eq!(request.cookie("session"), Some("x=y"));
        assert_eq!(request.cookie("b"), Some("2"));
        assert_eq!(request.cookies().count(), 3);
    }

    #[test]
    fn extensions_are_kept_and_debug_output_contains_no_secrets() {
        let request = request(
            http::Request::get("/socket.io/?token=secret")
                .header("authorization", "secret")
                .extension(7_u32)
                .extension(PeerAddr(([127, 0, 0, 1], 9).into())),
        );
        assert_eq!(request.extensions().get::<u32>(), Some(&7));
        assert_eq!(request.peer_addr(), Some(([127, 0, 0, 1], 9).into()));
        let shown = format!("{request:?}");
        assert!(
            shown.contains("/socket.io/") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[test]
    fn the_forwarded_address_is_the_first_of_the_list() {
        let request_with = |name, value| request(http::Request::get("/").header(name, value));
        for (value, addr) in [
            ("203.0.113.9", Some("203.0.113.9")),
            ("203.0.113.9, 10.0.0.1", Some("203.0.113.9")),
            ("203.0.113.9:4711", Some("203.0.113.9")),
            ("2001:db8::1, 10.0.0.1", Some("2001:db8::1")),
            ("[2001:db8::1]:4711", Some("2001:db8::1")),
            ("unknown", None),
            ("", None),
        ] {
            let addr = addr.map(|addr| addr.parse().unwrap());
            let request = request_with("x-forwarded-for", value);
            assert_eq!(request.forwarded_addr(), addr, "{value}");
        }
        for (value, addr) in [
            ("for=203.0.113.9;proto=https", Some("203.0.113.9")),
            (
                "proto=https; For=203.0.113.9, for=10.0.0.1",
                Some("203.0.113.9"),
            ),
            (r#"for="[2001:db8::1]:4711""#, Some("2001:db8::1")),
            (r#"for="[2001:db8::1]""#, Some("2001:db8::1")),
            ("for=_hidden", None),
            ("proto=https", None),
        ] {
            let addr = addr.map(|addr| addr.parse().unwrap());
            assert_eq!(
                request_with("forwarded", value).forwarded_addr(),
                addr,
                "{value}"
            );
        }
        assert_eq!(
            request_with("x-other", "203.0.113.9").forwarded_addr(),
            None
        );
    }

    #[test]
    fn the_url_is_that_of_the_client_before_any_proxy() {
        let get = || http::Request::get("/socket.io/?EIO=4").header("host", "inner:5000");
        let plain = request(get());
        assert!(!plain.is_tls());
        assert_eq!(plain.url().unwrap(), "http://inner:5000/socket.io/?EIO=4");
        let tls = request(get().extension(Scheme::HTTPS));
        assert!(tls.is_tls());
        assert_eq!(tls.url().unwrap(), "https://inner:5000/socket.io/?EIO=4");
        let proxied = request(
            get()
                .header("x-forwarded-proto", "https, http")
                .header("x-forwarded-host", "a.test"),
        );
        assert!(!proxied.is_tls());
        assert_eq!(proxied.url().unwrap(), "https://a.test/socket.io/?EIO=4");
        assert_eq!(request(http::Request::get("/")).url(), None);
        let absolute = request(http::Request::get("http://a.test/x"));
        assert_eq!(absolute.url().unwrap(), "http://a.test/x");
    }
}
