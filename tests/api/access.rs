//! Who may use the API, and where it is served.

use std::net::SocketAddr;

use axum::{Router, body::Body};
use http::Request;
use serde_json::Value;
use socketio::{Api, PeerAddr, SocketIo};
use test_support::{
    Log,
    http::{TextResponse, send, text},
    problems,
};
use tower::ServiceExt;

use super::{READER, TOKEN, builder, options, post, read, request, server};

fn error(response: &TextResponse) -> Value {
    let body: Value = serde_json::from_str(&response.body).unwrap();
    body["error"].clone()
}

#[tokio::test]
async fn without_a_token_of_the_server_every_request_is_refused_and_logged_with_its_address() {
    let (log, io) = (Log::default(), server());
    let _guard = log.collect();
    for authorization in [
        None,
        Some("Bearer wrong"),
        Some("Basic eDp5"),
        Some("Bearer"),
        Some(TOKEN),
    ] {
        let mut request = Request::get("/socket.io-api/sockets");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = "192.0.2.7:1234".parse().unwrap();
        request.extensions_mut().insert(PeerAddr(peer));
        let response = send(&io, request).await;
        assert_eq!(response.status, 401, "{authorization:?}");
        assert_eq!(response.header("www-authenticate"), "Bearer");
        assert_eq!(error(&response)["code"], "unauthorized");
    }
    let lines = log.lines("a request to the HTTP API without a valid token");
    assert_eq!(lines.len(), 5);
    assert!(
        lines
            .iter()
            .all(|line| line.contains("192.0.2.7") && !line.contains("wrong\""))
    );
    assert!(log.lines(TOKEN).is_empty());
    assert_eq!(io.metrics().problem("api_unauthorized"), 5);
}

#[tokio::test(start_paused = true)]
async fn an_address_with_too_many_wrong_tokens_has_to_wait_and_others_do_not() {
    let io = SocketIo::bare()
        .api(options().max_failed_attempts(3))
        .build()
        .unwrap();
    let ask = async |peer: &str, token: &str| {
        let request = Request::get("/socket.io-api/handlers");
        let request = request.header("authorization", format!("bearer {token}"));
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(PeerAddr(peer));
        send(&io, request).await
    };
    for _ in 0..3 {
        assert_eq!(ask("192.0.2.7:1", "guess").await.status, 401);
    }
    for token in ["guess", READER] {
        let response = ask("192.0.2.7:2", token).await;
        assert_eq!(response.status, 429);
        assert_eq!(response.header("retry-after"), "20");
        assert_eq!(error(&response)["code"], "too_many_attempts");
    }
    assert_eq!(ask("192.0.2.8:1", READER).await.status, 200);
    tokio::time::advance(std::time::Duration::from_secs(20)).await;
    assert_eq!(ask("192.0.2.7:3", READER).await.status, 200);
}

