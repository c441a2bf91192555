//! A full inbox: a `call` still finds its acknowledgement, within a bound in bytes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use socketio::{CallError, Socket, SocketIo, SocketIoBuilder, call};
use socketio_test::TestClient;
use test_support::{Log, settle};
use tokio::sync::Semaphore;

/// `ask` calls its client; `data` waits for a permit of the returned semaphore.
fn server(
    options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder,
) -> (SocketIo, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (gate, handled) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let builder = SocketIo::bare()
        .on("ask", || async {
            match call::<String>("question", ()).await {
                Ok(answer) => answer,
                Err(CallError::TooMuchPending) => "backlog".to_owned(),
                Err(error) => error.to_string(),
            }
        })
        .on("data", {
            let (gate, handled) = (Arc::clone(&gate), Arc::clone(&handled));
            move |_data: String| {
                let (gate, handled) = (Arc::clone(&gate), Arc::clone(&handled));
                async move {
                    gate.acquire().await.unwrap().forget();
                    handled.fetch_add(1, SeqCst);
                }
            }
        });
    (options(builder).build().unwrap(), gate, handled)
}

#[tokio::test]
async fn an_acknowledgement_is_read_behind_a_full_inbox() {
    let (io, gate, handled) = server(|builder| builder.max_waiting_events(2));
    gate.add_permits(100);
    let client = TestClient::connect(&io, "/").await.unwrap();
    let answer = client.call::<String>("ask", ());
    let question = client.next().await;
    let behind: Vec<_> = (0..20).map(|_| client.emit("data", "x")).collect();
    client.ack(&question, "found").await.unwrap();
    assert_eq!(answer.await.unwrap(), "found");
    for event in behind {
        event.await.unwrap();
    }
    assert_eq!(handled.load(SeqCst), 20);
}

#[tokio::test]
async fn packets_read_ahead_for_a_call_are_bounded_in_bytes() {
    for waiting in [1, 256] {
        let (io, gate, handled) = server(|builder| {
            builder
                .max_waiting_events(waiting)
                .max_http_buffer_size(10_000)
        });
        gate.add_permits(100);
        let client = TestClient::connect(&io, "/").await.unwrap();
        let answer = client.call::<String>("ask", ());
        let _unanswered = client.next().await;
        let behind: Vec<_> = (0..20)
            .map(|_| client.emit("data", "x".repeat(4_000)))
            .collect();
        assert_eq!(answer.await.unwrap(), "backlog", "{waiting}");
        for event in behind {
            event.await.unwrap();
        }
        assert_eq!(handled.load(SeqCst), 20, "nothing is lost");
    }
}

/// An event of a few bytes takes hundreds of bytes while it waits. Without a limit in number, 166,000 of them were read behind a call.
#[tokio::test]
async fn small_events_read_ahead_for_a_call_are_bounded_in_number() {
    let (io, gate, handled) =
        server(|builder| builder.max_waiting_events(1).max_http_buffer_size(10_000));
    let client = TestClient::connect(&io, "/").await.unwrap();
    let answer = client.call::<String>("ask", ());
    let _unanswered = client.next().await;
    let behind: Vec<_> = (0..100).map(|_| client.emit("data", "")).collect();
    assert_eq!(answer.await.unwrap(), "backlog");
    gate.add_permits(100);
    for event in behind {
        event.await.unwrap();
    }
    assert_eq!(handled.load(SeqCst), 100, "nothing is lost");
}

#[tokio::test]
async fn the_bytes_of_all_namespaces_count_together() {
    let gate = Arc::new(Semaphore::new(0));
    let mut builder = SocketIo::bare().max_http_buffer_size(10_000);
    for path in ["/a", "/b", "/c"] {
        let gate = Arc::clone(&gate);
        builder = builder.on_in(path, "data", move |_data: String| {
            let gate = Arc::clone(&gate);
            async move { gate.acquire().await.unwrap().forget() }
        });
    }
    let io = builder.build().unwrap();
    let a = TestClient::connect(&io, "/a").await.unwrap();
    let b = a.connect_to("/b").await.unwrap();
    // One event runs and one waits in each of two namespaces: 12,000 bytes wait.
    let waiting: Vec<_> = [&a, &a, &b, &b]
        .iter()
        .map(|client| client.emit("data", "x".repeat(6_000)))
        .collect();
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let joining = tokio::spawn({
        let a = a.connection().clone();
        async move { a.connect_to("/c").await }
    });
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert!(!joining.is_finished(), "the connection is not read");
    gate.add_permits(100);
    for event in waiting {
        event.await.unwrap();
    }
    joining.await.unwrap().unwrap();
}

