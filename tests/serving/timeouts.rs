//! The timeouts of HTTP connections: idle between requests, and the head of a request.

use std::time::Duration;

use axum::{Router, routing::get};
use socketio::SocketIo;
use test_support::{
    Log,
    engine_client::{Connector, Stream},
    problem,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep},
};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const SECOND: Duration = Duration::from_secs(1);

/// A connection to a server with the default timeouts, which answers `/` after an hour if that is asked for.
async fn connection() -> Stream {
    serve(SocketIo::bare().build().unwrap()).await
}

async fn serve(io: SocketIo) -> Stream {
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/slow", get(|| async { sleep(3600 * SECOND).await }));
    let (connector, listener) = Connector::duplex();
    tokio::spawn(async move { io.serve(app, listener).await });
    connector.connect().await
}

/// Sends a request and reads its response, which ends in `hello`.
async fn exchange(stream: &mut Stream) {
    stream.write_all(REQUEST).await.unwrap();
    hello(stream).await;
}

async fn hello(stream: &mut Stream) {
    let mut response = Vec::new();
    while !response.ends_with(b"hello") {
        let byte = stream.read_u8().await;
        response.push(byte.unwrap_or_else(|_| panic!("closed after {response:?}")));
    }
    assert!(response.starts_with(b"HTTP/1.1 200"));
}

/// Returns after how many seconds the server has closed the connection without a response.
async fn closed_after(stream: &mut Stream) -> u64 {
    let began = Instant::now();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert_eq!(response, "");
    began.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed_after_the_header_timeout() {
    assert_eq!(closed_after(&mut connection().await).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_idles_between_requests_outlives_the_idle_time_of_proxies() {
    let mut stream = connection().await;
    exchange(&mut stream).await;
    for _ in 0..3 {
        sleep(74 * SECOND).await;
        exchange(&mut stream).await;
    }
    assert_eq!(closed_after(&mut stream).await, 75);
}

#[tokio::test(start_paused = true)]
async fn a_slow_head_is_cut_off_ten_seconds_after_it_began() {
    for idle in [0, 70] {
        let mut stream = connection().await;
        exchange(&mut stream).await;
        sleep(idle * SECOND).await;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let began = Instant::now();
        // A byte each second, which never end the head.
        let dripping = tokio::spawn(async move {
            for byte in REQUEST.iter().cycle().filter(|byte| **byte != b'\n') {
                if writer.write_u8(*byte).await.is_err() {
                    break;
                }
                sleep(SECOND).await;
            }
        });
        let mut response = String::new();
        reader.read_to_string(&mut response).await.unwrap();
        assert_eq!(response, "");
        assert_eq!(began.elapsed().as_secs(), 10);
        dripping.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_head_is_logged_and_an_idle_connection_is_not() {
    let log = Log::default();
    let _guard = log.collect();
    let mut stream = connection().await;
    exchange(&mut stream).await;
    assert_eq!(closed_after(&mut stream).await, 75);
    assert_eq!(closed_after(&mut connection().await).await, 10);
    assert_eq!(log.lines("HTTP"), [""; 0]);

    let mut stream = connection().await;
    stream.write_all(&REQUEST[..5]).await.unwrap();
    assert_eq!(closed_after(&mut stream).await, 10);
    let lines = log.lines("the head of an HTTP request took too long");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("peer=192.0.2.7:7"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_in_pieces_may_take_almost_the_timeout_after_a_long_silence() {
    let mut stream = connection().await;
    exchange(&mut stream).await;
    sleep(70 * SECOND).await;
    stream.write_all(&REQUEST[..5]).await.unwrap();
    sleep(9 * SECOND).await;
    stream.write_all(&REQUEST[5..]).await.unwrap();
    hello(&mut stream).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_being_answered_does_not_count_as_idle() {
    let mut stream = connection().await;
    let slow = b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(slow).await.unwrap();
    let began = Instant::now();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert_eq!(began.elapsed().as_secs(), 3600);
}

#[tokio::test(start_paused = true)]
async fn both_timeouts_are_options() {
    let io = SocketIo::bare()
        .keep_alive(5 * SECOND)
        .header_timeout(2 * SECOND)
        .build()
        .unwrap();
    assert_eq!(closed_after(&mut serve(io.clone()).await).await, 2);
    let mut stream = serve(io).await;
    exchange(&mut stream).await;
    assert_eq!(closed_after(&mut stream).await, 5);

    let endless = SocketIo::bare()
        .keep_alive(Duration::MAX)
        .header_timeout(Duration::MAX);
    let mut stream = serve(endless.build().unwrap()).await;
    exchange(&mut stream).await;
    stream.write_all(&REQUEST[..5]).await.unwrap();
    sleep(36_000 * SECOND).await;
    stream.write_all(&REQUEST[5..]).await.unwrap();
    hello(&mut stream).await;
}

#[test]
fn timeouts_of_zero_are_refused() {
    let zero = Duration::ZERO;
    problem(
        SocketIo::bare().keep_alive(zero),
        &["`keep_alive` must not be zero"],
    );
    problem(
        SocketIo::bare().header_timeout(zero),
        &["`header_timeout` must not be zero"],
    );
}
