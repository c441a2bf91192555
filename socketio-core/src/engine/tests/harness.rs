//! A server on in-memory connections, and clients that write the bytes of the protocol themselves.
//!
//! The connections are in memory, so that tests can pause the time: waiting then takes no real time.

use std::{collections::VecDeque, convert::Infallible, future::poll_fn, time::Duration};

use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message as Frame, client::IntoClientRequest},
};

use crate::engine::{Config, Engine, Session};

pub(super) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Heartbeats of 300/200 ms and a limit of 1,000 bytes.
pub(super) fn config() -> Config {
    let mut config = Config::default();
    (config.ping_interval, config.ping_timeout) = (ms(300), ms(200));
    config.max_payload = 1_000;
    config
}

/// A server that passes its new sessions to the test, which drives them.
pub(super) struct Server {
    pub(super) engine: Engine,
    opened: mpsc::UnboundedReceiver<Session>,
}

impl Server {
    pub(super) fn new(config: Config) -> Self {
        let (sender, opened) = mpsc::unbounded_channel();
        let engine = Engine::new(config, move |session| {
            let _ = sender.send(session);
        });
        Server { engine, opened }
    }

    /// Creates a server whose sessions send back what they receive.
    pub(super) fn echo(config: Config) -> Self {
        let engine = Engine::new(config, |mut session| {
            tokio::spawn(async move {
                while let Ok(message) = session.recv().await {
                    let _ = session.send(message).await;
                }
            });
        });
        Server {
            engine,
            opened: mpsc::unbounded_channel().1,
        }
    }

    /// Returns the session that was opened last.
    pub(super) async fn opened(&mut self) -> Session {
        self.opened.recv().await.unwrap()
    }

    /// Opens a connection.
    pub(super) fn connect(&self) -> DuplexStream {
        let (client, server) = duplex(64 * 1024);
        serve(self.engine.clone(), server);
        client
    }

    /// Sends one request on a new connection.
    pub(super) async fn request(
        &self,
        method: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut stream = self.connect();
        write_request(&mut stream, method, query, headers, body).await;
        Response::read(&mut stream).await
    }

    pub(super) async fn get(&self, query: &str) -> Response {
        self.request("GET", query, &[], "").await
    }

    pub(super) async fn post(&self, query: &str, body: &str) -> Response {
        self.request("POST", query, &[], body).await
    }

    /// Opens a session over polling. Returns the query of its further requests.
    pub(super) async fn open_polling(&self) -> String {
        let reply = self.get("EIO=4&transport=polling").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        polling_query(&reply.body)
    }

    /// Opens a WebSocket, without a session or for that of a polling query.
    pub(super) async fn open_websocket(
        &self,
        query: &str,
    ) -> tungstenite::Result<WebSocket<DuplexStream>> {
        WebSocket::open(self.connect(), query).await
    }

    /// Opens a WebSocket session that a task drives, and reads its open packet.
    pub(super) async fn websocket(&self) -> WebSocket<DuplexStream> {
        let mut socket = self.open_websocket(WEBSOCKET).await.unwrap();
        assert!(socket.text().await.starts_with("0{"));
        socket
    }

    /// Opens a WebSocket session that the test drives, and reads its open packet. Returns both ends.
    pub(super) async fn both_ends(&mut self) -> (WebSocket<DuplexStream>, Session) {
        let mut socket = self.open_websocket(WEBSOCKET).await.unwrap();
        let mut session = self.opened().await;
        let mut nothing = VecDeque::new();
        tokio::select! {
            event = poll_fn(|cx| session.poll(cx, &mut nothing, false)) => panic!("{event:?}"),
            greeting = socket.text() => assert!(greeting.starts_with("0{")),
        }
        (socket, session)
    }
}

/// The query that opens a session over WebSocket.
pub(super) const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// Serves the engine on one connection.
pub(super) fn serve(engine: Engine, io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(move |request| {
        let response = engine.handle(request);
        async { Ok::<_, Infallible>(response.await) }
    });
    tokio::spawn(
        http1::Builder::new()
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades(),
    );
}

