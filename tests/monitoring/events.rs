//! Events by namespace and name, and their handlers.

use std::time::Duration;

use socketio::{CallError, Forbidden, Socket, SocketIo, broadcast, emit};
use socketio_test::TestClient;

use crate::{event, handler};

fn server() -> SocketIo {
    SocketIo::bare()
        .on("say", |text: String| async {
            broadcast().emit("say", text)
        })
        .on("echo", |text: String| async move {
            emit("echo", &text);
            emit("unhandled name", ());
            text
        })
        .on("slow", || async {
            tokio::time::sleep(Duration::from_millis(2)).await;
        })
        .on("panic", || async {
            if true {
                panic!("on purpose");
            }
        })
        .on("forbidden", || async { Err::<(), _>(Forbidden::new("no")) })
        .on("fails", || async {
            Err::<(), _>(socketio::BoxError::from("broken"))
        })
        .on_in("/room/{id}", "say", || async { emit("say", ()) })
        .build()
        .unwrap()
}

#[tokio::test]
async fn events_are_counted_by_namespace_and_name_and_a_broadcast_once_for_each_recipient() {
    let io = server();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let _bo = TestClient::connect(&io, "/").await.unwrap();
    let cem = TestClient::connect(&io, "/room/7").await.unwrap();
    ana.emit("say", "hi").await.unwrap();
    ana.call::<String>("echo", "hi").await.unwrap();
    cem.emit("say", ()).await.unwrap();
    let metrics = io.metrics();
    assert_eq!(event(&metrics, "/", "say"), (1, 2));
    assert_eq!(event(&metrics, "/", "echo"), (1, 1));
    assert_eq!(event(&metrics, "/room/{id}", "say"), (1, 1));
    assert_eq!(event(&metrics, "other", "other"), (0, 1));
}

#[tokio::test]
async fn names_that_clients_make_up_are_counted_as_other() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for number in 0..100 {
        client
            .emit(&format!("made up {number}"), ())
            .await
            .unwrap_err();
    }
    let metrics = io.metrics();
    assert_eq!(event(&metrics, "other", "other"), (100, 0));
    assert_eq!(metrics.events.len(), 8);
    assert!(!metrics.to_prometheus().contains("made up"));
}

#[tokio::test]
async fn the_duration_of_a_handler_includes_the_time_that_it_waits() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("slow", ()).await.unwrap();
    client.call::<String>("echo", "a").await.unwrap();
    client.call::<String>("echo", "b").await.unwrap();
    let metrics = io.metrics();
    let slow = &handler(&metrics, "slow").duration;
    assert_eq!(slow.count, 1);
    assert!(slow.sum >= Duration::from_millis(2), "{slow:?}");
    assert_eq!(slow.average(), Some(slow.sum));
    let bucket = |millis| {
        let bound = Duration::from_millis(millis);
        slow.buckets.iter().find(|one| one.bound == bound).unwrap()
    };
    assert_eq!(bucket(1).count, 0);
    assert_eq!(handler(&metrics, "echo").duration.count, 2);
    assert_eq!(handler(&metrics, "panic").duration.average(), None);
}

#[tokio::test]
async fn failed_events_are_counted_by_kind() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for name in ["panic", "forbidden", "fails", "fails"] {
        client.emit(name, ()).await.unwrap_err();
    }
    client.emit("echo", [1, 2]).await.unwrap_err();
    let metrics = io.metrics();
    assert_eq!(handler(&metrics, "panic").errors.panics, 1);
    assert_eq!(handler(&metrics, "forbidden").errors.forbidden, 1);
    assert_eq!(handler(&metrics, "fails").errors.other, 2);
    assert_eq!(handler(&metrics, "echo").errors.invalid_arguments, 1);
    assert_eq!(handler(&metrics, "echo").errors.other, 0);
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_that_do_not_arrive_in_time_are_counted() {
    let io = SocketIo::bare()
        .on("ask", |socket: Socket| async move {
            let answer = socket.call::<u8>("question", ()).await;
            assert!(matches!(answer, Err(CallError::Timeout)));
        })
        .build()
        .unwrap();
    let client = TestClient::builder(&io).timeout(Duration::from_secs(600));
    let client = client.connect().await.unwrap();
    client.emit("ask", ()).await.unwrap();
    let votes = io.broadcast().call_all::<u8>("vote", ()).await.unwrap();
    assert_eq!(votes.len(), 1);
    assert_eq!(io.metrics().acks_timed_out, 2);
}
