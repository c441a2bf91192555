//! Bodies that are large, slow or broken.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Request;
use serde_json::Value;
use socketio::SocketIo;
use test_support::http::send;

use super::{TOKEN, options, post, request, server};

fn emit(body: Body) -> Request<Body> {
    let request = Request::post("/socket.io-api/emit");
    let request = request.header("authorization", format!("Bearer {TOKEN}"));
    request.body(body).unwrap()
}

async fn code(io: &SocketIo, request: Request<Body>) -> (u16, String) {
    let response = send(io, request).await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    (
        response.status,
        body["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    )
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_with_and_without_a_length() {
    let io = SocketIo::bare()
        .api(options().max_body(100))
        .build()
        .unwrap();
    let large = "x".repeat(101);
    let expected = (413, String::from("body_too_large"));
    assert_eq!(code(&io, emit(Body::from(large.clone()))).await, expected);
    let parts = stream::iter(large.into_bytes())
        .map(|byte| Ok::<_, std::io::Error>(Bytes::from(vec![byte])));
    assert_eq!(code(&io, emit(Body::from_stream(parts))).await, expected);
    // The declared length is believed before anything is read.
    let mut declared = emit(Body::from_stream(stream::pending::<
        Result<Bytes, std::io::Error>,
    >()));
    declared.headers_mut().insert("content-length", 101.into());
    assert_eq!(code(&io, declared).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_too_long_is_refused() {
    let io = server();
    let begun = tokio::time::Instant::now();
    let slow = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"{")) })
        .chain(stream::pending());
    assert_eq!(
        code(&io, emit(Body::from_stream(slow))).await,
        (408, "body_too_slow".into())
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let broken = stream::iter([
        Ok(Bytes::from_static(b"{")),
        Err(std::io::Error::other("gone")),
    ]);
    assert_eq!(
        code(&server(), emit(Body::from_stream(broken))).await,
        (400, "body_broken".into())
    );
}

#[tokio::test]
async fn errors_name_the_mistake_in_a_body() {
    let io = server();
    for (body, code, parameter) in [
        ("", "invalid_body", Value::Null),
        ("{", "invalid_body", Value::Null),
        ("\u{0}", "invalid_body", Value::Null),
        ("{}", "invalid_parameter", "event".into()),
        (
            r#"{"event":"a","evnt":1}"#,
            "invalid_parameter",
            "evnt".into(),
        ),
        (
            r#"{"event":"a","namespace":"chat"}"#,
            "invalid_parameter",
            "namespace".into(),
        ),
        // serde would read the fields of a struct from a list as well.
        (
            r#"["a",null,null,null,null,null,null,null,null,null]"#,
            "invalid_body",
            Value::Null,
        ),
        (r#"{"event":5}"#, "invalid_parameter", "event".into()),
        (
            r#"{"event":"a","args":"hi"}"#,
            "invalid_parameter",
            "args".into(),
        ),
        (
            r#"{"rooms":5,"event":"a"}"#,
            "invalid_parameter",
            "rooms".into(),
        ),
        (
            r#"{"event":"a","ack":"yes"}"#,
            "invalid_parameter",
            "ack".into(),
        ),
        (
            r#"{"event":"a","namespace":"/{id}"}"#,
            "invalid_parameter",
            "namespace".into(),
        ),
        (
            r#"{"event":"connect"}"#,
            "invalid_parameter",
            "event".into(),
        ),
        (
            r#"{"event":"disconnect"}"#,
            "invalid_parameter",
            "event".into(),
        ),
        (
            r#"{"event":"a","args":[{"$binary":"?"}]}"#,
            "invalid_parameter",
            "args".into(),
        ),
        (
            r#"{"event":"a","timeout":1}"#,
            "invalid_parameter",
            "timeout".into(),
        ),
        (
            r#"{"event":"a","ack":true,"timeout":1e9}"#,
            "invalid_parameter",
            "timeout".into(),
        ),
    ] {
        let response = request(&io, Some(TOKEN), ("POST", "/socket.io-api/emit"), body).await;
        assert_eq!(response.status, 400, "{body}: {}", response.body);
        let answer: Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(answer["error"]["code"], code, "{body}");
        assert_eq!(answer["error"]["parameter"], parameter, "{body}: {answer}");
    }
    for body in [
        serde_json::json!({}),
        serde_json::json!({"everyone": false}),
        serde_json::json!({"everyone": true, "sockets": "a"}),
    ] {
        post(&io, "disconnect", body, 400).await;
    }
}

#[tokio::test]
async fn deeply_nested_values_are_refused() {
    let io = server();
    let deep = format!(
        r#"{{"event":"a","args":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let response = request(&io, Some(TOKEN), ("POST", "/socket.io-api/emit"), &deep).await;
    assert_eq!(response.status, 400, "{}", response.body);
}
