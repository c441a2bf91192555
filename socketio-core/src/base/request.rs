//! [`Request`]: the HTTP request that opened a connection, as handlers read it.

use std::{
    borrow::Cow,
    fmt, mem,
    net::{IpAddr, SocketAddr},
    str,
    sync::{Arc, OnceLock},
};

use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, request::Parts, uri::Scheme,
};

use super::{forwarded::Forwarded, trusted_proxies::TrustedProxies};

/// The HTTP request that opened a connection: its headers, query, cookies, and the extensions that layers have
/// inserted.
///
/// All namespaces of a connection share it; cloning is cheap. It corresponds to `request` in Flask-SocketIO.
///
/// It is stored as one block of text for the lifetime of the connection: a parsed request would need ten times the
/// memory per idle connection, and would keep the buffer that it was read into.
#[derive(Clone)]
pub struct Request(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    /// `None` for GET, which most requests are.
    method: Option<Box<Method>>,
    /// The URI, then each header as `name:value`, each on its own line. Neither a URI nor a header contains a newline,
    /// and a header's name no colon.
    head: Box<[u8]>,
    /// The peer, if that was the only extension: the map for it would take more memory than the rest of the request. The map is created again
    /// when it is asked for.
    peer: Option<SocketAddr>,
    extensions: OnceLock<Extensions>,
    proxies: TrustedProxies,
}

/// The address of the peer of the TCP connection, as an extension of a request.
///
/// [`run`](crate::SocketIo::run) inserts it. A program that serves connections itself may insert it for
/// [`Request::peer_addr`]. It also decides whether the peer is a [trusted proxy](crate::SocketIoBuilder::trusted_proxies).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// Marks a request that came over a Unix socket, whose peers have no address, as an extension of the request.
///
/// [`serve`](crate::SocketIo::serve) inserts it. A program that serves connections itself may insert it, so that its peers are
/// trusted proxies: see [`TrustedProxies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnixPeer;

impl Request {
    /// Converts the head of a request, and takes its extensions out of it. Its forwarding headers are believed if its peer is one of
    /// these proxies.
    pub(crate) fn take(request: &mut Parts, proxies: &TrustedProxies) -> Self {
        Self::with_proxies(request, proxies.clone())
    }

    /// Returns the request of a server that trusts these proxies.
    pub(crate) fn behind(self, proxies: &TrustedProxies) -> Self {
        Request(Arc::new(Inner {
            proxies: proxies.clone(),
            ..Inner::clone(&self.0)
        }))
    }

    fn with_proxies(request: &mut Parts, proxies: TrustedProxies) -> Self {
        let extensions = mem::take(&mut request.extensions);
        let peer = extensions.get::<PeerAddr>().map(|peer| peer.0);
        let peer = peer.filter(|_| extensions.len() == 1);
        let extensions = match peer {
            Some(_) => OnceLock::new(),
            None => OnceLock::from(extensions),
        };
        Request(Arc::new(Inner {
            method: (request.method != Method::GET).then(|| Box::new(request.method.clone())),
            head: head(request),
            peer,
            extensions,
            proxies,
        }))
    }

    /// Returns the method: `GET`, or `CONNECT` for a WebSocket over HTTP/2.
    pub fn method(&self) -> &Method {
        self.0.method.as_deref().unwrap_or(&Method::GET)
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
        self.0.extensions.get_or_init(|| {
            let mut extensions = Extensions::new();
            if let Some(peer) = self.0.peer {
                extensions.insert(PeerAddr(peer));
            }
            extensions
        })
    }

