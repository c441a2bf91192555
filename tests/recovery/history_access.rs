//! Access to histories over HTTP.

use axum::{Router, body::Body};
use http::Request;
use serde_json::Value;
use socketio::{Forbidden, History, HistoryHttp, HistoryRequest, SocketIo};
use test_support::{problem, settle};
use tower::ServiceExt;

use super::history_http::{bare, open, request};

#[tokio::test]
async fn a_guard_decides_with_the_request_the_namespace_and_the_room() {
    let http = HistoryHttp::new(async |request: HistoryRequest| {
        settle().await;
        assert_eq!(request.namespace(), "/");
        match request.request().header("x-key") {
            Some("panic") => panic!("in the guard"),
            Some("secret") => Err(socketio::BoxError::from("of the database")),
            Some("ana") if request.room() == "room:a" => Ok(true),
            Some("ana") => Err(Forbidden::new("not your room").into()),
            _ => Ok(false),
        }
    });
    let io = bare(http).build().unwrap();
    for (room, key, status, message) in [
        ("room:a", "ana", 200, ""),
        ("room:b", "ana", 403, "not your room"),
        ("room:a", "bo", 403, "forbidden"),
        ("room:a", "secret", 403, "forbidden"),
        ("room:a", "panic", 500, "internal error"),
        // A reader that is refused does not learn which rooms exist.
        ("elsewhere", "bo", 403, "forbidden"),
    ] {
        let response = request(&io, "GET", &format!("room={room}"), &[("x-key", key)]).await;
        assert_eq!(response.status, status, "{room} {key}");
        if status != 200 {
            let body: Value = serde_json::from_str(&response.body).unwrap();
            assert_eq!(body["error"]["message"], message);
        }
    }
    let refused = |metrics: socketio::metrics::Metrics| {
        let mut problems = metrics.problems.into_iter();
        problems
            .find(|one| one.name == "history_forbidden")
            .unwrap()
            .count
    };
    assert_eq!(refused(io.metrics()), 5);
}

#[tokio::test]
async fn pages_of_other_origins_need_the_servers_permission() {
    let io = bare(open())
        .cors_allowed_origins("https://app.test")
        .build()
        .unwrap();
    let from = async |method, origin| {
        let headers = [("origin", origin), ("host", "api.test")];
        request(&io, method, "room=room:a", &headers).await
    };
    let allowed = from("GET", "https://app.test").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://app.test"
    );
    let preflight = from("OPTIONS", "https://app.test").await;
    assert_eq!((preflight.status, &*preflight.body), (204, ""));
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("GET")
    );
    for method in ["GET", "OPTIONS"] {
        let refused = from(method, "https://evil.test").await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("origin_not_allowed"), "{refused:?}");
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn only_get_and_head_are_methods() {
    let io = bare(open()).build().unwrap();
    for method in ["POST", "PUT", "DELETE"] {
        let response = request(&io, method, "room=room:a", &[]).await;
        assert_eq!((response.status, response.header("allow")), (405, "GET"));
    }
    let events = [("accept", "text/event-stream")];
    for headers in [&[][..], &events] {
        let head = request(&io, "HEAD", "room=room:a", headers).await;
        assert_eq!((head.status, &*head.body), (200, ""));
    }
}

#[tokio::test]
async fn without_a_guard_nothing_is_served() {
    let io = SocketIo::bare()
        .history("/", "room:{id}", History::new())
        .build()
        .unwrap();
    let response = request(&io, "GET", "room=room:a", &[]).await;
    assert_eq!((response.status, &*response.body), (404, "Not Found"));
    // Not even to those who have the path: it is the application's.
    let app = Router::new()
        .route("/socket.io-history/", axum::routing::get(async || "own"))
        .layer(io.layer());
    let request = Request::get("/socket.io-history/").body(Body::empty());
    let response = app.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(test_support::http::text(response).await, "own");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    problem(
        SocketIo::bare().history_http(open()),
        &["no room has a history"],
    );
    problem(bare(open().path("/")), &["must name at least one segment"]);
    problem(
        bare(open().path("socket.io/history")),
        &["below that of the server"],
    );
    problem(
        bare(open().parameter("room")),
        &["`room` has a meaning already"],
    );
    problem(
        bare(open().max_readers(0)),
        &["`max_readers` must not be zero"],
    );
}
