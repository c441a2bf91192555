//! Histories as Server-Sent Events.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use socketio::{BoxError, History, HistoryHttp, PeerAddr, SocketIo};
use test_support::settle;
use tokio::time::Instant;
use tower::ServiceExt;

use super::{
    event_source::{Message, Parser, readers},
    history_http::{bare, emit, open},
};

/// A reader without a socket, which reads when it is asked.
struct Reader {
    body: http_body_util::combinators::UnsyncBoxBody<Bytes, BoxError>,
    parser: Parser,
}

impl Reader {
    async fn open(io: &SocketIo, query: &str, last: &str) -> Self {
        let response = Self::request(io, query, last, None).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = response.into_body().boxed_unsync();
        let mut reader = Reader {
            body,
            parser: Parser::default(),
        };
        assert_eq!(reader.next().await.unwrap().event, "retry");
        reader
    }

    async fn request(
        io: &SocketIo,
        query: &str,
        last: &str,
        peer: Option<[u8; 4]>,
    ) -> http::Response<impl http_body::Body<Data = Bytes, Error = BoxError> + Send + use<>> {
        let mut request = Request::get(format!("/socket.io-history/?room=room:a{query}"))
            .header("accept", "text/event-stream");
        if !last.is_empty() {
            request = request.header("last-event-id", last);
        }
        if let Some(peer) = peer {
            request = request.extension(PeerAddr((peer, 4711).into()));
        }
        let request = request.body(Body::empty()).unwrap();
        io.service().oneshot(request).await.unwrap()
    }

    /// Returns the next message; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.parser.next() {
                return Some(message);
            }
            let frame = self.body.frame().await?.unwrap();
            let chunk = frame.into_data().unwrap();
            self.parser.0.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn joined(&mut self) -> Message {
        let joined = self.next().await.unwrap();
        assert_eq!(joined.event, "joined");
        joined
    }

    /// Expects these events, and returns the position of the last one.
    async fn expect(&mut self, numbers: impl IntoIterator<Item = u32>) -> String {
        let mut last = String::new();
        for number in numbers {
            let message = self.next().await.unwrap();
            assert_eq!(message.event, "");
            assert_eq!(message.data["args"], json!([number]), "{message:?}");
            last = message.id;
        }
        last
    }
}

fn problems(io: &SocketIo, name: &str) -> u64 {
    let metrics = io.metrics();
    let mut problems = metrics.problems.iter();
    problems.find(|one| one.name == name).unwrap().count
}

#[tokio::test]
async fn a_stream_has_the_kept_events_and_then_new_ones() {
    let io = bare(open()).build().unwrap();
    emit(&io, 1..=3);
    let mut reader = Reader::open(&io, "&limit=2", "").await;
    let joined = reader.joined().await;
    assert_eq!(joined.data["recovered"], true);
    let epoch = joined.data["epoch"].as_str().unwrap();
    assert_eq!(
        (joined.data["seq"].as_u64(), &*joined.id),
        (Some(1), &*format!("{epoch}.1"))
    );
    let message = reader.next().await.unwrap();
    assert_eq!(message.id, format!("{epoch}.2"));
    assert_eq!(message.data["event"], "tick");
    assert_eq!(
        (&message.data["seq"], &message.data["args"]),
        (&json!(2), &json!([2]))
    );
    reader.expect([3]).await;
    emit(&io, 4..=5);
    io.to("room:b").emit("tick", 9);
    reader.expect([4, 5]).await;
}

#[tokio::test]
async fn a_reader_that_reconnects_continues_where_it_was() {
    let io = bare(open()).build().unwrap();
    emit(&io, 1..=1);
    let mut reader = Reader::open(&io, "", "").await;
    reader.joined().await;
    let first = reader.expect([1]).await;
    drop(reader);
    emit(&io, 2..=300);
    // The header overrides the URL, which is that of the first request.
    let mut reader = Reader::open(&io, "&since=AAAAAAAA.1", &first).await;
    let joined = reader.joined().await;
    assert_eq!(
        (joined.data["recovered"].clone(), &joined.id),
        (json!(true), &first)
    );
    let last = reader.expect(2..=300).await;
    emit(&io, 301..=301);
    let mut reader = Reader::open(&io, &format!("&since={last}"), "").await;
    reader.joined().await;
    reader.expect([301]).await;
}

