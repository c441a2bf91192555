//! Histories over HTTP: pages and long polls.

use std::time::Duration;

use axum::{Router, body::Body};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use socketio::{History, HistoryHttp, HistoryRequest, SocketIo, SocketIoBuilder};
use test_support::{
    http::{TextResponse, send},
    settle,
};
use tower::ServiceExt;

pub(crate) fn bare(http: HistoryHttp) -> SocketIoBuilder {
    SocketIo::bare()
        .allow_namespace("/")
        .history("/", "room:{id}", History::new())
        .history_http(http)
}

pub(crate) fn open() -> HistoryHttp {
    HistoryHttp::new(async |_: HistoryRequest| true)
}

pub(crate) fn emit(io: &SocketIo, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        io.to("room:a").emit("tick", number);
    }
}

pub(crate) async fn request(
    io: &SocketIo,
    method: &str,
    query: &str,
    headers: &[(&str, &str)],
) -> TextResponse {
    let target = format!("/socket.io-history/?{query}");
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(io, request.body(Body::empty()).unwrap()).await
}

/// Reads JSON, and expects a status.
async fn read(io: &SocketIo, query: &str, status: u16) -> Value {
    let response = request(io, "GET", query, &[]).await;
    assert_eq!(response.status, status, "{query}: {}", response.body);
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-store");
    serde_json::from_str(&response.body).unwrap()
}

fn position(page: &Value) -> String {
    format!("{}.{}", page["epoch"].as_str().unwrap(), page["seq"])
}

