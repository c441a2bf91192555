//! [`Purpose`]: what a request asks for, by its method, query and headers.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request::Parts};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{protocol::Protocol, refusal::Refusal, sid::Sid, transport::TransportKind, v3::V3};
use crate::base::{Problem, ProtocolVersion};

/// The purpose of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A CORS preflight.
    Preflight,
    /// Open a polling session.
    OpenPolling,
    /// Open a WebSocket session.
    OpenWebSocket(Accept),
    /// Receive the packets of a session.
    Poll(Sid),
    /// Send packets to a session.
    Post(Sid),
    /// Upgrade a session to WebSocket.
    Upgrade(Sid, Accept),
}

/// How a WebSocket is opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Accept {
    /// By the upgrade of an HTTP/1.1 connection. The `Sec-WebSocket-Accept` header of the response.
    Upgrade(HeaderValue),
    /// By an extended CONNECT, as a stream of an HTTP/2 connection (RFC 8441): a response with status 200 suffices.
    Stream,
}

impl Purpose {
    /// Reads a request, and the protocol that it is written in. Its session is looked up for its version only, by `opened_as`, if the
    /// request names none: Node and Python read it at the handshake only.
    pub(super) fn of(
        request: &Parts,
        allow_eio3: bool,
        opened_as: impl FnOnce(Sid) -> ProtocolVersion,
    ) -> Result<(Self, Protocol), Refusal> {
        if request.method == Method::OPTIONS {
            return Ok((Purpose::Preflight, Protocol::V4 { base64: false }));
        }
        let query = Query::parse(request.uri.query().unwrap_or_default());
        // Over HTTP/2, CONNECT with a path opens a WebSocket as GET does over HTTP/1.1.
        let method = match request.method {
            Method::CONNECT if is_extended_connect(request) => &Method::GET,
            ref method => method,
        };
        let transport = query
            .transport
            .as_deref()
            .and_then(TransportKind::parse)
            .ok_or(Refusal::UnknownTransport)?;
        let purpose = match query.sid.as_deref() {
            Some(sid) => {
                let sid = Sid::parse(sid).ok_or(Refusal::UnknownSid)?;
                match (transport, method) {
                    (TransportKind::Polling, &Method::GET) => Purpose::Poll(sid),
                    (TransportKind::Polling, &Method::POST) => Purpose::Post(sid),
                    (TransportKind::WebSocket, &Method::GET) => {
                        Purpose::Upgrade(sid, accept(request)?)
                    }
                    (TransportKind::WebSocket, &Method::POST) => {
                        return Err(Refusal::BadRequest(Problem::PostToWebSocket));
                    }
                    _ => return Err(Refusal::MethodNotAllowed),
                }
            }
            None if *method != Method::GET => return Err(Refusal::BadMethod),
            None => match transport {
                TransportKind::Polling => Purpose::OpenPolling,
                TransportKind::WebSocket => Purpose::OpenWebSocket(accept(request)?),
            },
        };
        let version = match (query.version.as_deref(), purpose.sid()) {
            (Some("4"), _) => Some(ProtocolVersion::Eio4),
            (Some("3"), _) => Some(ProtocolVersion::Eio3),
            (None, Some(sid)) => Some(opened_as(sid)),
            _ => None,
        };
        let protocol = match version {
            Some(ProtocolVersion::Eio4) if query.has_jsonp() => {
                return Err(Refusal::BadRequest(Problem::Jsonp));
            }
            Some(ProtocolVersion::Eio4) => Protocol::V4 {
                base64: query
                    .base64
                    .is_some_and(|value| !matches!(&*value, "" | "0" | "false")),
            },
            Some(ProtocolVersion::Eio3) if allow_eio3 => Protocol::V3(query.v3(transport)?),
            _ if query.sid.is_some() => return Err(Refusal::OTHER_VERSION),
            Some(ProtocolVersion::Eio3) => return Err(Refusal::Eio3NotAllowed),
            None => return Err(Refusal::UnsupportedVersion),
        };
        Ok((purpose, protocol))
    }

    fn sid(&self) -> Option<Sid> {
        match *self {
            Purpose::Poll(sid) | Purpose::Post(sid) | Purpose::Upgrade(sid, _) => Some(sid),
            Purpose::Preflight | Purpose::OpenPolling | Purpose::OpenWebSocket(_) => None,
        }
    }
}

