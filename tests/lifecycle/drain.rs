//! How a server leaves service: not ready, no new sessions, clients closed in batches, then the shutdown.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use socketio::{Drain, Reason, SocketIo, SocketIoBuilder};
use socketio_test::TestClient;
use test_support::{Log, engine_client::Connector, http, problem, settle};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

/// Connects clients to a server that counts those that have disconnected.
async fn clients(builder: SocketIoBuilder, number: usize) -> (SocketIo, Vec<TestClient>) {
    let io = builder.build().unwrap();
    let mut clients = Vec::new();
    for _ in 0..number {
        clients.push(TestClient::connect(&io, "/").await.unwrap());
    }
    (io, clients)
}

#[tokio::test(start_paused = true)]
async fn connections_are_closed_in_batches_and_see_a_shutdown() {
    let (io, clients) = clients(SocketIo::bare(), 100).await;
    let drain = Drain::default().batch(10).deadline(Duration::from_secs(60));
    let draining = tokio::spawn({
        let io = io.clone();
        async move { io.drain(drain).await }
    });
    // Between two parts of a batch.
    sleep(Duration::from_millis(50)).await;
    let mut before = clients.len();
    for second in 1..=10 {
        sleep(Duration::from_secs(1)).await;
        let left = clients.iter().filter(|one| one.is_connected()).count();
        let closed = before - left;
        assert!((9..=11).contains(&closed), "{closed} in second {second}");
        before = left;
    }
    draining.await.unwrap();
    for client in &clients {
        assert_eq!(client.disconnected().await, Reason::ServerShutdown);
    }
}

#[tokio::test(start_paused = true)]
async fn few_clients_are_closed_at_once() {
    let (io, clients) = clients(SocketIo::bare(), 20).await;
    let began = Instant::now();
    io.drain(Drain::default()).await;
    assert!(
        began.elapsed() <= Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert!(clients.iter().all(|client| !client.is_connected()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drains_is_not_ready_and_refuses_sessions_after_the_notice() {
    let io = SocketIo::bare().build().unwrap();
    let connector = Connector::serve(&io);
    let client = connector.websocket().await;
    let drain = Drain::default()
        .notice(Duration::from_secs(5))
        .batch(1)
        .interval(Duration::from_secs(60));
    let draining = tokio::spawn({
        let io = io.clone();
        async move { io.drain(drain.deadline(Duration::from_secs(60))).await }
    });
    settle().await;
    assert!(io.health().draining && !io.health().ready);
    let open = http::get(&io, "transport=polling", &[]).await;
    assert_eq!(open.status, 200, "{}", open.body);
    sleep(Duration::from_secs(6)).await;
    let refused = http::get(&io, "transport=polling", &[]).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    drop(client);
    draining.await.unwrap();
}

/// A client is closed when its events have been handled, and gets their acknowledgements.
#[tokio::test(start_paused = true)]
async fn events_that_are_handled_are_acknowledged_before_the_connection_closes() {
    let finish = Arc::new(Notify::new());
    let waiting = Arc::clone(&finish);
    let slow = move |number: u32| {
        let finish = Arc::clone(&waiting);
        async move {
            finish.notified().await;
            number
        }
    };
    let (io, clients) = clients(SocketIo::bare().on("slow", slow), 2).await;
    let [busy, idle] = &clients[..] else {
        unreachable!("two clients")
    };
    let calls = [1, 2].map(|number| busy.call::<u32>("slow", number));
    settle().await;
    let draining = tokio::spawn({
        let io = io.clone();
        async move { io.drain(Drain::default()).await }
    });
    idle.disconnected().await;
    sleep(Duration::from_secs(3)).await;
    assert!(busy.is_connected());
    finish.notify_one();
    let [first, second] = calls;
    assert_eq!(first.await.unwrap(), 1);
    // The one that waited behind it is handled, too.
    finish.notify_one();
    assert_eq!(second.await.unwrap(), 2);
    assert_eq!(busy.disconnected().await, Reason::ServerShutdown);
    draining.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_client_is_acknowledged_before_its_connection_closes() {
    let (io, clients) = clients(SocketIo::bare(), 1).await;
    let call = io.to(clients[0].sid()).call::<String>("question", ());
    let answering = async {
        let question = clients[0].next().await;
        let draining = tokio::spawn({
            let io = io.clone();
            async move { io.drain(Drain::default()).await }
        });
        sleep(Duration::from_secs(2)).await;
        clients[0].ack(&question, "answer").await.unwrap();
        draining.await.unwrap();
    };
    let (answer, ()) = tokio::join!(call, answering);
    assert_eq!(answer.unwrap(), "answer");
}

/// The deadline includes the shutdown, whatever handlers do.
#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_is_dropped_and_disconnect_runs() {
    let gone = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&gone);
    let builder = SocketIo::bare()
        .on("endless", std::future::pending::<()>)
        .on("disconnect", move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
    let (io, clients) = clients(builder, 3).await;
    drop(clients[0].emit("endless", ()));
    settle().await;
    let began = Instant::now();
    io.drain(Drain::default().deadline(Duration::from_secs(30)))
        .await;
    assert_eq!(gone.load(Ordering::SeqCst), 3);
    let elapsed = began.elapsed();
    assert!(elapsed <= Duration::from_secs(32), "{elapsed:?}");
    assert!(elapsed >= Duration::from_secs(20), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn too_many_clients_for_the_time_are_closed_faster_with_a_line_in_the_log() {
    let log = Log::default();
    let _guard = log.collect();
    let (io, clients) = clients(SocketIo::bare(), 200).await;
    let drain = Drain::default().batch(1).deadline(Duration::from_secs(20));
    let began = Instant::now();
    io.drain(drain).await;
    assert!(began.elapsed() <= Duration::from_secs(10));
    assert!(clients.iter().all(|client| !client.is_connected()));
    assert_eq!(
        log.lines("too many connections for `Drain::batch`").len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_connects_during_the_drain_is_closed_too() {
    let (io, clients) = clients(SocketIo::bare(), 2).await;
    let drain = Drain::default().batch(1).interval(Duration::from_secs(5));
    let draining = tokio::spawn({
        let io = io.clone();
        async move { io.drain(drain).await }
    });
    sleep(Duration::from_millis(100)).await;
    if let Ok(late) = TestClient::connect(&io, "/").await {
        assert_eq!(late.disconnected().await, Reason::ServerShutdown);
    }
    draining.await.unwrap();
    assert!(clients.iter().all(|client| !client.is_connected()));
}

#[test]
fn a_deadline_that_is_shorter_than_the_shutdown_is_refused() {
    let drain = Drain::default().deadline(Duration::from_secs(5));
    problem(
        SocketIo::bare().drain(drain),
        &["`Drain::deadline` includes `shutdown_timeout`"],
    );
}
