//! Streams to rooms, and streams that continue without their client.

use std::sync::Arc;

use futures_util::{Stream, stream};
use serde_json::{Value, json};
use socketio::{
    EventStream, History, Joined, Position, Reason, SocketIo, State, StreamEnd, StreamTo, handlers,
    join_last, join_room, join_since, to,
};
use socketio_test::{TestClient, event};
use test_support::settle;
use tokio::sync::Semaphore;

fn counted(permits: Arc<Semaphore>) -> impl Stream<Item = u32> {
    stream::unfold(0, move |number| {
        let permits = Arc::clone(&permits);
        async move {
            permits.acquire().await.ok()?.forget();
            Some((number, number + 1))
        }
    })
}

#[socketio::event]
fn join(room: String) -> Result<(), socketio::RoomError> {
    join_room(room)
}

#[socketio::event(stream = "n")]
async fn tell(room: String) -> Result<StreamTo<impl Stream<Item = u32>>, std::io::Error> {
    Ok(to(room).stream(stream::iter([1, 2])))
}

#[socketio::event(stream = "n", cancel = "stop")]
async fn produce(job: String, permits: State<Semaphore>) -> StreamTo<impl Stream<Item = u32>> {
    let numbers = counted(permits.into_inner());
    to(format!("job:{job}")).stream(numbers).key(job).detached()
}

fn server(permits: &Arc<Semaphore>) -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![join, tell, produce])
        .on("stop job", |job: String, socket: socketio::Socket| {
            socket.cancel_stream(job)
        })
        .on("both", |room: String| {
            EventStream::new("n", to(room).stream(stream::iter([1]))).key("k")
        })
        .shared_state(Arc::clone(permits))
        .max_detached_streams(2)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_handler_names_the_room_that_its_stream_goes_to() {
    let io = server(&Arc::new(Semaphore::new(0)));
    let [caller, member] = [
        TestClient::connect(&io, "/").await.unwrap(),
        TestClient::connect(&io, "/").await.unwrap(),
    ];
    member.emit("join", "lobby").await.unwrap();
    let end: StreamEnd = caller.call("tell", "lobby").await.unwrap();
    assert_eq!(end.items, 2);
    assert_eq!(member.received(), [event("n", 1), event("n", 2)]);
    assert!(caller.received().is_empty());
    let end: StreamEnd = caller.call("both", "lobby").await.unwrap();
    assert_eq!(end.items, 1);
    assert_eq!(member.received(), [event("n", 1)]);
}

#[tokio::test]
async fn a_detached_stream_continues_without_its_client_until_it_is_cancelled_by_its_key() {
    let permits = Arc::new(Semaphore::new(0));
    let io = server(&permits);
    let [caller, member] = [
        TestClient::connect(&io, "/").await.unwrap(),
        TestClient::connect(&io, "/").await.unwrap(),
    ];
    for client in [&caller, &member] {
        client.emit("join", "job:7").await.unwrap();
    }
    caller.emit("produce", "7").await.unwrap();
    permits.add_permits(1);
    assert_eq!(member.next().await, event("n", 0));
    caller.lose(Reason::TransportClose).await;
    permits.add_permits(2);
    assert_eq!(member.next().await, event("n", 1));
    assert_eq!(member.next().await, event("n", 2));

    assert_eq!(member.call::<usize>("stop", ()).await.unwrap(), 0);
    assert_eq!(member.call::<usize>("stop job", "8").await.unwrap(), 0);
    assert_eq!(member.call::<usize>("stop job", "7").await.unwrap(), 1);
    settle().await;
    assert_eq!(io.cancel_stream("/", "7"), 0);
    permits.add_permits(1);
    settle().await;
    assert!(member.received().is_empty());
}

#[tokio::test]
async fn detached_streams_are_bounded_and_end_with_the_server() {
    let permits = Arc::new(Semaphore::new(0));
    let io = server(&permits);
    for _ in 0..2 {
        let client = TestClient::connect(&io, "/").await.unwrap();
        client.emit("produce", "7").await.unwrap();
        client.close().await;
    }
    let client = TestClient::connect(&io, "/").await.unwrap();
    let error: Value = client.call("produce", "7").await.unwrap();
    assert_eq!(error, json!({ "error": "too many streams" }));
    assert_eq!(io.cancel_stream("/", "7"), 2);
    settle().await;
    client.emit("produce", "8").await.unwrap();
    io.shutdown().await;
    assert_eq!(Arc::strong_count(&permits), 2, "the stream was dropped");
}

#[tokio::test]
async fn a_stream_to_a_room_with_a_history_continues_and_its_client_resumes_it() {
    #[socketio::event(stream = "n")]
    async fn count(permits: State<Semaphore>) -> StreamTo<impl Stream<Item = u32>> {
        to("job:7").stream(counted(permits.into_inner()))
    }
    #[socketio::event]
    fn follow(since: Option<Position>) -> Result<Joined, socketio::RoomError> {
        match since {
            Some(since) => join_since("job:7", since),
            None => join_last("job:7", 100),
        }
    }
    let permits = Arc::new(Semaphore::new(0));
    let io = SocketIo::bare()
        .handlers(handlers![count, follow])
        .history("/", "job:{id}", History::new())
        .shared_state(Arc::clone(&permits))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let joined: Value = client.call("follow", ()).await.unwrap();
    client.emit("count", ()).await.unwrap();
    permits.add_permits(2);
    assert_eq!(
        [client.next().await, client.next().await],
        [event("n", 0), event("n", 1)]
    );
    client.lose(Reason::TransportClose).await;
    permits.add_permits(2);
    settle().await;

    let back = TestClient::connect(&io, "/").await.unwrap();
    let since = json!({ "epoch": joined["epoch"], "seq": 2 });
    let joined: Value = back.call("follow", since).await.unwrap();
    assert_eq!(joined["recovered"], true);
    permits.add_permits(1);
    let numbers = [back.next().await, back.next().await, back.next().await];
    assert_eq!(numbers, [event("n", 2), event("n", 3), event("n", 4)]);

    // With an end, its acknowledgement has the position behind it.
    let mut counted = std::pin::pin!(back.call::<StreamEnd>("count", ()));
    assert!(futures_util::poll!(counted.as_mut()).is_pending());
    settle().await;
    // The first stream still runs, and takes the first permit.
    permits.add_permits(2);
    let numbers = [back.next().await, back.next().await];
    assert_eq!(numbers, [event("n", 5), event("n", 0)]);
    permits.close();
    let end = counted.await.unwrap();
    assert_eq!((end.items, end.position.unwrap().seq()), (1, 7));
}
