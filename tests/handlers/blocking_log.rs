//! Handlers that block the thread of their connection are named in the log, once.

use std::{thread, time::Duration};

use socketio::{EventCall, HandlerError, Next, Response, SocketIo, handlers};
use socketio_test::TestClient;
use test_support::Log;

/// Returns the lines about handlers that blocked.
fn blocked(log: &Log) -> Vec<String> {
    log.lines("blocked")
}

/// Blocks the thread. Paused time has no effect on it.
fn block() {
    thread::sleep(Duration::from_millis(150));
}

#[socketio::event]
async fn slow() {
    block();
}

#[socketio::event]
fn slow_at_once() {
    block();
}

#[socketio::event]
async fn quick() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

#[tokio::test]
async fn a_handler_that_blocks_is_logged_once_with_the_cure() {
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare()
        .handlers(handlers![slow, slow_at_once])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..2 {
        client.call::<()>("slow", ()).await.unwrap();
    }
    let lines = blocked(&log);
    let [line] = &lines[..] else {
        panic!("{lines:?}");
    };
    for part in [
        "WARN",
        "slow",
        "tests/handlers/blocking_log.rs:",
        "spawn_blocking",
        "blocking)",
    ] {
        assert!(line.contains(part), "{part:?} is not in {line}");
    }
    client.call::<()>("slow_at_once", ()).await.unwrap();
    assert_eq!(blocked(&log).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_awaits_is_not_logged() {
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare().handlers(handlers![quick]).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.call::<()>("quick", ()).await.unwrap();
    assert_eq!(blocked(&log), Vec::<String>::new());
}

#[tokio::test]
async fn middleware_is_not_logged_when_its_handler_blocks() {
    async fn pass(call: EventCall, next: Next) -> Result<Response, HandlerError> {
        next.run(call).await
    }
    async fn block_after(call: EventCall, next: Next) -> Result<Response, HandlerError> {
        let result = next.run(call).await;
        block();
        result
    }
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare()
        .handlers(handlers![slow])
        .middleware_in("/", pass)
        .middleware_in("/", pass)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.call::<()>("slow", ()).await.unwrap();
    let lines = blocked(&log);
    assert!(
        matches!(&lines[..], [line] if line.contains(r#"function="slow""#)),
        "{lines:?}"
    );

    let io = SocketIo::bare()
        .on("quick", || ())
        .middleware(pass)
        .middleware(block_after)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.call::<()>("quick", ()).await.unwrap();
    // Only the middleware that blocked, not the one around it.
    let lines = blocked(&log);
    assert!(
        matches!(&lines[1..], [line] if line.contains(r#"function="middleware""#)),
        "{lines:?}"
    );
}
