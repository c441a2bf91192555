//! `shutdown` ends within its time limits, and runs all its steps.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use socketio::{SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, TestQueue};
use test_support::{Log, engine_client::Connector};
use tokio::{
    sync::Notify,
    task::consume_budget,
    time::{sleep, timeout},
};

use crate::fixture::LONG;

const CHANNEL: &str = "flask-socketio";

fn builder() -> SocketIoBuilder {
    SocketIo::bare().shutdown_timeout(Duration::from_millis(200))
}

fn writer(queue: &TestQueue) -> SocketIo {
    let builder = builder().message_queue(queue.clone()).write_only(true);
    builder.build().unwrap()
}

/// A loop that is always ready, and yields only when the budget of its task is used up.
async fn spin() {
    loop {
        consume_budget().await;
    }
}

#[tokio::test]
async fn background_tasks_that_are_always_ready_are_stopped() {
    let io = builder().build().unwrap();
    let task = io.spawn(|_| spin());
    timeout(LONG, io.shutdown()).await.unwrap();
    assert_eq!(task.await.unwrap(), None);
}

#[tokio::test]
async fn background_tasks_that_drain_a_full_channel_are_stopped() {
    let io = builder().build().unwrap();
    let task = io.spawn(|_| async {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        loop {
            sender.send(()).unwrap();
            receiver.recv().await.unwrap();
        }
    });
    timeout(LONG, io.shutdown()).await.unwrap();
    assert_eq!(task.await.unwrap(), None::<()>);
}

#[tokio::test]
async fn handlers_that_are_always_ready_are_dropped_before_the_deadline() {
    let log = Log::default();
    let _guard = log.collect();
    let started = Arc::new(Notify::new());
    let io = builder()
        .on("spin", {
            let started = Arc::clone(&started);
            move || {
                let started = Arc::clone(&started);
                async move {
                    started.notify_one();
                    spin().await;
                }
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.emit("spin", ()));
    started.notified().await;
    timeout(LONG, io.shutdown()).await.unwrap();
    assert_eq!(io.connections(), 0);
    let lines = log.lines("handlers still run near the end of the shutdown timeout");
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[tokio::test]
async fn the_time_limits_hold_when_other_code_is_always_ready() {
    let io = builder().build().unwrap();
    let _waiting = io.spawn(|_| std::future::pending::<()>());
    // Both share the budget of this task, and the loop is polled first.
    let shutdown = async {
        tokio::select! {
            biased;
            () = spin() => {}
            () = io.shutdown() => {}
        }
    };
    timeout(LONG, shutdown).await.unwrap();
}

/// A runtime with one worker, which a handler blocks.
fn blocked(io: &SocketIo, started: &mpsc::Receiver<()>) -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = TestClient::connect(io, "/").await.unwrap();
        drop(client.emit("block", ()));
    });
    started.recv_timeout(LONG).unwrap();
    runtime
}

#[test]
fn a_handler_that_blocks_the_only_worker_does_not_delay_the_shutdown() {
    let (sender, started) = mpsc::channel();
    let io = builder()
        .on("block", move || {
            sender.send(()).unwrap();
            thread::sleep(LONG);
        })
        .build()
        .unwrap();
    let runtime = blocked(&io, &started);
    let log = Log::default();
    let guard = log.collect();
    let began = Instant::now();
    runtime.block_on(io.shutdown());
    assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
    drop(guard);
    let lines = log.lines("a handler blocks its thread");
    assert_eq!(lines.len(), 1, "{lines:?}");
    runtime.shutdown_background();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_background_task_that_blocks_is_named_in_the_log() {
    let log = Log::default();
    let _guard = log.collect();
    let io = builder().build().unwrap();
    let (sender, started) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let line = line!() + 1;
    let task = io.spawn(move |_| async move {
        sender.send(()).unwrap();
        released.recv_timeout(LONG).unwrap();
    });
    started.recv_timeout(LONG).unwrap();
    timeout(LONG / 2, io.shutdown()).await.unwrap();
    let lines = log.lines("a background task blocks its thread");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains(&format!("shutdown.rs:{line}:")),
        "{lines:?}"
    );
    release.send(()).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn a_background_task_shuts_the_server_down_and_continues() {
    let queue = TestQueue::new();
    let io = writer(&queue);
    let task = io.spawn(|io| async move {
        io.emit("n", 1);
        io.shutdown().await;
        "after"
    });
    assert_eq!(task.await.unwrap(), Some("after"));
    assert_eq!(queue.messages(CHANNEL).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_background_tasks_shut_a_served_server_down_and_the_third_is_stopped() {
    const HANDLER: Duration = Duration::from_secs(1);
    let started = Arc::new(Notify::new());
    let io = SocketIo::bare()
        .on("wait", {
            let started = Arc::clone(&started);
            move || {
                started.notify_one();
                sleep(HANDLER)
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.emit("wait", ()));
    started.notified().await;
    let (_connector, listener) = Connector::duplex();
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve((), listener).await }
    });
    let shut_down = |io: SocketIo| async move { io.shutdown().await };
    let (one, two) = (io.spawn(shut_down), io.spawn(shut_down));
    let three = io.spawn(|_| std::future::pending::<()>());
    let began = tokio::time::Instant::now();
    assert_eq!(one.await.unwrap(), Some(()));
    assert_eq!(two.await.unwrap(), Some(()));
    assert_eq!(three.await.unwrap(), None);
    serving.await.unwrap().unwrap();
    assert_eq!(began.elapsed(), HANDLER);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_was_dropped_continues_with_its_deadline() {
    let started = Arc::new(Notify::new());
    let io = SocketIo::bare()
        .on("wait", {
            let started = Arc::clone(&started);
            move || {
                started.notify_one();
                std::future::pending::<()>()
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.emit("wait", ()));
    started.notified().await;
    let began = tokio::time::Instant::now();
    let dropped = timeout(Duration::from_secs(4), io.shutdown());
    assert!(dropped.await.is_err());
    assert_eq!(io.connections(), 1);
    io.shutdown().await;
    // Nine tenths of ten seconds, counted from the first call.
    assert_eq!(began.elapsed(), Duration::from_secs(9));
    assert_eq!(io.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_publishes_waiting_messages_once_the_queue_is_back() {
    // At different points of the pauses between attempts.
    for seconds in 1..10 {
        let queue = TestQueue::new();
        let io = writer(&queue);
        io.emit("n", 1);
        io.flushed().await;
        queue.cut();
        io.emit("n", 2);
        sleep(Duration::from_secs(seconds)).await;
        queue.restore();
        sleep(Duration::from_millis(200)).await;
        io.shutdown().await;
        assert_eq!(queue.messages(CHANNEL).len(), 2, "{seconds} s");
    }
}
