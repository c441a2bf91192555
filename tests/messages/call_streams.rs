//! `call_stream`: acknowledgements of many clients arrive one by one, and silent clients are listed at the timeout.

use std::time::Duration;

use futures_util::StreamExt;
use socketio::{CallError, SocketIo};
use socketio_test::TestClient;

async fn client(io: &SocketIo, answer: Option<u32>) -> TestClient {
    let builder = TestClient::builder(io);
    match answer {
        Some(answer) => builder.on("how many?", move |()| answer).connect().await,
        None => builder.connect().await,
    }
    .unwrap()
}

fn server() -> SocketIo {
    SocketIo::bare().build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_arrive_one_by_one_and_clients_without_one_are_listed_at_the_end() {
    let io = server();
    let (one, silent, two) = (
        client(&io, Some(1)).await,
        client(&io, None).await,
        client(&io, Some(2)).await,
    );
    let begun = tokio::time::Instant::now();
    let mut answers = io
        .broadcast()
        .timeout(Duration::from_secs(3))
        .call_stream::<u32>("how many?", ())
        .unwrap();
    let mut sum = 0;
    for _ in 0..2 {
        let (sid, answer) = answers.next().await.unwrap();
        let answer = answer.unwrap();
        assert_eq!(&sid, if answer == 1 { one.sid() } else { two.sid() });
        sum += answer;
    }
    assert_eq!(sum, 3);
    assert!(begun.elapsed() < Duration::from_secs(3));
    let (sid, late) = answers.next().await.unwrap();
    assert_eq!(&sid, silent.sid());
    assert!(matches!(late, Err(CallError::Timeout)), "{late:?}");
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    assert!(answers.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_disconnects_is_reported_at_once() {
    let io = server();
    let gone = client(&io, None).await;
    let mut answers = io.broadcast().call_stream::<u32>("how many?", ()).unwrap();
    gone.disconnect().await.unwrap();
    let (_, answer) = answers.next().await.unwrap();
    assert!(matches!(answer, Err(CallError::Disconnected)), "{answer:?}");
    assert!(answers.next().await.is_none());
}

#[tokio::test]
async fn without_recipients_the_stream_is_empty_and_a_reserved_name_is_an_error() {
    let io = server();
    let mut answers = io.broadcast().call_stream::<u32>("how many?", ()).unwrap();
    assert!(answers.next().await.is_none());
    let _client = client(&io, None).await;
    let refused = io.broadcast().call_stream::<u32>("connect", ());
    assert!(matches!(refused, Err(CallError::Emit(_))), "{refused:?}");
}
