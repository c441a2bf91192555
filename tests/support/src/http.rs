//! HTTP as a client sends it: requests to the server's tower service without a stream, and exchanges over any stream.

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use socketio_core::SocketIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tower::ServiceExt;

/// A response.
#[derive(Debug)]
pub struct TextResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body, as text.
    pub body: String,
}

impl TextResponse {
    /// Reads the response to a request that asked for the connection to be closed.
    pub async fn read(mut stream: impl AsyncRead + Unpin) -> Self {
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.unwrap();
        let response = String::from_utf8(response).unwrap();
        let (head, body) = response
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("not a response: {response:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse().unwrap(), value.parse().unwrap())
        };
        let headers: http::HeaderMap<http::HeaderValue> =
            lines.map(header).collect::<http::HeaderMap<_>>();
        TextResponse {
            status: status.parse().unwrap(),
            headers,
            body: body.to_owned(),
        }
    }

    /// Returns the first header of that name, or `""`.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// The target of a request that opens a session over polling.
pub const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

/// Writes a request and asks for the connection to be closed after its response.
pub async fn write_request(
    stream: &mut (impl AsyncWrite + Unpin),
    method: &str,
    target: &str,
    body: &str,
) {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Sends one request over a stream and returns the whole response as text.
pub async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    target: &str,
    body: &str,
) -> String {
    write_request(&mut stream, method, target, body).await;
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

/// Opens a session and joins `/`, with one stream for each request. Returns the target of further requests.
pub async fn join<S: AsyncRead + AsyncWrite + Unpin>(
    mut connect: impl AsyncFnMut() -> S,
) -> String {
    let open = exchange(connect().await, "GET", HANDSHAKE, "").await;
    let target = format!("{HANDSHAKE}&sid={}", sid_of(&open));
    let posted = exchange(connect().await, "POST", &target, "40").await;
    assert!(posted.ends_with("ok"), "{posted}");
    target
}

/// Returns the session's id from a text that holds its open packet.
pub fn sid_of(response: &str) -> &str {
    let (_, rest) = response
        .split_once(r#""sid":""#)
        .unwrap_or_else(|| panic!("no open packet: {response}"));
    rest.split('"').next().unwrap()
}

/// Sends a request to the server's service.
pub async fn response(io: &SocketIo, request: Request<Body>) -> Response<String> {
    let (head, body) = io.service().oneshot(request).await.unwrap().into_parts();
    Response::from_parts(head, body_text(body).await)
}

/// Sends a request to the server's service.
pub async fn send(io: &SocketIo, request: Request<Body>) -> TextResponse {
    let (head, body) = response(io, request).await.into_parts();
    TextResponse {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    }
}

/// Reads a body, which has to be text.
pub async fn text<B>(response: Response<B>) -> String
where
    B: http_body::Body<Data: Send, Error: std::fmt::Debug>,
{
    body_text(response.into_body()).await
}

async fn body_text<B>(body: B) -> String
where
    B: http_body::Body<Data: Send, Error: std::fmt::Debug>,
{
    let bytes = body.collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Sends a GET below `/socket.io/?EIO=4&`, with headers.
pub async fn get(io: &SocketIo, query: &str, headers: &[(&str, &str)]) -> TextResponse {
    let request = Request::get(format!("/socket.io/?EIO=4&{query}"));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    send(io, request.body(Body::empty()).unwrap()).await
}

/// Requests a WebSocket. There is no connection to upgrade, but the status 101 shows that it would be accepted.
pub async fn websocket(io: &SocketIo, query: &str) -> TextResponse {
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    get(io, query, &headers).await
}

/// Opens a session over polling and returns its open packet.
pub async fn open(io: &SocketIo) -> Value {
    let answer = get(io, "transport=polling", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(answer.body.strip_prefix('0').unwrap()).unwrap()
}
