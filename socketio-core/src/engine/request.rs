//! [`Purpose`]: what a request asks for, by its method, query and headers.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request::Parts};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{protocol::Protocol, refusal::Refusal, sid::Sid, transport::TransportKind, v3::V3};
use crate::base::Problem;

/// What a request asks for.
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
    /// Reads a request, and the protocol that it is written in. Its session has not been looked up yet.
    pub(super) fn of(request: &Parts, allow_eio3: bool) -> Result<(Self, Protocol), Refusal> {
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
        let protocol = match query.version.as_deref() {
            Some("4") if query.has_jsonp() => {
                return Err(Refusal::BadRequest(Problem::Jsonp));
            }
            Some("4") => Protocol::V4 {
                base64: query
                    .base64
                    .is_some_and(|value| !matches!(&*value, "" | "0" | "false")),
            },
            Some("3") if allow_eio3 => Protocol::V3(query.v3(transport)?),
            _ if query.sid.is_some() => return Err(Refusal::OTHER_VERSION),
            Some("3") => return Err(Refusal::Eio3NotAllowed),
            _ => return Err(Refusal::UnsupportedVersion),
        };
        Ok((purpose, protocol))
    }
}

/// The parameters of a request. A repeated one counts as invalid.
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
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let field = match &*name {
                "transport" => &mut query.transport,
                "EIO" => &mut query.version,
                "sid" => &mut query.sid,
                "j" => &mut query.jsonp,
                "b64" => &mut query.base64,
                _ => continue,
            };
            let repeated = field.is_some();
            *field = Some(if repeated { "repeated".into() } else { value });
        }
        query
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

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "AAAAaaaa0000----____";

    fn sid() -> Sid {
        Sid::parse(SID).unwrap()
    }

    fn of(method: &str, query: &str, headers: &[(&str, &str)]) -> Result<Purpose, Refusal> {
        let query = query.replace("$", SID);
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/engine.io/?{query}"));
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let request = request.body(()).unwrap().into_parts().0;
        Purpose::of(&request, false).map(|(purpose, _)| purpose)
    }

    /// Reads a polling handshake of version 3.
    fn v3(query: &str) -> Result<Protocol, Refusal> {
        let uri = format!("/engine.io/?EIO=3&{query}");
        let request = http::Request::get(uri).body(()).unwrap().into_parts().0;
        Purpose::of(&request, true).map(|(_, protocol)| protocol)
    }

    const WEBSOCKET: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn sample_accept() -> Accept {
        Accept::Upgrade(HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    }

    #[test]
    fn each_purpose_has_its_request() {
        assert_eq!(
            of("GET", "EIO=4&transport=polling", &[]),
            Ok(Purpose::OpenPolling)
        );
        assert_eq!(
            of("GET", "EIO=4&transport=polling&j=&b64=1&t=x", &[]),
            Ok(Purpose::OpenPolling)
        );
        assert_eq!(
            of("GET", "transport=polling&EIO=4&sid=$", &[]),
            Ok(Purpose::Poll(sid()))
        );
        assert_eq!(
            of("POST", "transport=polling&EIO=4&sid=$", &[]),
            Ok(Purpose::Post(sid()))
        );
        assert_eq!(of("OPTIONS", "", &[]), Ok(Purpose::Preflight));
        let open = of("GET", "transport=websocket&EIO=4", &WEBSOCKET);
        assert_eq!(open, Ok(Purpose::OpenWebSocket(sample_accept())));
        let upgrade = of("GET", "transport=websocket&EIO=4&sid=$", &WEBSOCKET);
        assert_eq!(upgrade, Ok(Purpose::Upgrade(sid(), sample_accept())));
    }

    #[test]
    fn a_transport_that_is_no_transport_is_code_0() {
        for query in [
            "EIO=4",
            "EIO=4&transport=",
            "EIO=4&transport=__proto__",
            "EIO=4&transport=polling&transport=polling",
            "",
        ] {
            assert_eq!(
                of("GET", query, &[]),
                Err(Refusal::UnknownTransport),
                "{query}"
            );
        }
    }

    #[test]
    fn an_sid_that_no_server_gave_is_code_1() {
        for sid in [
            "",
            "__proto__",
            "constructor",
            "%00",
            "%F0%9F%92%A9",
            "$&sid=$",
        ] {
            let query = format!("EIO=4&transport=polling&sid={sid}");
            assert_eq!(of("GET", &query, &[]), Err(Refusal::UnknownSid), "{sid}");
        }
    }

    #[test]
    fn a_handshake_is_a_get() {
        for method in ["POST", "PUT", "DELETE", "HEAD", "PATCH"] {
            assert_eq!(
                of(method, "EIO=4&transport=polling", &[]),
                Err(Refusal::BadMethod),
                "{method}"
            );
        }
        for method in ["PUT", "DELETE", "HEAD", "PATCH"] {
            assert_eq!(
                of(method, "EIO=4&transport=polling&sid=$", &[]),
                Err(Refusal::MethodNotAllowed),
                "{method}"
            );
        }
    }

    #[test]
    fn the_version_is_4_everywhere() {
        for version in ["", "EIO=5&", "EIO=4&EIO=4&", "EIO=abc&"] {
            let open = format!("{version}transport=polling");
            assert_eq!(
                of("GET", &open, &[]),
                Err(Refusal::UnsupportedVersion),
                "{open}"
            );
            let poll = format!("{version}transport=polling&sid=$");
            assert!(
                matches!(of("GET", &poll, &[]), Err(Refusal::BadRequest(_))),
                "{poll}"
            );
        }
    }

    #[test]
    fn version_3_is_refused_with_a_reason_of_its_own() {
        assert_eq!(
            of("GET", "EIO=3&transport=polling", &[]),
            Err(Refusal::Eio3NotAllowed)
        );
        assert!(matches!(
            of("GET", "EIO=3&transport=polling&sid=$", &[]),
            Err(Refusal::BadRequest(_))
        ));
    }

    #[test]
    fn a_client_of_version_3_says_what_it_can_receive() {
        let protocol = |base64, jsonp| Ok(Protocol::V3(V3 { base64, jsonp }));
        assert_eq!(v3("transport=polling"), protocol(false, None));
        assert_eq!(v3("transport=polling&b64=&j="), protocol(false, None));
        assert_eq!(v3("transport=polling&b64=1"), protocol(true, None));
        assert_eq!(v3("transport=polling&b64=true"), protocol(true, None));
        assert_eq!(v3("transport=polling&j=12"), protocol(true, Some(12)));
        for index in [
            "-1",
            "%2B1",
            "1.5",
            "a",
            "0];alert(1)//",
            "4294967296",
            "1&j=1",
        ] {
            let query = format!("transport=polling&j={index}");
            assert!(matches!(v3(&query), Err(Refusal::BadRequest(_))), "{index}");
        }
    }

    #[test]
    fn jsonp_is_refused() {
        assert!(matches!(
            of("GET", "EIO=4&transport=polling&j=0", &[]),
            Err(Refusal::BadRequest(_))
        ));
    }

    #[test]
    fn over_http_2_an_extended_connect_opens_a_websocket() {
        let connect = |uri: &str, headers: &[(&str, &str)]| {
            let request = http::Request::builder()
                .method("CONNECT")
                .version(Version::HTTP_2)
                .uri(uri);
            let request = headers.iter().fold(request, |request, (name, value)| {
                request.header(*name, *value)
            });
            let request = request.body(()).unwrap().into_parts().0;
            Purpose::of(&request, false).map(|(purpose, _)| purpose)
        };
        let uri = "https://a.test/engine.io/?EIO=4&transport=websocket";
        let version = [("sec-websocket-version", "13")];
        assert_eq!(
            connect(uri, &version),
            Ok(Purpose::OpenWebSocket(Accept::Stream))
        );
        assert_eq!(
            connect(&format!("{uri}&sid={SID}"), &version),
            Ok(Purpose::Upgrade(sid(), Accept::Stream))
        );
        assert_eq!(connect(uri, &[]), Err(Refusal::WebSocketVersion));
        assert!(connect("a.test:443", &version).is_err());
        assert_eq!(
            of("CONNECT", "EIO=4&transport=websocket", &WEBSOCKET),
            Err(Refusal::BadMethod)
        );
    }

    #[test]
    fn a_websocket_request_must_be_one() {
        let open = |headers: &[(&str, &str)]| of("GET", "EIO=4&transport=websocket", headers);
        assert!(matches!(open(&[]), Err(Refusal::BadRequest(_))));
        for (name, _) in WEBSOCKET {
            let headers: Vec<_> = WEBSOCKET
                .into_iter()
                .filter(|header| header.0 != name)
                .collect();
            assert!(open(&headers).is_err(), "without {name}");
        }
        let mut headers = WEBSOCKET;
        headers[2].1 = "8";
        assert_eq!(open(&headers), Err(Refusal::WebSocketVersion));
        for key in [
            "",
            "c2hvcnQ=",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBs_SBub25jZQ==",
        ] {
            headers = WEBSOCKET;
            headers[3].1 = key;
            assert!(
                matches!(open(&headers), Err(Refusal::BadRequest(_))),
                "{key}"
            );
        }
        // Unused bits of the last character are set.
        headers[3].1 = "dGhlIHNhbXBsZSBub25jZR==";
        assert!(matches!(open(&headers), Ok(Purpose::OpenWebSocket(_))));
        assert!(matches!(
            of("POST", "EIO=4&transport=websocket&sid=$", &WEBSOCKET),
            Err(Refusal::BadRequest(_))
        ));
    }
}
