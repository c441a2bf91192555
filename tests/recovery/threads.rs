//! Clients that come back while other threads emit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use socketio::{Reason, Recovery, SocketIo};
use socketio_test::TestClient;

/// The number of clients, and how often each loses its connection.
const CLIENTS: usize = 4;
const LOSSES: usize = 250;

async fn lose_and_recover(io: SocketIo) -> Vec<u64> {
    let client = TestClient::builder(&io).recoverable().connect().await;
    let mut client = client.unwrap();
    let mut received = Vec::new();
    let mut read = |client: &TestClient| {
        let events = client.received();
        received.extend(events.iter().map(|event| event.args()[0].as_u64().unwrap()));
    };
    for _ in 0..LOSSES {
        client.lose(Reason::TransportClose).await;
        read(&client);
        client = client.recover().await.unwrap();
        assert!(client.recovered());
        tokio::task::yield_now().await;
    }
    io.flushed().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    read(&client);
    received
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_when_a_client_is_accepted() {
    let io = SocketIo::bare()
        .allow_namespace("/")
        .recovery(Recovery::default())
        .build()
        .unwrap();
    let (is_done, last) = (AtomicBool::new(false), AtomicU64::new(0));
    let shared = Arc::new((is_done, last));
    let (emitting, emitter) = (Arc::clone(&shared), io.clone());
    let emitting = thread::spawn(move || {
        let (is_done, last) = &*emitting;
        while !is_done.load(Ordering::Relaxed) {
            let number = last.fetch_add(1, Ordering::Relaxed) + 1;
            emitter.emit("tick", number);
            thread::sleep(Duration::from_micros(2));
        }
    });
    let clients = (0..CLIENTS).map(|_| tokio::spawn(lose_and_recover(io.clone())));
    let clients: Vec<_> = clients.collect();
    for client in clients {
        let received = client.await.unwrap();
        let gap = received.windows(2).find(|pair| pair[1] != pair[0] + 1);
        assert_eq!(gap, None, "of {}", received.len());
    }
    shared.0.store(true, Ordering::Relaxed);
    emitting.join().unwrap();
}