/// Returns the query of further requests, from the open packet of a session.
pub(super) fn polling_query(open_packet: &str) -> String {
    format!("EIO=4&transport=polling&sid={}", sid(open_packet))
}

/// Returns the query of the WebSocket that upgrades the session of a polling query.
pub(super) fn upgrade_query(polling: &str) -> String {
    polling.replace("polling", "websocket")
}

pub(super) fn sid(open_packet: &str) -> String {
    let open: serde_json::Value =
        serde_json::from_str(open_packet.strip_prefix('0').unwrap()).unwrap();
    open["sid"].as_str().unwrap().to_owned()
}

pub(super) async fn write_request(
    stream: &mut (impl AsyncWrite + Unpin),
    method: &str,
    query: &str,
    headers: &[(&str, &str)],
    body: &str,
) {
    let mut request = format!("{method} /engine.io/?{query} HTTP/1.1\r\nhost: a.test\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
        request += &format!("content-length: {}\r\n", body.len());
    }
    stream
        .write_all(format!("{request}\r\n{body}").as_bytes())
        .await
        .unwrap();
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Returns the body, and its text if it is UTF-8.
    pub(super) bytes: Vec<u8>,
    pub(super) body: String,
}

impl Response {
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers: HeaderMap = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| {
                (
                    HeaderName::try_from(name).unwrap(),
                    HeaderValue::try_from(value).unwrap(),
                )
            })
            .collect();
        let length = headers
            .get("content-length")
            .map_or(0, |length| length.to_str().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        Response {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body,
        }
    }

    /// Returns status and body as one value, for comparisons. The body of a bad request is without its reason.
    pub(super) fn brief(&self) -> (u16, &str) {
        match self.body.split_once(r#","reason":"#) {
            Some((head, _)) if BAD_REQUEST.1.strip_suffix('}') == Some(head) => {
                (self.status, BAD_REQUEST.1)
            }
            _ => (self.status, &self.body),
        }
    }
}

/// Returns the response to a request with an unknown session.
pub(super) const UNKNOWN: (u16, &str) = (400, r#"{"code":1,"message":"Session ID unknown"}"#);
pub(super) const BAD_REQUEST: (u16, &str) = (400, r#"{"code":3,"message":"Bad request"}"#);
pub(super) const OK: (u16, &str) = (200, "ok");

/// The client's end of a WebSocket.
pub(super) struct WebSocket<S>(pub(super) WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    pub(super) async fn open(stream: S, query: &str) -> tungstenite::Result<Self> {
        let request = format!("ws://a.test/engine.io/?{query}").into_client_request()?;
        Ok(WebSocket(client_async(request, stream).await?.0))
    }

    pub(super) async fn send(&mut self, text: &str) {
        self.0.send(Frame::text(text)).await.unwrap();
    }

    pub(super) async fn binary(&mut self, bytes: &[u8]) {
        self.0.send(Frame::binary(bytes.to_vec())).await.unwrap();
    }

    /// Returns the next frame; `None` when the connection has ended in any way.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        self.0.next().await?.ok()
    }

    pub(super) async fn text(&mut self) -> String {
        match self.frame().await {
            Some(Frame::Text(text)) => text.to_string(),
            other => panic!("not a text: {other:?}"),
        }
    }

    /// Returns the code of the close frame, which must be the next and last frame.
    pub(super) async fn close_code(&mut self) -> u16 {
        match self.frame().await {
            Some(Frame::Close(Some(frame))) => {
                assert_eq!(self.frame().await, None);
                frame.code.into()
            }
            other => panic!("not closed: {other:?}"),
        }
    }

    /// Sends raw bytes.
    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }
}

/// Returns the head of a request, to call the engine without a connection.
pub(super) fn bare_request(query: &str) -> Request<http_body_util::Empty<bytes::Bytes>> {
    Request::get(format!("/engine.io/?{query}"))
        .body(http_body_util::Empty::new())
        .unwrap()
}
