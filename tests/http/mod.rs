//! HTTP as a client sends it, without a port: requests to the server's tower service.

#![allow(dead_code, reason = "each test program uses its part")]

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use socketio::SocketIo;
use tower::ServiceExt;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The first header of that name, or `""`.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends a request to the server.
pub(crate) async fn send(io: &SocketIo, request: Request<Body>) -> Answer {
    let response = io.service().oneshot(request).await.unwrap();
    read(response).await
}

async fn read<B>(response: Response<B>) -> Answer
where
    B: http_body::Body<Data: Send, Error: std::fmt::Debug>,
{
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// A GET below `/socket.io/?EIO=4&`, with headers.
pub(crate) async fn get(io: &SocketIo, query: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::get(format!("/socket.io/?EIO=4&{query}"));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    send(io, request.body(Body::empty()).unwrap()).await
}

/// Asks for a WebSocket. Without a connection beneath it, it can't be had: but a 101 says that it would.
pub(crate) async fn websocket(io: &SocketIo, query: &str) -> Answer {
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    get(io, query, &headers).await
}

/// A handshake over polling: its five keys.
pub(crate) async fn open(io: &SocketIo) -> Value {
    let answer = get(io, "transport=polling", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(answer.body.strip_prefix('0').unwrap()).unwrap()
}

/// A session over polling.
pub(crate) struct Polling {
    io: SocketIo,
    target: String,
}

impl Polling {
    /// Opens a session.
    pub(crate) async fn open(io: &SocketIo) -> Polling {
        let handshake = open(io).await;
        let sid = handshake["sid"].as_str().unwrap();
        Polling {
            io: io.clone(),
            target: format!("/socket.io/?EIO=4&transport=polling&sid={sid}"),
        }
    }

    /// Opens a session and joins `/`.
    pub(crate) async fn join(io: &SocketIo) -> Polling {
        let polling = Polling::open(io).await;
        polling.post("40").await;
        let answer = polling.get().await;
        assert!(answer.body.starts_with("40{"), "{answer:?}");
        polling
    }

    /// What waits to be read, or what comes next.
    pub(crate) async fn get(&self) -> Answer {
        let request = Request::get(&self.target).body(Body::empty()).unwrap();
        send(&self.io, request).await
    }

    /// Sends packets.
    pub(crate) async fn post(&self, body: &str) -> Answer {
        let request = Request::post(&self.target)
            .body(Body::from(body.to_owned()))
            .unwrap();
        send(&self.io, request).await
    }
}
