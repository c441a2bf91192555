//! Handlers with `once`, and clients without a user that recover their sessions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use socketio::{EventHandlerExt, Reason, Recovery, SocketIo};
use socketio_test::TestClient;
use test_support::settle;
use tokio::sync::Notify;

/// A server whose handler counts its runs, and the number of them. `slow` waits in it.
fn server() -> (SocketIo, Arc<AtomicU32>, Arc<Notify>) {
    let (runs, finish) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let (count, count_slow, waits) = (Arc::clone(&runs), Arc::clone(&runs), Arc::clone(&finish));
    let order = move |_: String| count.fetch_add(1, Ordering::SeqCst) + 1;
    let slow = move |_: String| {
        let (run, waits) = (
            count_slow.fetch_add(1, Ordering::SeqCst) + 1,
            Arc::clone(&waits),
        );
        async move {
            waits.notified().await;
            run
        }
    };
    let io = SocketIo::bare()
        .on("order", order.once(|id: String| id))
        .on("slow", slow.once(|id: String| id))
        .recovery(Recovery::default().max_disconnection(Duration::from_secs(60)))
        .build()
        .unwrap();
    (io, runs, finish)
}

async fn connect(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    client.unwrap()
}

#[tokio::test]
async fn a_client_that_recovers_its_session_gets_the_stored_response() {
    let (io, runs, _) = server();
    let client = connect(&io).await;
    assert_eq!(client.call::<u32>("order", "a").await.unwrap(), 1);
    client.lose(Reason::TransportClose).await;
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.call::<u32>("order", "a").await.unwrap(), 1);
    assert_eq!(back.call::<u32>("order", "b").await.unwrap(), 2);
    // The same if the server has not noticed the loss.
    let again = back.recover().await.unwrap();
    assert!(again.recovered());
    assert_eq!(again.call::<u32>("order", "b").await.unwrap(), 2);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_handler_that_runs_while_its_client_reconnects_runs_once() {
    let (io, runs, finish) = server();
    let client = connect(&io).await;
    drop(client.emit("slow", "a"));
    settle().await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    drop(client.lose(Reason::TransportClose));
    let back = tokio::spawn(async move {
        let back = client.recover().await.unwrap();
        assert!(back.recovered());
        back.call::<u32>("slow", "a").await.unwrap()
    });
    settle().await;
    finish.notify_one();
    assert_eq!(back.await.unwrap(), 1);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_too_late_has_other_keys() {
    let (io, _, _) = server();
    let client = connect(&io).await;
    assert_eq!(client.call::<u32>("order", "a").await.unwrap(), 1);
    client.lose(Reason::TransportClose).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    let back = client.recover().await.unwrap();
    assert!(!back.recovered());
    assert_eq!(back.call::<u32>("order", "a").await.unwrap(), 2);
}

#[tokio::test]
async fn the_id_of_another_client_gives_no_access_to_its_keys() {
    let (io, _, _) = server();
    let client = connect(&io).await;
    assert_eq!(client.call::<u32>("order", "a").await.unwrap(), 1);
    client.lose(Reason::TransportClose).await;
    // Ids are public, the secret of the session is not.
    let thief = TestClient::builder(&io)
        .recoverable()
        .auth(&serde_json::json!({"pid": client.sid()}))
        .connect()
        .await
        .unwrap();
    assert!(!thief.recovered());
    assert_eq!(thief.call::<u32>("order", "a").await.unwrap(), 2);
    let back = client.recover().await.unwrap();
    assert_eq!(back.call::<u32>("order", "a").await.unwrap(), 1);
}
