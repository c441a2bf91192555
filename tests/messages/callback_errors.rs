//! Callbacks that also run if there is no acknowledgement.

use std::time::Duration;

use socketio::{CallError, SocketIo};
use socketio_test::TestClient;
use test_support::{Notes, settle};

use crate::server::client;

fn noting(notes: &Notes) -> impl Fn(Result<u32, CallError>) + Send + Sync + 'static {
    let notes = notes.clone();
    move |answer| {
        notes.add(match answer {
            Ok(number) => number.to_string(),
            Err(CallError::Timeout) => "timeout".into(),
            Err(CallError::Disconnected) => "disconnected".into(),
            Err(CallError::InvalidAck(_)) => "invalid".into(),
            Err(error) => error.to_string(),
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_with_a_result_runs_for_every_local_client() {
    let notes = Notes::default();
    let io = SocketIo::bare().build().unwrap();
    let clients = [
        client(&io, "/").await,
        client(&io, "/").await,
        client(&io, "/").await,
    ];
    let silent = TestClient::connect(&io, "/").await.unwrap();
    clients[0].on("how many", |()| 7);
    clients[1].on("how many", |()| "many");
    io.broadcast()
        .timeout(Duration::from_secs(5))
        .callback(noting(&notes))
        .emit("how many", ());
    settle().await;
    let mut known = notes.take();
    known.sort_unstable();
    assert_eq!(known, ["7", "invalid"]);
    clients[2].close().await;
    settle().await;
    assert_eq!(notes.take(), ["disconnected"]);
    tokio::time::advance(Duration::from_secs(4)).await;
    settle().await;
    assert_eq!(notes.take(), [] as [&str; 0]);
    tokio::time::advance(Duration::from_secs(2)).await;
    settle().await;
    assert_eq!(notes.take(), ["timeout"]);
    assert_eq!(io.metrics().acks_timed_out, 1);

    // Late, and ignored.
    let question = silent.next().await;
    silent.ack(&question, 8).await.unwrap();
    settle().await;
    assert_eq!(notes.take(), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_plain_callback_is_dropped_after_the_timeout_that_was_set() {
    let notes = Notes::default();
    let seen = notes.clone();
    let io = SocketIo::bare().build().unwrap();
    let client = client(&io, "/").await;
    io.broadcast()
        .timeout(Duration::from_secs(5))
        .callback(move |answer: u32| seen.add(answer.to_string()))
        .emit("how many", ());
    let question = client.next().await;
    tokio::time::advance(Duration::from_secs(6)).await;
    settle().await;
    client.ack(&question, 8).await.unwrap();
    settle().await;
    assert_eq!(notes.take(), [] as [&str; 0]);
}

#[test]
fn without_a_runtime_a_callback_does_not_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let io = SocketIo::bare().build().unwrap();
    let client = runtime.block_on(TestClient::connect(&io, "/")).unwrap();
    io.broadcast()
        .callback(|_: Result<(), CallError>| ())
        .emit("ask", ());
    assert!(io.disconnect("/", client.sid()));
    runtime.block_on(client.close());
}