    /// Returns the address of the peer of the TCP connection; behind a proxy, the address of the proxy. `None` if it is
    /// not known: see [`PeerAddr`].
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        let inserted = || self.extensions().get::<PeerAddr>().map(|peer| peer.0);
        self.0.peer.or_else(inserted)
    }

    /// Returns the address of the client according to the proxies in front of this server, from `X-Forwarded-For` or
    /// `Forwarded`. `None` if there is no such header, if its value is not an IP address (`unknown`, `_hidden`), or if
    /// the peer is not a trusted proxy.
    ///
    /// Which peers are trusted is set by [`trusted_proxies`](crate::SocketIoBuilder::trusted_proxies); by default they are
    /// this machine and Unix sockets. Each proxy appends the address of its own client, so the client is the last address that is
    /// not itself a trusted proxy. The address without proxies is that of [`peer_addr`](Request::peer_addr).
    pub fn forwarded_addr(&self) -> Option<IpAddr> {
        self.forwarded().addr
    }

    /// Returns the address that limits per address use: the peer's, or the one that a trusted proxy has forwarded. `None` if it is not
    /// known.
    pub(crate) fn limited_address(&self) -> Option<IpAddr> {
        match self.is_peer_trusted() {
            true => self.forwarded_addr(),
            false => self.peer_addr().map(|peer| peer.ip()),
        }
    }

    /// Returns whether the connection to this server is encrypted. Behind a proxy, that is the connection of the proxy;
    /// the scheme of [`url`](Request::url) is that of the client.
    ///
    /// `run_tls` and [`Listener`](crate::Listener)s set it. A program that terminates TLS itself inserts an
    /// [`http::uri::Scheme`] into the request's extensions.
    pub fn is_tls(&self) -> bool {
        self.0.peer.is_none() && self.extensions().get() == Some(&Scheme::HTTPS)
    }

    /// Returns the full URL of the request: `https://example.org/socket.io/?EIO=4&transport=polling`. `None` if the
    /// request has no host.
    ///
    /// Behind a [trusted proxy](crate::SocketIoBuilder::trusted_proxies), scheme, host and port are taken from
    /// `X-Forwarded-Proto`, `-Host` and `-Port`, or from `Forwarded`, if they are present. A client that reaches the server without a
    /// proxy controls all of it: don't use it in links for others.
    pub fn url(&self) -> Option<String> {
        let uri = self.uri();
        let forwarded = self.forwarded();
        let own_scheme = if self.is_tls() { "https" } else { "http" };
        let scheme = forwarded.scheme.unwrap_or(own_scheme);
        let own_host = uri.authority().map(|authority| authority.as_str());
        let host = forwarded.authority(scheme, own_host.or(self.header("host")))?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Some(format!("{scheme}://{host}{target}"))
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

    fn is_peer_trusted(&self) -> bool {
        match self.0.peer {
            Some(peer) => self.0.proxies.trusts(peer.ip()),
            None => self.0.proxies.trusts_peer(self.extensions()),
        }
    }

    fn forwarded(&self) -> Forwarded<'_> {
        match self.is_peer_trusted() {
            true => Forwarded::of_trusted(self, &self.0.proxies),
            false => Forwarded::default(),
        }
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

/// Returns the URI and the headers as one block of text.
fn head(request: &Parts) -> Box<[u8]> {
    let uri = &request.uri;
    let fields = || {
        let fields = request.headers.iter();
        fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
    };
    let size: usize = fields()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    // Over HTTP/1.1, a URI is only a path and a query, which need not be formatted.
    let mut head = match uri.path_and_query() {
        Some(target) if uri.scheme().is_none() && uri.authority().is_none() => {
            let mut head = Vec::with_capacity(target.as_str().len() + size);
            head.extend_from_slice(target.as_str().as_bytes());
            head
        }
        _ => uri.to_string().into_bytes(),
    };
    for (name, value) in fields() {
        head.push(b'\n');
        head.extend_from_slice(name);
        head.push(b':');
        head.extend_from_slice(value);
    }
    head.into()
}

impl super::forwarded::Headers for Request {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.fields()
            .filter(move |(field, _)| *field == name.as_bytes())
            .filter_map(|(_, value)| str::from_utf8(value).ok())
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.fields().map(|(name, _)| name)
    }
}

/// Returns the subprotocols of `Sec-WebSocket-Protocol` headers. Values that are not tokens are left out.
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

/// Creates a request that no server has received. Its forwarding headers are believed if its peer is this machine or a Unix
/// socket.
impl From<Parts> for Request {
    fn from(mut request: Parts) -> Self {
        Self::with_proxies(&mut request, TrustedProxies::shared_default())
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
