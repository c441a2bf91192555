//! The request that opened a session.

use std::{fmt, net::SocketAddr, str};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, request::Parts};

/// The client's address, for whoever accepts connections to put among a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// The request that opened a session, as long as the session lives.
///
/// Kept as one block of text: a parsed request would cost every idle connection ten times as much
/// memory, and hold on to the buffer that it was read into.
pub struct Handshake {
    method: Method,
    /// The URI, then each header as `name:value`, all on lines of their own. Neither a URI nor a
    /// header can hold a newline, and a name no colon.
    head: Box<[u8]>,
    extensions: Extensions,
}

impl Handshake {
    /// The method, which is `GET`.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URI, parsed anew at each call.
    pub fn uri(&self) -> Uri {
        Uri::try_from(self.lines().next().unwrap_or_default()).unwrap_or_default()
    }

    /// The part of the URI after the question mark.
    pub fn query(&self) -> Option<&str> {
        let uri = str::from_utf8(self.lines().next()?).ok()?;
        Some(uri.split_once('?')?.1)
    }

    /// The first header of that name, whatever the case of its letters; `None` also when its value
    /// is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .fields()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))?;
        str::from_utf8(value).ok()
    }

    /// All headers, collected anew at each call.
    pub fn headers(&self) -> HeaderMap {
        let parse = |(name, value)| {
            Some((
                HeaderName::from_bytes(name).ok()?,
                HeaderValue::from_bytes(value).ok()?,
            ))
        };
        self.fields().filter_map(parse).collect()
    }

    /// What the layers in front of the engine attached to the request.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The client's address, when a [`PeerAddr`] was attached.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.extensions.get::<PeerAddr>().map(|peer| peer.0)
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.head.split(|byte| *byte == b'\n')
    }

    fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines().skip(1).filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], &line[colon + 1..]))
        })
    }
}

impl From<Parts> for Handshake {
    fn from(request: Parts) -> Self {
        let mut head = request.uri.to_string().into_bytes();
        for (name, value) in &request.headers {
            head.push(b'\n');
            head.extend_from_slice(name.as_str().as_bytes());
            head.push(b':');
            head.extend_from_slice(value.as_bytes());
        }
        let mut extensions = request.extensions;
        if extensions.is_empty() {
            // An emptied map keeps its memory, and hyper had put its upgrade into this one.
            extensions = Extensions::new();
        }
        Handshake {
            method: request.method,
            head: head.into(),
            extensions,
        }
    }
}

/// Neither the query nor the headers, which may hold credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("method", &self.method)
            .field("path", &self.uri().path())
            .field("peer", &self.peer())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> Handshake {
        let mut request = http::Request::get("/engine.io/?EIO=4&token=a:b")
            .header("Host", "a.test:80")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("x-latin", HeaderValue::from_bytes(b"\xe9").unwrap())
            .body(())
            .unwrap();
        request
            .extensions_mut()
            .insert(PeerAddr(([127, 0, 0, 1], 9).into()));
        request.into_parts().0.into()
    }

    #[test]
    fn it_gives_back_what_the_request_said() {
        let handshake = handshake();
        assert_eq!(handshake.method(), Method::GET);
        assert_eq!(handshake.uri(), "/engine.io/?EIO=4&token=a:b");
        assert_eq!(handshake.query(), Some("EIO=4&token=a:b"));
        assert_eq!(handshake.header("HOST"), Some("a.test:80"));
        assert_eq!(handshake.header("cookie"), Some("a=1"));
        assert_eq!(handshake.header("x-latin"), None);
        assert_eq!(handshake.header("absent"), None);
        assert_eq!(handshake.peer(), Some(([127, 0, 0, 1], 9).into()));
        let headers = handshake.headers();
        assert_eq!(
            headers.get_all("cookie").iter().collect::<Vec<_>>(),
            ["a=1", "b=2"]
        );
        assert_eq!(headers["x-latin"].as_bytes(), b"\xe9");
        assert_eq!(headers.len(), 4);
    }

    #[test]
    fn debug_shows_no_credentials() {
        let shown = format!("{:?}", handshake());
        assert!(
            shown.contains("/engine.io/") && !shown.contains("token") && !shown.contains("a=1"),
            "{shown}"
        );
    }
}
