//! Sessions over one HTTP/2 connection: polling, and WebSockets as its streams (RFC 8441).

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    client::conn::http2 as client, ext::Protocol, server::conn::http2 as server,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::duplex;
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

use super::harness::{Server, WebSocket, config, polling_query, upgrade_query};
use crate::engine::Engine;

/// The client's end of an HTTP/2 connection.
struct Http2(client::SendRequest<Full<Bytes>>);

impl Http2 {
    async fn connect(engine: Engine) -> Self {
        let (ours, theirs) = duplex(64 * 1024);
        let service = service_fn(move |request| {
            let response = engine.handle(request);
            async { Ok::<_, Infallible>(response.await) }
        });
        tokio::spawn(
            server::Builder::new(TokioExecutor::new())
                .enable_connect_protocol()
                .serve_connection(TokioIo::new(theirs), service),
        );
        let builder = client::Builder::new(TokioExecutor::new());
        let (requests, connection) = builder.handshake(TokioIo::new(ours)).await.unwrap();
        tokio::spawn(connection);
        Http2(requests)
    }

    async fn request(&mut self, method: Method, query: &str, body: &'static str) -> (u16, String) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://a.test/engine.io/?{query}"))
            .body(body.into())
            .unwrap();
        let response = self.0.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn websocket(&mut self, query: &str) -> WebSocket<TokioIo<hyper::upgrade::Upgraded>> {
        let request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("http://a.test/engine.io/?{query}"))
            .extension(Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13")
            .header("sec-websocket-protocol", "v1, v2")
            .body(Full::default())
            .unwrap();
        let response = self.0.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["sec-websocket-protocol"], "v1");
        assert!(!response.headers().contains_key("sec-websocket-accept"));
        let stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        WebSocket(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
    }
}

#[tokio::test]
async fn one_connection_carries_polling_and_websockets() {
    let server = Server::echo(config());
    let mut http2 = Http2::connect(server.engine.clone()).await;
    let open = http2
        .request(Method::GET, "EIO=4&transport=polling", "")
        .await;
    let query = polling_query(&open.1);
    let posted = http2.request(Method::POST, &query, "4one").await;
    assert_eq!(posted, (200, "ok".into()));
    let polled = http2.request(Method::GET, &query, "").await;
    assert_eq!(polled, (200, "4one".into()));

    let mut direct = http2.websocket("EIO=4&transport=websocket").await;
    assert!(direct.text().await.starts_with("0{"));
    direct.send("4two").await;
    assert_eq!(direct.text().await, "4two");

    let mut upgraded = http2.websocket(&upgrade_query(&query)).await;
    upgraded.send("2probe").await;
    assert_eq!(upgraded.text().await, "3probe");
    upgraded.send("5").await;
    upgraded.send("4three").await;
    assert_eq!(upgraded.text().await, "4three");

    direct.send("1").await;
    assert_eq!(direct.close_code().await, 1000);
    upgraded.send("4four").await;
    assert_eq!(upgraded.text().await, "4four");
    assert_eq!(server.engine.len(), 1);
}
