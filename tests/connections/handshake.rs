//! `on_handshake`: which connections are refused, how, and that no request bypasses it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::{Request as HttpRequest, Response, StatusCode};
use serde_json::{Value, json};
use socketio::{HandshakeRefused, Request, SocketIo};
use test_support::http::{HANDSHAKE, response as send};

fn keyed() -> SocketIo {
    SocketIo::bare()
        .on_handshake(async |request: Request| match request.header("x-key") {
            Some("sesame") => Ok(()),
            Some(_) => Err(HandshakeRefused::new("another key")),
            None => Err(HandshakeRefused::new("a key is needed").status(StatusCode::UNAUTHORIZED)),
        })
        .build()
        .unwrap()
}

async fn get(io: &SocketIo, target: &str, key: Option<&str>) -> Response<String> {
    let mut request = HttpRequest::get(target);
    if let Some(key) = key {
        request = request.header("x-key", key);
    }
    send(io, request.body(Body::empty()).unwrap()).await
}

fn json_of(response: &Response<String>) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_str(response.body()).unwrap()
}

#[tokio::test]
async fn a_refusal_has_a_status_and_a_body_and_opens_no_session() {
    let io = keyed();
    let refused = get(&io, HANDSHAKE, None).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        json_of(&refused),
        json!({"code": 4, "message": "a key is needed"})
    );
    let refused = get(&io, HANDSHAKE, Some("wrong")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let refused = get(&io, "/socket.io/?EIO=4&transport=websocket", None).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(io.connections(), 0);
}

#[tokio::test]
async fn pages_of_allowed_origins_can_read_refusals_and_hooks_do_not_run_for_others() {
    let io = SocketIo::bare()
        .cors_allowed_origins("https://example.org")
        .on_handshake(async |_: Request| Err::<(), _>(HandshakeRefused::new("not today")))
        .build()
        .unwrap();
    let from = |origin: &str| {
        let request = HttpRequest::get(HANDSHAKE).header("origin", origin);
        send(&io, request.body(Body::empty()).unwrap())
    };
    let refused = from("https://example.org").await;
    assert_eq!(json_of(&refused)["message"], "not today");
    let headers = refused.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://example.org"
    );
    assert_eq!(headers["access-control-allow-credentials"], "true");
    let refused = from("https://example.com").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_ne!(json_of(&refused)["message"], "not today");
    assert!(
        !refused
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn the_handshake_hook_runs_once_for_each_connection() {
    let io = keyed();
    let opened = get(&io, HANDSHAKE, Some("sesame")).await;
    assert_eq!(opened.status(), StatusCode::OK);
    let sid = opened.body().split('"').nth(3).unwrap();
    let target = format!("{HANDSHAKE}&sid={sid}");
    let post = HttpRequest::post(&target).body(Body::from("40")).unwrap();
    assert_eq!(send(&io, post).await.status(), StatusCode::OK);
    let polled = get(&io, &target, None).await;
    assert!(polled.body().starts_with("40{"), "{}", polled.body());
}

#[tokio::test]
async fn no_form_of_a_request_bypasses_the_hook() {
    let io = keyed();
    for target in [
        "&sid=",
        "&sid",
        "&%73id=x",
        "&sid=&sid=",
        "&SID=x",
        "&x=sid",
    ] {
        let target = format!("{HANDSHAKE}{target}");
        let answer = get(&io, &target, None).await;
        assert!(answer.status().is_client_error(), "{target}");
        let post = HttpRequest::post(&target).body(Body::empty()).unwrap();
        assert!(send(&io, post).await.status().is_client_error(), "{target}");
    }
    assert_eq!(io.connections(), 0);
}

#[tokio::test]
async fn false_other_errors_and_panics_refuse_with_the_default_message() {
    let refuses = SocketIo::bare()
        .on_handshake(async |_: Request| false)
        .build()
        .unwrap();
    let refused = get(&refuses, HANDSHAKE, None).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        json_of(&refused),
        json!({"code": 4, "message": "Forbidden"})
    );

    let fails = SocketIo::bare()
        .on_handshake(async |_: Request| -> anyhow::Result<()> { anyhow::bail!("secret") })
        .build()
        .unwrap();
    let refused = get(&fails, HANDSHAKE, None).await;
    assert_eq!(
        json_of(&refused),
        json!({"code": 4, "message": "Forbidden"})
    );

    let panics = SocketIo::bare()
        .on_handshake(async |_: Request| -> bool { panic!("secret") })
        .build()
        .unwrap();
    let refused = get(&panics, HANDSHAKE, None).await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!refused.body().contains("secret"));
}

#[tokio::test]
async fn a_refusal_is_found_inside_of_other_errors() {
    let io = SocketIo::bare()
        .on_handshake(async |_: Request| -> anyhow::Result<()> {
            Err(HandshakeRefused::new("full")
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .text("full"))?
        })
        .build()
        .unwrap();
    let refused = get(&io, HANDSHAKE, None).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.body(), "full");
}

#[tokio::test]
async fn hooks_run_in_order_until_one_refuses() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = |refuse_at: usize| {
        let asked = Arc::clone(&asked);
        move |_: Request| {
            let before = asked.fetch_add(1, Ordering::Relaxed);
            async move { before != refuse_at }
        }
    };
    let io = SocketIo::bare()
        .on_handshake(counting(9))
        .on_handshake(counting(1))
        .on_handshake(counting(9))
        .build()
        .unwrap();
    assert_eq!(
        get(&io, HANDSHAKE, None).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