#[tokio::test]
async fn after_a_gap_the_reader_is_notified_and_gets_the_kept_events() {
    let io = SocketIo::bare()
        .history("/", "room:{id}", History::new().max_events(2))
        .history_http(open())
        .build()
        .unwrap();
    emit(&io, 1..=1);
    let mut reader = Reader::open(&io, "", "").await;
    reader.joined().await;
    let first = reader.expect([1]).await;
    drop(reader);
    emit(&io, 2..=5);
    for last in [&*first, "AAAAAAAA.1"] {
        let mut reader = Reader::open(&io, "", last).await;
        assert_eq!(reader.joined().await.data["recovered"], false);
        reader.expect([4, 5]).await;
    }
    // A position that was not reached yet.
    let (epoch, _) = first.split_once('.').unwrap();
    let mut reader = Reader::open(&io, "", &format!("{epoch}.99")).await;
    assert_eq!(reader.joined().await.data["recovered"], false);
    emit(&io, 6..=6);
    reader.expect([6]).await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_the_history_overtakes_is_notified_in_the_stream() {
    let io = SocketIo::bare()
        .history("/", "room:{id}", History::new().max_events(5))
        .history_http(open())
        .build()
        .unwrap();
    let mut reader = Reader::open(&io, "", "").await;
    reader.joined().await;
    for number in 1..=50 {
        emit(&io, [number]);
        settle().await;
    }
    // Two parts were in flight.
    let mut seen = Vec::new();
    let joined = loop {
        let message = reader.next().await.unwrap();
        match &*message.event {
            "" => seen.push(message.data["args"][0].as_u64().unwrap()),
            _ => break message,
        }
    };
    assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>());
    assert_eq!(joined.data["recovered"], false);
    reader.expect(46..=50).await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_has_comments_that_move_the_position_on() {
    let io = bare(open().heartbeat(Duration::from_secs(10)))
        .build()
        .unwrap();
    let begun = Instant::now();
    let mut reader = Reader::open(&io, "", "").await;
    let joined = reader.joined().await;
    io.to("room:b").emit("tick", 1);
    let beat = reader.next().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
    assert_eq!((&*beat.event, &beat.data), ("", &Value::Null));
    let epoch = joined.data["epoch"].as_str().unwrap();
    assert_eq!(beat.id, format!("{epoch}.1"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_after_its_time_and_when_the_server_stops() {
    let io = bare(open().max_stream_duration(Duration::from_secs(3_600)))
        .build()
        .unwrap();
    let begun = Instant::now();
    let mut reader = Reader::open(&io, "&limit=0", "").await;
    while reader.next().await.is_some() {}
    assert_eq!(begun.elapsed(), Duration::from_secs(3_600));
    let mut reader = Reader::open(&io, "", "").await;
    reader.joined().await;
    io.stop();
    assert_eq!(reader.next().await, None);
    // New readers must try again later: `EventSource` would give up after any other response.
    let mut reader = Reader::open(&io, "", "").await;
    assert_eq!(reader.next().await, None);
    settle().await;
    assert_eq!(readers(&io), 0);
}

#[tokio::test]
async fn readers_are_limited_in_total_and_by_address_and_free_their_places() {
    let http = || open().max_readers(3).max_readers_per_address(2);
    let io = bare(http()).build().unwrap();
    let request = async |peer| Reader::request(&io, "", "", Some(peer)).await;
    let (ana, bo) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    let first = request(ana).await;
    let _second = request(ana).await;
    let refused = request(ana).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    let _third = request(bo).await;
    let full = request(bo).await;
    assert_eq!(full.status(), 503);
    let body = full.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["error"]["code"], "too_many_readers");
    assert_eq!((readers(&io), problems(&io, "too_many_readers")), (3, 1));
    assert_eq!(problems(&io, "too_many_readers_of_address"), 1);
    drop(first);
    settle().await;
    assert_eq!(readers(&io), 2);
    assert_eq!(request(ana).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_is_ended() {
    let io = bare(open()).build().unwrap();
    let mut reader = Reader::open(&io, "&limit=0", "").await;
    reader.joined().await;
    for number in 0..5 {
        io.to("room:a").emit("large", (number, "x".repeat(100_000)));
    }
    settle().await;
    assert_eq!(readers(&io), 1);
    tokio::time::sleep(Duration::from_secs(21)).await;
    settle().await;
    assert_eq!((readers(&io), problems(&io, "slow_reader")), (0, 1));
    // The data in flight, and the end.
    let mut events = 0;
    while reader.next().await.is_some() {
        events += 1;
    }
    assert!((1..5).contains(&events), "{events}");
}

#[tokio::test]
async fn an_invalid_position_and_a_wait_are_refused() {
    let io = bare(open()).build().unwrap();
    for (query, last, parameter) in [
        ("", "17", "Last-Event-ID"),
        ("&since=17", "", "since"),
        ("&wait=5", "", "wait"),
    ] {
        let refused = Reader::request(&io, query, last, None).await;
        assert_eq!(refused.status(), 400);
        let body = refused.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["parameter"], parameter);
    }
}

#[tokio::test]
async fn the_guard_runs_for_streams_as_well() {
    let http = HistoryHttp::new(async |request: socketio::HistoryRequest| {
        request.request().query("token").as_deref() == Some("t0ken")
    });
    let io = bare(http.parameter("token")).build().unwrap();
    assert_eq!(Reader::request(&io, "", "", None).await.status(), 403);
    Reader::open(&io, "&token=t0ken", "").await;
}
