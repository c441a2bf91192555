//! Nodes that only emit, and configurations that cannot work.

use socketio::{SocketIo, SocketIoBuilder};
use socketio_test::{TestQueue, event};
use tower::ServiceExt;

use crate::nodes::Pair;

#[tokio::test]
async fn a_write_only_server_reaches_all_clients_and_receives_nothing() {
    let pair = Pair::new().await;
    let writer = SocketIo::bare()
        .message_queue(pair.queue.clone())
        .write_only(true)
        .build()
        .unwrap();
    pair.one.emit("before", ());
    pair.bo.emit("join", "lobby").await.unwrap();
    writer.emit("news", 1);
    writer.to("lobby").send("hello");
    writer.to(pair.ana.sid()).join_room("lobby").unwrap();
    writer.flushed().await;
    pair.settled().await;
    assert_eq!(pair.ana.received(), [event("before", ()), event("news", 1)]);
    assert_eq!(
        pair.bo.received(),
        [
            event("before", ()),
            event("news", 1),
            event("message", "hello")
        ]
    );
    writer.close_room("lobby").unwrap();
    assert!(!writer.disconnect("/", pair.bo.sid()));
    writer.flushed().await;
    pair.settled().await;
    assert!(!pair.bo.is_connected());
    assert_eq!(writer.queue_health().unwrap().received, 0);

    let error = writer
        .to(pair.ana.sid())
        .call::<()>("ask", ())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`write_only`"), "{error}");
    let asking = writer.to(pair.ana.sid()).callback(async |_: ()| {});
    assert!(
        asking
            .try_emit("ask", ())
            .unwrap_err()
            .to_string()
            .contains("`write_only`")
    );
    assert!(
        writer
            .run((), "127.0.0.1:0")
            .await
            .unwrap_err()
            .to_string()
            .contains("`write_only`")
    );
}

#[tokio::test]
async fn a_write_only_server_refuses_clients() {
    let writer = SocketIo::bare()
        .message_queue(TestQueue::new())
        .write_only(true)
        .build()
        .unwrap();
    let request = http::Request::get("/socket.io/?EIO=4&transport=polling");
    let request = request.body(String::new()).unwrap();
    let response = writer.service().oneshot(request).await.unwrap();
    assert_eq!(response.status(), http::StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn impossible_configurations_are_refused_at_start_up() {
    let problem = |builder: SocketIoBuilder| builder.build().unwrap_err().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert!(
        problem(SocketIo::bare().message_queue(TestQueue::new())).contains("`runtime.enter()`")
    );
    let _guard = runtime.enter();
    assert!(problem(SocketIo::bare().write_only(true)).contains("`message_queue`"));
    assert!(problem(SocketIo::bare().channel("")).contains("`channel`"));
    assert!(problem(SocketIo::bare().max_unpublished(0, 1)).contains("`max_unpublished`"));
    let error = problem(SocketIo::bare().message_queue("ftp://user:secret@localhost"));
    assert!(
        error.contains("scheme `ftp`") && !error.contains("secret"),
        "{error}"
    );
    assert!(
        problem(SocketIo::bare().message_queue("zmq+tcp://localhost:5555+5556")).contains("ZeroMQ")
    );
    let error = problem(SocketIo::bare().message_queue("localhost:6379"));
    assert!(
        error.contains("the URL has no scheme: write `redis://"),
        "{error}"
    );
}