/// The parameters of a request. One that is repeated with another value counts as invalid.
#[derive(Default)]
struct Query<'a> {
    transport: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
    sid: Option<Cow<'a, str>>,
    jsonp: Option<Cow<'a, str>>,
    base64: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    fn parse(text: &'a str) -> Self {
        let mut query = Query::default();
        // All bytes are looked at, since the compiler can then compare many at a time.
        let encoded = text.bytes().filter(|byte| matches!(byte, b'%' | b'+'));
        if encoded.count() > 0 {
            let decoded = form_urlencoded::parse(text.as_bytes());
            decoded.for_each(|(name, value)| query.set(&name, value));
            return query;
        }
        // Clients encode none of the parameters that are read here, and then there is nothing to decode.
        let mut rest = text;
        while !rest.is_empty() {
            let (parameter, others) = split_at(rest, b'&');
            let (name, value) = split_at(parameter, b'=');
            query.set(name, value.into());
            rest = others;
        }
        query
    }

    fn set(&mut self, name: &str, value: Cow<'a, str>) {
        let field = match name {
            "transport" => &mut self.transport,
            "EIO" => &mut self.version,
            "sid" => &mut self.sid,
            "j" => &mut self.jsonp,
            "b64" => &mut self.base64,
            _ => return,
        };
        let differs = field.as_ref().is_some_and(|first| *first != value);
        *field = Some(if differs { "repeated".into() } else { value });
    }

    fn has_jsonp(&self) -> bool {
        self.jsonp.as_ref().is_some_and(|index| !index.is_empty())
    }

    /// Reads what a client of version 3 can receive.
    fn v3(&self, transport: TransportKind) -> Result<V3, Refusal> {
        let index = self.jsonp.as_deref().filter(|index| !index.is_empty());
        let jsonp = match index {
            // Some clients keep the parameter when they upgrade.
            Some(index) if transport == TransportKind::Polling => Some(callback(index)?),
            _ => None,
        };
        let base64 = self.base64.as_ref().is_some_and(|value| !value.is_empty());
        Ok(V3 {
            base64: base64 || jsonp.is_some(),
            jsonp,
        })
    }
}

/// Returns what precedes an ASCII character, or everything, and what follows it. Faster for short texts than a search of `str`.
fn split_at(text: &str, at: u8) -> (&str, &str) {
    let place = text.bytes().position(|byte| byte == at);
    let (before, rest) = text.split_at(place.unwrap_or(text.len()));
    (before, rest.get(1..).unwrap_or_default())
}

/// Reads the index of a JSONP callback. Digits only: it becomes part of a script.
fn callback(index: &str) -> Result<u32, Refusal> {
    let digits = index.bytes().all(|byte| byte.is_ascii_digit());
    index
        .parse()
        .ok()
        .filter(|_| digits)
        .ok_or(Refusal::BadRequest(Problem::JsonpIndex))
}

/// Checks the headers of a WebSocket handshake (RFC 6455, 4.2.1; RFC 8441, 5).
fn accept(request: &Parts) -> Result<Accept, Refusal> {
    let headers = &request.headers;
    let is_stream = is_extended_connect(request);
    if !is_stream
        && (request.version != Version::HTTP_11
            || !has_token(headers, header::UPGRADE, "websocket")
            || !has_token(headers, header::CONNECTION, "upgrade"))
    {
        return Err(Refusal::BadRequest(Problem::NotWebSocket));
    }
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err(Refusal::WebSocketVersion);
    }
    if is_stream {
        return Ok(Accept::Stream);
    }
    let key = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    HeaderValue::try_from(derive_accept_key(key))
        .ok()
        .filter(|_| is_key(key))
        .map(Accept::Upgrade)
        .ok_or(Refusal::BadRequest(Problem::WebSocketKey))
}

/// Returns whether a request opens a stream of an HTTP/2 connection with the protocol that its query names: only an
/// extended CONNECT has a path.
fn is_extended_connect(request: &Parts) -> bool {
    request.method == Method::CONNECT
        && request.version == Version::HTTP_2
        && request.uri.scheme().is_some()
}

/// Returns whether a key has the form of 16 bytes in base64. As in other servers, only the form matters: some devices
/// send a fixed key whose last character has unused bits set, which is no valid base64.
fn is_key(key: &[u8]) -> bool {
    key.strip_suffix(b"==").is_some_and(|text| {
        text.len() == 22
            && text
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    })
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}
