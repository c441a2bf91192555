//! [`Routes`]: the contract over HTTP.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body_util::Full;

use super::{Contract, Format};

/// The path below which the contract is served, next to the HTTP API.
const PATH: &str = "/socket.io-api/";

/// The files: their names, formats and content types.
const FILES: [(&str, Format, &str); 4] = [
    (
        "contract.ts",
        Format::TypeScript,
        "text/plain; charset=utf-8",
    ),
    ("contract.json", Format::JsonSchema, "application/json"),
    ("asyncapi.json", Format::AsyncApi, "application/json"),
    ("contract.html", Format::Html, "text/html; charset=utf-8"),
];

/// What the page may use: its own script and style, requests to its own server, and WebSockets.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self' ws: wss:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The contract of a server, written once.
#[derive(Debug)]
pub(crate) struct Routes(Vec<(&'static str, &'static str, Bytes)>);

/// A page that asks for a token, and then shows the page of the contract.
#[cfg(feature = "api")]
const TOKEN_PAGE: &str = include_str!("page/token.html");

impl Routes {
    pub(crate) fn new(contract: &Contract) -> Self {
        let files = FILES.map(|(name, format, content_type)| {
            (name, content_type, Bytes::from(contract.write(format)))
        });
        Routes(files.into())
    }

    /// Returns whether a path may be one of the contract's.
    pub(crate) fn may_have(path: &str) -> bool {
        path.starts_with(PATH)
    }

    /// Returns whether a path is one of the contract's.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    fn file(&self, path: &str) -> Option<&(&'static str, &'static str, Bytes)> {
        let name = path.strip_prefix(PATH)?;
        self.0.iter().find(|(file, ..)| *file == name)
    }

    /// Returns a page that asks for a token, if a browser has opened the contract's page without one; `None` for other requests.
    #[cfg(feature = "api")]
    pub(crate) fn ask_for_token(&self, request: &Parts) -> Option<Response<Full<Bytes>>> {
        let is_page = request.uri.path().ends_with(".html") && request.method == Method::GET;
        if !is_page || request.headers.contains_key(header::AUTHORIZATION) {
            return None;
        }
        let mut response = Response::new(Full::from(TOKEN_PAGE));
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        add_headers(headers, "text/html; charset=utf-8", TOKEN_PAGE.len());
        Some(response)
    }

    /// Responds to a request for one of the files; `None` for other paths.
    pub(crate) fn response(&self, request: &Parts) -> Option<Response<Full<Bytes>>> {
        let (_, content_type, content) = self.file(request.uri.path())?;
        let mut response = Response::new(Full::default());
        let headers = response.headers_mut();
        if !matches!(request.method, Method::GET | Method::HEAD) {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return Some(response);
        }
        add_headers(headers, content_type, content.len());
        if request.method == Method::GET {
            *response.body_mut() = Full::new(content.clone());
        }
        Some(response)
    }
}

fn add_headers(headers: &mut HeaderMap, content_type: &'static str, length: usize) {
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_LENGTH, length.into());
}
