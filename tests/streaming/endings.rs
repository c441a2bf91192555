//! Streams that end early: they are cancelled, their client leaves, they take too long, or there are too many.

use std::{future::pending, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use serde_json::{Value, json};
use socketio::{
    EventStream, Reason, Socket, SocketIo, SocketIoBuilder, State, StreamEnd, handlers,
};
use socketio_test::{TestClient, event};
use test_support::{Notes, settle};

/// Notes when it is dropped.
struct Dropped(Arc<Notes>, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add(self.1);
    }
}

/// Yields one item, and never ends.
fn endless(notes: Arc<Notes>, name: &'static str) -> impl Stream<Item = &'static str> {
    let dropped = Dropped(notes, name);
    stream::unfold((dropped, true), |(dropped, first)| async move {
        if !first {
            pending::<()>().await;
        }
        Some((dropped.1, (dropped, false)))
    })
}

#[socketio::event(stream = "item", cancel = "stop")]
fn a(notes: State<Notes>) -> impl Stream<Item = &'static str> {
    endless(notes.into_inner(), "a")
}

#[socketio::event(stream = "item", cancel = "stop")]
fn b(key: String, notes: State<Notes>) -> socketio::StreamTo<impl Stream<Item = &'static str>> {
    socketio::to_self()
        .stream(endless(notes.into_inner(), "b"))
        .key(key)
}

#[socketio::event(stream = "item", cancel = "stop others")]
fn c(notes: State<Notes>) -> impl Stream<Item = &'static str> {
    endless(notes.into_inner(), "c")
}

async fn server(
    options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder,
) -> (SocketIo, TestClient, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![a, b, c])
        .on("stop all", |socket: Socket| socket.cancel_streams())
        .on("stop key", |key: String, socket: Socket| {
            socket.cancel_stream(key)
        })
        .on("leave", |socket: Socket| socket.disconnect())
        .shared_state(Arc::clone(&notes));
    let io = options(io).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    (io, client, notes)
}

#[tokio::test]
async fn the_event_that_the_attribute_names_cancels_the_streams_of_its_client() {
    let (io, client, notes) = server(|io| io).await;
    let other = TestClient::connect(&io, "/").await.unwrap();
    other.emit("a", ()).await.unwrap();
    let mut first = std::pin::pin!(client.call::<StreamEnd>("a", ()));
    let mut second = std::pin::pin!(client.call::<StreamEnd>("b", "key"));
    let mut third = std::pin::pin!(client.call::<StreamEnd>("c", ()));
    assert!(futures_util::poll!(first.as_mut()).is_pending());
    assert!(futures_util::poll!(second.as_mut()).is_pending());
    assert!(futures_util::poll!(third.as_mut()).is_pending());
    for _ in 0..3 {
        client.next_named("item").await;
    }
    assert_eq!(client.call::<usize>("stop", "no key").await.unwrap(), 0);
    assert_eq!(client.call::<usize>("stop", "key").await.unwrap(), 1);
    let end = second.await.unwrap();
    assert_eq!((end.items, end.cancelled), (1, true));
    assert_eq!(notes.take(), ["b"]);
    assert_eq!(client.call::<usize>("stop", ()).await.unwrap(), 1);
    assert!(first.await.unwrap().cancelled);
    assert_eq!(notes.take(), ["a"]);
    assert_eq!(client.call::<usize>("stop all", ()).await.unwrap(), 1);
    assert!(third.await.unwrap().cancelled);
    assert_eq!(notes.take(), ["c"]);
    assert_eq!(client.call::<usize>("stop all", ()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stream_is_dropped_when_its_client_leaves_in_any_way() {
    let (io, client, notes) = server(|io| io).await;
    client.emit("a", ()).await.unwrap();
    client.next_named("item").await;
    client.lose(Reason::TransportClose).await;
    settle().await;
    assert_eq!(notes.take(), ["a"]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("b", "key").await.unwrap();
    client.emit("c", ()).await.unwrap();
    client.next_named("item").await;
    client.next_named("item").await;
    client.emit("leave", ()).await.unwrap();
    settle().await;
    let mut dropped = notes.take();
    dropped.sort_unstable();
    assert_eq!(dropped, ["b", "c"]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("a", ()).await.unwrap();
    client.next_named("item").await;
    io.shutdown().await;
    assert_eq!(notes.take(), ["a"]);
}

#[tokio::test]
async fn streams_of_one_connection_are_bounded() {
    let (_io, client, notes) = server(|io| io.max_streams(2).allow_namespace("/chat")).await;
    client.emit("a", ()).await.unwrap();
    client.emit("a", ()).await.unwrap();
    let error: Value = client.call("a", ()).await.unwrap();
    assert_eq!(error, json!({ "error": "too many streams" }));
    assert_eq!(notes.take(), ["a"]);
    assert_eq!(client.call::<usize>("stop", ()).await.unwrap(), 2);
    settle().await;
    client.emit("a", ()).await.unwrap();
    client.next_named("item").await;
    assert_eq!(notes.take(), ["a", "a"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_ends_is_dropped_after_its_time() {
    let minute = Duration::from_secs(60);
    let (io, _, notes) = server(|io| io.max_stream_duration(minute)).await;
    let client = TestClient::builder(&io).timeout(2 * minute).connect();
    let client = client.await.unwrap();
    let answered: Value = client.call("a", ()).await.unwrap();
    assert_eq!(answered, json!({ "error": "the stream took too long" }));
    assert_eq!(notes.take(), ["a"]);
    assert_eq!(client.received(), [event("item", "a")]);
}

#[tokio::test]
async fn an_event_stream_is_returned_once() {
    let io = SocketIo::bare()
        .on("ask", || EventStream::new("n", stream::iter([1])))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.call::<StreamEnd>("ask", ()).await.unwrap().items, 1);
    }
    let problems = SocketIo::bare()
        .handlers(handlers![a])
        .on("stop", || ())
        .shared_state(Arc::new(Notes::default()))
        .build()
        .unwrap_err();
    assert!(
        problems.to_string().contains("has two handlers"),
        "{problems}"
    );
}