/// The connection's task wakes for each broadcast, and checks again whether it may read.
#[tokio::test]
async fn too_much_input_during_a_call_is_logged_once() {
    let log = Log::default();
    let _collecting = log.collect();
    let release = Arc::new(Semaphore::new(0));
    let io = SocketIo::bare()
        .max_waiting_events(2)
        .max_http_buffer_size(10_000)
        .on("keep", {
            let release = Arc::clone(&release);
            move |socket: Socket| {
                let release = Arc::clone(&release);
                async move {
                    let answers = socket.broadcast().call_stream::<()>("question", ());
                    release.acquire().await.unwrap().forget();
                    drop(answers);
                }
            }
        })
        .on("data", |_data: String| ())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let kept = client.emit("keep", ());
    settle().await;
    let sent: Vec<_> = (0..10)
        .map(|_| client.emit("data", "x".repeat(5_000)))
        .collect();
    settle().await;
    for number in 0..500 {
        io.emit("n", number);
        tokio::task::yield_now().await;
    }
    assert_eq!(log.lines("sent too much").len(), 1);
    release.add_permits(1);
    kept.await.unwrap();
    for event in sent {
        event.await.unwrap();
    }
}

/// Otherwise, 20 namespaces would have 64 handlers each, with an argument of 1 MB each.
#[tokio::test]
async fn concurrent_handlers_are_bounded_for_the_whole_connection() {
    let (gate, running) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut builder = SocketIo::bare()
        .async_handlers(true)
        .max_concurrent_events(2);
    let paths: Vec<_> = (0..10).map(|number| format!("/{number}")).collect();
    for path in &paths {
        let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
        builder = builder.on_in(path, "data", move |_data: String| {
            let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
            async move {
                running.fetch_add(1, SeqCst);
                gate.acquire().await.unwrap().forget();
            }
        });
    }
    let io = builder.build().unwrap();
    let first = TestClient::connect(&io, &paths[0]).await.unwrap();
    let mut clients = vec![];
    for path in &paths[1..] {
        clients.push(first.connect_to(path).await.unwrap());
    }
    clients.push(first);
    let events: Vec<_> = clients
        .iter()
        .flat_map(|client| [client.emit("data", ""), client.emit("data", "")])
        .collect();
    settle().await;
    assert_eq!(
        running.load(SeqCst),
        8,
        "four times `max_concurrent_events`"
    );
    gate.add_permits(100);
    for event in events {
        event.await.unwrap();
    }
    assert_eq!(running.load(SeqCst), 20, "the others have run afterwards");
}

#[tokio::test]
async fn the_arguments_of_running_handlers_are_bounded_in_bytes() {
    let (gate, running) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let io = SocketIo::bare()
        .async_handlers(true)
        .max_http_buffer_size(10_000)
        .on("data", {
            let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
            move |_data: String| {
                let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
                async move {
                    running.fetch_add(1, SeqCst);
                    gate.acquire().await.unwrap().forget();
                }
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let events: Vec<_> = (0..20)
        .map(|_| client.emit("data", "x".repeat(9_000)))
        .collect();
    settle().await;
    assert_eq!(running.load(SeqCst), 5, "40,000 bytes, and the last one");
    gate.add_permits(100);
    for event in events {
        event.await.unwrap();
    }
}

#[tokio::test]
async fn the_auth_of_clients_that_are_connecting_is_bounded_in_bytes() {
    let (gate, running) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut builder = SocketIo::bare().max_http_buffer_size(10_000);
    let paths: Vec<_> = (0..20).map(|number| format!("/{number}")).collect();
    for path in &paths {
        let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
        builder = builder.on_in(path, "connect", move || {
            let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
            async move {
                running.fetch_add(1, SeqCst);
                gate.acquire().await.unwrap().forget();
            }
        });
    }
    let io = builder.build().unwrap();
    let connection = TestClient::builder(&io).open().unwrap();
    let auth = serde_json::json!({"token": "x".repeat(9_000)});
    for path in &paths {
        drop(connection.send_raw(&format!("0{path},{auth}")));
    }
    settle().await;
    assert_eq!(running.load(SeqCst), 5);
    gate.add_permits(100);
    settle().await;
    assert_eq!(running.load(SeqCst), 20);
}
