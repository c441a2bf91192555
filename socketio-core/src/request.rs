//! The HTTP request that opened a connection.

use std::{borrow::Cow, fmt, net::SocketAddr, sync::Arc};

use http::{Extensions, HeaderMap, Method, Uri, header};

/// The HTTP request that opened the connection: its headers, query, cookies, and what layers put into its extensions.
///
/// All namespaces of a connection share it; cloning is cheap. It is what `request` is in Flask-SocketIO.
#[derive(Clone)]
pub struct Request(Arc<Inner>);

struct Inner {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
    peer: Option<SocketAddr>,
}

/// The address of the other end of the TCP connection, as an extension of a request.
///
/// [`run`](crate::SocketIo::run) sets it; who serves the connections otherwise may insert it, to have
/// [`Request::peer_addr`] answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

impl Request {
    /// Takes over what outlives the HTTP exchange. Names and values are copied: kept as they are, they would pin the
    /// whole read buffer of the HTTP connection (6 KiB a client).
    pub fn new(parts: &mut http::request::Parts) -> Self {
        let mut headers = HeaderMap::with_capacity(parts.headers.len());
        for (name, value) in &parts.headers {
            let mut copy = http::HeaderValue::from_bytes(value.as_bytes())
                .expect("the bytes of a header value are one");
            copy.set_sensitive(value.is_sensitive());
            let name = http::HeaderName::from_bytes(name.as_str().as_bytes())
                .expect("the bytes of a header name are one");
            headers.append(name, copy);
        }
        let uri = parts
            .uri
            .to_string()
            .parse()
            .unwrap_or_else(|_| parts.uri.clone());
        let extensions = std::mem::take(&mut parts.extensions);
        Request(Arc::new(Inner {
            method: parts.method.clone(),
            uri,
            headers,
            peer: extensions.get::<PeerAddr>().map(|peer| peer.0),
            extensions,
        }))
    }

    /// The method; `GET`.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// The URI as the client wrote it, query included.
    pub fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The first value of a header, if it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// What layers and services in front of this server put into the request: a session, a user.
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// The address of the other end of the TCP connection; behind a proxy, that of the proxy.
    /// `None` when nobody told it: see [`PeerAddr`].
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.peer
    }

    /// The first value of a parameter of the query string, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query_pairs()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The parameters of the query string, decoded, in their order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.0.uri.query().unwrap_or_default().as_bytes())
    }

    /// The value of a cookie, as it was sent.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The cookies, as they were sent, in their order.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither headers nor query: they carry secrets.
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
        Request::new(&mut builder.body(()).unwrap().into_parts().0)
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
    fn extensions_come_along_and_secrets_are_not_printed() {
        let request = request(
            http::Request::get("/socket.io/?token=secret")
                .header("authorization", "secret")
                .extension(7_u32)
                .extension(PeerAddr(([127, 0, 0, 1], 9).into())),
        );
        assert_eq!(request.extensions().get::<u32>(), Some(&7));
        assert_eq!(request.peer_addr(), Some(([127, 0, 0, 1], 9).into()));
        assert!(!format!("{request:?}").contains("secret"));
    }
}
