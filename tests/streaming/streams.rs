//! Each item of a stream is an event, and its end is the acknowledgement.

use std::{io, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use socketio::{EventStream, HandlerError, SocketIo, State, StreamEnd, handlers};
use socketio_test::{TestClient, event};
use test_support::{Notes, settle};
use tokio::sync::Semaphore;

/// Yields one number for each permit.
fn counted(permits: Arc<Semaphore>) -> impl Stream<Item = u32> {
    stream::unfold(0, move |number| {
        let permits = Arc::clone(&permits);
        async move {
            permits.acquire().await.ok()?.forget();
            Some((number, number + 1))
        }
    })
}

#[tokio::test]
async fn items_are_events_to_the_caller_and_the_end_is_the_acknowledgement() {
    #[socketio::event(stream = "token")]
    async fn ask(prompt: String) -> impl Stream<Item = String> {
        let words: Vec<_> = prompt.split(' ').map(str::to_owned).collect();
        stream::iter(words)
    }
    #[socketio::event(stream = "pair")]
    fn pairs() -> impl Stream<Item = (u32, &'static str)> {
        stream::iter([(1, "a"), (2, "b")])
    }
    let io = SocketIo::bare().handlers(handlers![ask, pairs]);
    let io = io.build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let other = TestClient::connect(&io, "/").await.unwrap();
    let end: StreamEnd = client.call("ask", "to be or").await.unwrap();
    assert_eq!((end.items, end.cancelled), (3, false));
    let words = ["to", "be", "or"].map(|word| event("token", word));
    assert_eq!(client.received(), words);
    assert!(other.received().is_empty());

    // Without an acknowledgement, too.
    client.emit("pairs", ()).await.unwrap();
    let pairs = [client.next().await, client.next().await];
    assert_eq!(pairs, [event("pair", (1, "a")), event("pair", (2, "b"))]);
}

#[tokio::test]
async fn other_events_of_the_client_are_handled_meanwhile() {
    #[socketio::event(stream = "n")]
    async fn count(permits: State<Semaphore>) -> impl Stream<Item = u32> {
        counted(permits.into_inner())
    }
    let permits = Arc::new(Semaphore::new(0));
    let io = SocketIo::bare()
        .handlers(handlers![count])
        .shared_state(Arc::clone(&permits))
        .on("echo", |text: String| text)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let counting = client.call::<StreamEnd>("count", ());
    let mut counting = std::pin::pin!(counting);
    assert!(futures_util::poll!(counting.as_mut()).is_pending());
    assert_eq!(client.call::<String>("echo", "a").await.unwrap(), "a");
    permits.add_permits(1);
    assert_eq!(client.next_named("n").await, event("n", 0));
    assert_eq!(client.call::<String>("echo", "b").await.unwrap(), "b");
    permits.add_permits(2);
    assert_eq!(client.next_named("n").await, event("n", 1));
    assert_eq!(client.next_named("n").await, event("n", 2));
    permits.close();
    assert_eq!(counting.await.unwrap().items, 3);
}

#[tokio::test]
async fn an_error_before_or_in_the_stream_fails_the_event() {
    #[socketio::event(stream = "n")]
    async fn read(fails_at: u32) -> Result<impl Stream<Item = io::Result<u32>>, io::Error> {
        let error = move || io::Error::other(format!("failed at {fails_at}"));
        if fails_at == 0 {
            return Err(error());
        }
        let items = (1..=fails_at).map(move |n| if n == fails_at { Err(error()) } else { Ok(n) });
        Ok(stream::iter(items))
    }
    let notes = Notes::default();
    let failed = notes.clone();
    let io = SocketIo::bare()
        .handlers(handlers![read])
        .on_error(move |error: HandlerError| {
            failed.add(error.to_string());
            json!({ "error": error.to_string() })
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for (fails_at, items) in [(0, 0), (3, 2)] {
        let error: serde_json::Value = client.call("read", fails_at).await.unwrap();
        assert_eq!(error, json!({ "error": format!("failed at {fails_at}") }));
        assert_eq!(client.received().len(), items);
        assert_eq!(notes.take(), [format!("failed at {fails_at}")]);
    }
    let metrics = io.metrics();
    let read = metrics.handlers.iter().find(|one| one.event == "read");
    assert_eq!(read.unwrap().errors.other, 2);
}

#[tokio::test]
async fn a_stream_that_panics_fails_its_event_and_the_client_stays() {
    let io = SocketIo::bare()
        .on("ask", || {
            let items = stream::iter(0..).map(|n| if n == 2 { panic!("on purpose") } else { n });
            EventStream::new("n", items)
        })
        .on("echo", |text: String| text)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let error: serde_json::Value = client.call("ask", ()).await.unwrap();
    assert_eq!(error, json!({ "error": "internal error" }));
    assert_eq!(client.received(), [event("n", 0), event("n", 1)]);
    assert_eq!(client.call::<String>("echo", "a").await.unwrap(), "a");
}

#[tokio::test]
async fn an_item_that_can_not_be_encoded_fails_the_event() {
    let io = SocketIo::bare()
        .on("ask", || {
            EventStream::new(
                "n",
                stream::iter([1, 2]).map(|n| if n == 1 { "ok" } else { "?" }),
            )
        })
        .on("reserved", || {
            EventStream::new("connect", stream::iter([1]))
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let end: StreamEnd = client.call("ask", ()).await.unwrap();
    assert_eq!(end.items, 2);
    let error: serde_json::Value = client.call("reserved", ()).await.unwrap();
    assert_eq!(error, json!({ "error": "internal error" }));
}

#[tokio::test]
async fn a_stream_waits_for_a_client_that_does_not_read() {
    let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let making = Arc::clone(&made);
    let io = SocketIo::bare()
        .on("ask", move || {
            let making = Arc::clone(&making);
            let items = stream::iter(0..10_000).inspect(move |_| {
                making.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            });
            EventStream::new("n", items)
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.connection().stop_reading();
    let mut asked = std::pin::pin!(client.call::<StreamEnd>("ask", ()));
    assert!(futures_util::poll!(asked.as_mut()).is_pending());
    for _ in 0..20 {
        settle().await;
    }
    let so_far = made.load(std::sync::atomic::Ordering::Relaxed);
    assert!((1..=64).contains(&so_far), "{so_far}");
    client.connection().resume_reading();
    assert_eq!(asked.await.unwrap().items, 10_000);
    let events = client.received();
    let numbers = events.iter().map(|event| event.read::<u32>().unwrap());
    assert!(numbers.eq(0..10_000));
}

#[tokio::test]
async fn guards_and_middleware_run_before_a_stream_begins() {
    #[socketio::event(stream = "n", guard = never)]
    fn refused() -> impl Stream<Item = u32> {
        stream::iter([1])
    }
    fn never() -> bool {
        false
    }
    let io = SocketIo::bare()
        .handlers(handlers![refused])
        .on("ask", || EventStream::new("n", stream::iter([1, 2])))
        .middleware(async |call: socketio::EventCall, next: socketio::Next| next.run(call).await)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let error: serde_json::Value = client.call("refused", ()).await.unwrap();
    assert_eq!(error, json!({ "error": "forbidden" }));
    let end: StreamEnd = client.call("ask", ()).await.unwrap();
    assert_eq!(end.items, 2);
    assert_eq!(client.received().len(), 2);
    let described = io.describe().to_string();
    assert!(
        described.contains("refused() streams n guarded by never"),
        "{described}"
    );
}

#[tokio::test]
async fn methods_stream_and_the_functions_of_the_current_client_work_in_a_stream() {
    struct Rooms;

    #[socketio::namespace("/rooms")]
    impl Rooms {
        #[on("members", stream = "member")]
        async fn list(&self) -> impl Stream<Item = String> + use<> {
            stream::iter([1, 2]).then(|n| async move {
                tokio::task::yield_now().await;
                socketio::emit("noted", n);
                format!("{n} of {}", socketio::sid())
            })
        }
    }
    let io = SocketIo::bare().namespace(Rooms).build().unwrap();
    let client = TestClient::connect(&io, "/rooms").await.unwrap();
    let end: StreamEnd = client.call("members", ()).await.unwrap();
    assert_eq!(end.items, 2);
    let named = format!("2 of {}", client.sid());
    assert_eq!(client.received().pop(), Some(event("member", named)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_is_sent_item_by_item() {
    let io = SocketIo::bare()
        .on("tick", || {
            let ticks = tokio::time::interval(Duration::from_secs(1));
            let ticks = stream::unfold((ticks, 0), |(mut ticks, n)| async move {
                ticks.tick().await;
                (n < 3).then_some((n, (ticks, n + 1)))
            });
            EventStream::new("tick", ticks)
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("tick", ()).await.unwrap();
    for n in 0..3 {
        assert_eq!(client.next().await, event("tick", n));
        assert!(client.received().is_empty());
    }
}
