//! Clients that come back while other threads emit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use socketio::{MemoryEvents, Reason, Recovery, SocketIo, SocketIoBuilder, join_room};
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

/// Emits numbers to the room `log` without a pause until all clients have ended, and checks that each has received all from its first one on.
async fn check(io: SocketIo) {
    io.subscribed().await;
    let (is_done, emitter) = (Arc::new(AtomicBool::new(false)), io.clone());
    let until = Arc::clone(&is_done);
    let emitting = thread::spawn(move || {
        let mut number = 0_u64;
        while !until.load(Ordering::Relaxed) {
            number += 1;
            emitter.to("log").emit("tick", number);
            thread::sleep(Duration::from_micros(2));
        }
    });
    let clients = (0..CLIENTS).map(|_| tokio::spawn(lose_and_recover(io.clone())));
    let clients: Vec<_> = clients.collect();
    for client in clients {
        let received = client.await.unwrap();
        let gap = received.windows(2).find(|pair| pair[1] != pair[0] + 1);
        assert_eq!(gap, None, "of {}", received.len());
        assert!(received.len() > LOSSES);
    }
    is_done.store(true, Ordering::Relaxed);
    emitting.join().unwrap();
}

fn bare() -> SocketIoBuilder {
    SocketIo::bare()
        .on("connect", || join_room("log").is_ok())
        .recovery(Recovery::default().max_bytes(256 << 20))
        .max_outbox(1 << 20, 64 << 20)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_when_a_client_is_accepted() {
    check(bare().build().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_of_an_event_store_is_lost_when_a_client_is_accepted() {
    check(bare().event_store(MemoryEvents::new()).build().unwrap()).await;
}