fn numbers(page: &Value) -> Vec<u64> {
    let events = page["events"].as_array().unwrap().iter();
    events.map(|one| one["args"][0].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_history_is_read_by_pages() {
    let io = bare(open()).build().unwrap();
    let before = read(&io, "room=room:a", 200).await;
    assert_eq!(
        (&before["events"], &before["more"]),
        (&json!([]), &json!(false))
    );
    emit(&io, 1..=5);
    let all = read(&io, "room=room:a&namespace=/", 200).await;
    assert_eq!(numbers(&all), [1, 2, 3, 4, 5]);
    let mut first = all["events"][0].clone();
    let time = first["time"].take();
    let time = time.as_str().unwrap();
    assert!(time.len() == 27 && time.ends_with('Z'), "{time}");
    assert_eq!(
        first,
        json!({"seq": 1, "event": "tick", "args": [1], "time": null})
    );
    assert_eq!(
        numbers(&read(&io, "room=room:a&limit=2", 200).await),
        [4, 5]
    );
    let none = read(&io, "room=room:a&limit=0", 200).await;
    assert_eq!((numbers(&none), position(&none)), (vec![], position(&all)));

    let (mut since, mut seen) = (position(&before), Vec::new());
    for more in [true, true, false] {
        let page = read(&io, &format!("room=room:a&limit=2&since={since}"), 200).await;
        assert_eq!(
            (&page["recovered"], &page["more"]),
            (&json!(true), &json!(more))
        );
        seen.extend(numbers(&page));
        since = position(&page);
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    assert_eq!(since, position(&all));
}

#[tokio::test]
async fn a_page_is_limited_by_bytes_and_binary_data_is_base64() {
    let io = bare(open()).build().unwrap();
    let begin = position(&read(&io, "room=room:a", 200).await);
    for _ in 0..4 {
        io.to("room:a").emit(
            "blob",
            (Bytes::from_static(b"\xff\x00"), "x".repeat(400_000)),
        );
    }
    let page = read(&io, &format!("room=room:a&since={begin}"), 200).await;
    assert_eq!(page["events"].as_array().unwrap().len(), 2);
    assert_eq!(page["more"], true);
    assert_eq!(page["events"][0]["args"][0], json!({"$binary": "/wA="}));
    let rest = read(&io, &format!("room=room:a&since={}", position(&page)), 200).await;
    assert_eq!(rest["events"].as_array().unwrap().len(), 2);
    let newest = read(&io, "room=room:a", 200).await;
    assert_eq!(newest["events"], rest["events"]);
    // An event that is larger than a page has a page of its own.
    io.to("room:a").emit("blob", "x".repeat(2_000_000));
    let page = read(&io, "room=room:a", 200).await;
    assert_eq!(page["events"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn forged_foreign_and_stale_positions_are_reported() {
    let io = bare(open())
        .history("/", "small:{id}", History::new().max_events(2))
        .build()
        .unwrap();
    let begin = read(&io, "room=small:a", 200).await;
    for number in 1..=4 {
        io.to("small:a").emit("tick", number);
    }
    let newest = read(&io, "room=small:a", 200).await;
    let epoch = begin["epoch"].as_str().unwrap();
    for (since, left) in [
        // The events after it are no longer kept.
        (position(&begin), vec![3, 4]),
        // Of another epoch, that is, of before a restart, or of another namespace.
        (String::from("AAAAAAAA.3"), vec![3, 4]),
        // Not reached yet.
        (format!("{epoch}.99"), vec![]),
    ] {
        let page = read(&io, &format!("room=small:a&since={since}&wait=60"), 200).await;
        assert_eq!(page["recovered"], false, "{since}");
        assert_eq!(numbers(&page), left, "{since}");
        assert_eq!(position(&page), position(&newest), "{since}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_refused_by_their_names() {
    let http = open().parameter("token").max_page(500);
    let io = bare(http).build().unwrap();
    emit(&io, 1..=1);
    for (query, parameter) in [
        ("", "room"),
        ("room=room:a&offset=1", "offset"),
        ("room=room:a&room=room:b", "room"),
        ("room=room:a&since=17", "since"),
        ("room=room:a&since=q83vEjRW.x", "since"),
        ("room=room:a&since=", "since"),
        ("room=room:a&limit=501", "limit"),
        ("room=room:a&limit=-1", "limit"),
        ("room=room:a&limit=99999999999999999999", "limit"),
        ("room=room:a&wait=61", "wait"),
        ("room=room:a&wait=soon", "wait"),
        ("room=room:a&namespace=chat", "namespace"),
    ] {
        let error = read(&io, query, 400).await["error"].clone();
        assert_eq!(error["parameter"], parameter, "{query}");
        assert!(
            error["message"].as_str().unwrap().contains(parameter),
            "{error}"
        );
    }
    let client = socketio_test::TestClient::connect(&io, "/").await.unwrap();
    let sid = client.sid();
    for (query, parameter) in [
        (format!("room=room:{}", "x".repeat(300)), "room"),
        (
            format!("room=room:a&namespace=/{}", "x".repeat(300)),
            "namespace",
        ),
        (format!("room={sid}"), "room"),
    ] {
        assert_eq!(
            read(&io, &query, 400).await["error"]["parameter"],
            parameter
        );
    }
    read(&io, "room=room:a&token=own", 200).await;
    for query in ["room=other", "room=room:a&namespace=/elsewhere"] {
        let error = read(&io, query, 404).await["error"].clone();
        assert_eq!(
            (&error["code"], &error["parameter"]),
            (&json!("no_history"), &json!("room"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_the_next_event() {
    let io = bare(open()).build().unwrap();
    emit(&io, 1..=1);
    let since = position(&read(&io, "room=room:a", 200).await);
    let query = format!("room=room:a&since={since}&wait=30");
    let waiting = tokio::spawn({
        let (io, query) = (io.clone(), query.clone());
        async move { read(&io, &query, 200).await }
    });
    settle().await;
    assert_eq!(io.metrics().history.unwrap().readers, 1);
    // Events of other rooms do not end the wait.
    io.to("room:b").emit("tick", 2);
    settle().await;
    assert!(!waiting.is_finished());
    emit(&io, 3..=3);
    assert_eq!(numbers(&waiting.await.unwrap()), [3]);
    assert_eq!(io.metrics().history.unwrap().readers, 0);
    // Kept events are returned without waiting.
    assert_eq!(numbers(&read(&io, &query, 200).await), [3]);

    let begun = tokio::time::Instant::now();
    let since = position(&read(&io, "room=room:a", 200).await);
    let page = read(&io, &format!("room=room:a&since={since}&wait=2.5"), 200).await;
    assert_eq!(
        (&page["events"], &page["recovered"]),
        (&json!([]), &json!(true))
    );
    assert_eq!(begun.elapsed(), Duration::from_millis(2_500));

    let waiting = tokio::spawn({
        let io = io.clone();
        async move { read(&io, &format!("room=room:a&since={since}&wait=60"), 200).await }
    });
    settle().await;
    io.stop();
    assert_eq!(waiting.await.unwrap()["events"], json!([]));
    assert_eq!(begun.elapsed(), Duration::from_millis(2_500));
}

#[tokio::test]
async fn namespaces_that_readers_make_up_leave_no_log_and_keep_their_positions() {
    let io = SocketIo::bare()
        .allow_namespace("/job/{id}")
        .history("/job/{id}", "log", History::new())
        .history_http(open())
        .build()
        .unwrap();
    let first = read(&io, "namespace=/job/1&room=log", 200).await;
    let other = read(&io, "namespace=/job/2&room=log", 200).await;
    assert_ne!(first["epoch"], other["epoch"]);
    io.of("/job/1").to("log").emit("tick", 1);
    let since = position(&first);
    let page = read(
        &io,
        &format!("namespace=/job/1&room=log&since={since}"),
        200,
    )
    .await;
    assert_eq!(
        (numbers(&page), &page["recovered"]),
        (vec![1], &json!(true))
    );
}

#[tokio::test]
async fn histories_are_served_at_their_path_and_under_a_layer() {
    let io = bare(open().path("/jobs/log")).build().unwrap();
    emit(&io, 1..=1);
    let app = Router::new()
        .route("/jobs/log/more", axum::routing::get(async || "own"))
        .layer(io.layer());
    for (path, expected) in [
        ("/jobs/log", r#""args":[1]"#),
        ("/jobs/log/", r#""args":[1]"#),
        ("/jobs/log/more", "own"),
    ] {
        let request = Request::get(format!("{path}?room=room:a")).body(Body::empty());
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        let text = test_support::http::text(response).await;
        assert!(text.contains(expected), "{path}: {text}");
    }
}
