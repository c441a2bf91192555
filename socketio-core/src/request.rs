//! The HTTP request that opened a connection.

use std::{borrow::Cow, fmt, net::SocketAddr, str, sync::Arc};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, request::Parts};

/// The HTTP request that opened the connection: its headers, query, cookies, and what layers put into its extensions.
///
/// All namespaces of a connection share it; cloning is cheap. It is what `request` is in Flask-SocketIO.
///
/// It is kept as one block of text, as long as the connection lives: a parsed request would cost every idle connection ten
/// times as much memory, and hold on to the buffer that it was read into.
#[derive(Clone)]
pub struct Request(Arc<Inner>);

struct Inner {
    method: Method,
    /// The URI, then each header as `name:value`, all on lines of their own. Neither a URI nor a header can hold a newline,
    /// and a name no colon.
    head: Box<[u8]>,
    extensions: Extensions,
}

/// The address of the other end of the TCP connection, as an extension of a request.
///
/// [`run`](crate::SocketIo::run) sets it; who serves the connections otherwise may insert it, to have
/// [`Request::peer_addr`] answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

impl Request {
    /// The method, which is `GET`.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// The URI as the client wrote it, query included. Parsed anew at each call.
    pub fn uri(&self) -> Uri {
        Uri::try_from(self.lines().next().unwrap_or_default()).unwrap_or_default()
    }

    /// The headers. Collected anew at each call: for one of them, ask for [`header`](Request::header).
    pub fn headers(&self) -> HeaderMap {
        let parse = |(name, value)| {
            Some((
                HeaderName::from_bytes(name).ok()?,
                HeaderValue::from_bytes(value).ok()?,
            ))
        };
        self.fields().filter_map(parse).collect()
    }

    /// The first header of that name, whatever the case of its letters; `None` also when its value is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .fields()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))?;
        str::from_utf8(value).ok()
    }

    /// What layers and services in front of this server put into the request: a session, a user.
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// The address of the other end of the TCP connection; behind a proxy, that of the proxy. `None` when nobody told it:
    /// see [`PeerAddr`].
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.extensions.get::<PeerAddr>().map(|peer| peer.0)
    }

    /// The first value of a parameter of the query string, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query_pairs()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The parameters of the query string, decoded, in their order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let uri = self.lines().next().unwrap_or_default();
        let query = uri.splitn(2, |byte| *byte == b'?').nth(1);
        form_urlencoded::parse(query.unwrap_or_default())
    }

    /// The value of a cookie, as it was sent.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The cookies, as they were sent, in their order.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields()
            .filter(|(field, _)| *field == b"cookie")
            .filter_map(|(_, value)| str::from_utf8(value).ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
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

impl From<Parts> for Request {
    fn from(request: Parts) -> Self {
        let mut head = request.uri.to_string().into_bytes();
        for (name, value) in &request.headers {
            head.push(b'\n');
            head.extend_from_slice(name.as_str().as_bytes());
            head.push(b':');
            head.extend_from_slice(value.as_bytes());
        }
        Request(Arc::new(Inner {
            method: request.method,
            head: head.into(),
            extensions: request.extensions,
        }))
    }
}

/// Neither the query nor the headers, which may hold credentials.
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
    fn it_gives_back_what_the_request_said() {
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
    fn extensions_come_along_and_secrets_are_not_printed() {
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
}