/// A web page can make the browser of an operator send such requests.
#[tokio::test(start_paused = true)]
async fn requests_without_a_token_do_not_block_their_address() {
    let io = SocketIo::bare()
        .api(options().max_failed_attempts(3))
        .build()
        .unwrap();
    let target = "/socket.io-api/handlers";
    for _ in 0..10 {
        let response = request(&io, None, ("GET", target), "").await;
        assert_eq!(response.status, 401);
    }
    let response = request(&io, Some(READER), ("GET", target), "").await;
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn a_token_for_reading_may_not_write() {
    let io = server();
    let target = "/socket.io-api/emit";
    let response = request(&io, Some(READER), ("POST", target), r#"{"event":"a"}"#).await;
    assert_eq!(response.status, 403);
    assert_eq!(error(&response)["code"], "insufficient_scope");
    post(&io, "emit", serde_json::json!({"event": "a"}), 200).await;
}

#[tokio::test]
async fn unknown_routes_methods_and_parameters_are_named() {
    let io = server();
    let cases = [
        ("GET", "nothing", 404, "unknown_route", Value::Null),
        ("GET", "", 404, "unknown_route", Value::Null),
        ("GET", "sockets/", 404, "unknown_route", Value::Null),
        ("POST", "sockets", 405, "method_not_allowed", Value::Null),
        ("DELETE", "events", 405, "method_not_allowed", Value::Null),
        ("OPTIONS", "events", 405, "method_not_allowed", Value::Null),
        ("GET", "emit", 405, "method_not_allowed", Value::Null),
        (
            "GET",
            "sockets?limt=3",
            400,
            "unknown_parameter",
            "limt".into(),
        ),
        ("GET", "metrics?x", 400, "unknown_parameter", "x".into()),
        ("GET", "live?x", 400, "unknown_parameter", "x".into()),
        ("POST", "emit?dry=1", 400, "unknown_parameter", "dry".into()),
        (
            "GET",
            "rooms?limit=1&limit=2",
            400,
            "invalid_parameter",
            "limit".into(),
        ),
        (
            "GET",
            "events?limit=1001",
            400,
            "invalid_parameter",
            "limit".into(),
        ),
        (
            "GET",
            "sockets?limit=0",
            400,
            "invalid_parameter",
            "limit".into(),
        ),
        (
            "GET",
            "sockets?limit=-1",
            400,
            "invalid_parameter",
            "limit".into(),
        ),
        (
            "GET",
            "sockets?limit=99999999999999999999",
            400,
            "invalid_parameter",
            "limit".into(),
        ),
        (
            "GET",
            "events?after=x",
            400,
            "invalid_parameter",
            "after".into(),
        ),
        (
            "GET",
            "events?after=%2B1",
            400,
            "invalid_parameter",
            "after".into(),
        ),
        (
            "GET",
            "events?wait=61",
            400,
            "invalid_parameter",
            "wait".into(),
        ),
        (
            "GET",
            "events?wait=nan",
            400,
            "invalid_parameter",
            "wait".into(),
        ),
        (
            "GET",
            "events?wait=-1",
            400,
            "invalid_parameter",
            "wait".into(),
        ),
        (
            "GET",
            "rooms?after=x",
            400,
            "invalid_parameter",
            "after".into(),
        ),
        (
            "GET",
            "rooms?namespace=chat",
            400,
            "invalid_parameter",
            "namespace".into(),
        ),
        (
            "GET",
            "sockets?namespace=%2Fa%2F%7Bid%7D",
            400,
            "invalid_parameter",
            "namespace".into(),
        ),
    ];
    for (method, route, status, code, parameter) in cases {
        let target = format!("/socket.io-api/{route}");
        let response = request(&io, Some(TOKEN), (method, &target), "").await;
        assert_eq!(
            response.status, status,
            "{method} {route}: {}",
            response.body
        );
        let error = error(&response);
        assert_eq!(error["code"], code, "{method} {route}");
        assert_eq!(error["parameter"], parameter, "{method} {route}");
        // No page of another origin may read anything.
        assert!(!response.headers.contains_key("access-control-allow-origin"));
        assert_eq!(response.header("cache-control"), "no-store");
        if status == 405 {
            let allowed = if route == "emit" { "POST" } else { "GET" };
            assert_eq!(response.header("allow"), allowed);
        }
    }
}

#[tokio::test]
async fn probes_need_no_token_and_metrics_need_one() {
    let io = server();
    for (route, body) in [("live", "live\n"), ("ready", "ready\n")] {
        let target = format!("/socket.io-api/{route}");
        let response = request(&io, None, ("GET", &target), "").await;
        assert_eq!((response.status, &*response.body), (200, body));
    }
    let target = ("GET", "/socket.io-api/metrics");
    assert_eq!(request(&io, None, target, "").await.status, 401);
    let metrics = request(&io, Some(READER), target, "").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.body.contains("\nsocketio_ready 1\n"));
    let head = request(&io, Some(READER), ("HEAD", "/socket.io-api/sockets"), "").await;
    assert_eq!((head.status, &*head.body), (200, ""));
    io.stop();
    let ready = request(&io, None, ("GET", "/socket.io-api/ready"), "").await;
    assert_eq!((ready.status, &*ready.body), (503, "draining\n"));
}

#[tokio::test]
async fn a_server_without_an_api_serves_none() {
    let io = SocketIo::bare().on("a", || async {}).build().unwrap();
    let response = request(&io, Some(TOKEN), ("GET", "/socket.io-api/live"), "").await;
    assert_eq!((response.status, &*response.body), (404, "Not Found"));
}

#[tokio::test]
async fn the_api_is_served_at_another_path_or_in_a_router() {
    let io = SocketIo::bare()
        .api(options().path("ops/v1"))
        .build()
        .unwrap();
    read(&io, "/ops/v1/sockets", 200).await;
    let elsewhere = request(&io, Some(READER), ("GET", "/socket.io-api/sockets"), "").await;
    assert_eq!(elsewhere.status, 404);

    let io = builder().api(options().mounted(false)).build().unwrap();
    let own = request(&io, Some(READER), ("GET", "/socket.io-api/handlers"), "").await;
    assert_eq!(own.status, 404);
    let router = Router::new().nest_service("/inside", io.api_service());
    let ask = Request::get("/inside/handlers?limit=1")
        .header("authorization", format!("Bearer {READER}"));
    let response = router
        .oneshot(ask.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let page: Value = serde_json::from_str(&text(response).await).unwrap();
    // The router's path is not known: the URL is relative to that of the page.
    assert_eq!(page["next"], "?after=1&limit=1");
}

#[tokio::test]
async fn wrong_options_are_found_by_build() {
    let api = Api::bearer("").path("?").max_page(0);
    let found = problems(SocketIo::bare().api(api));
    for expected in [
        "a token is empty",
        "the path \"?\"",
        "`max_page` must not be zero",
    ] {
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected}: {found:?}"
        );
    }
}

#[tokio::test]
#[should_panic = "this server has no HTTP API: add `.api(Api::bearer(..))` to the builder"]
async fn a_service_of_a_server_without_an_api_panics_with_the_cure() {
    drop(SocketIo::bare().build().unwrap().api_service());
}

#[tokio::test]
async fn a_short_token_is_reported_in_the_log() {
    let log = Log::default();
    let _guard = log.collect();
    drop(SocketIo::bare().api(Api::bearer("secret")).build().unwrap());
    assert_eq!(log.lines("less than 16 characters").len(), 1);
}
