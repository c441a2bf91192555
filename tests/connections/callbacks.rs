//! Callbacks for the acknowledgements of one connection: how many may be pending, how many may run, and those of clients that
//! have disconnected.

use std::{future::pending, sync::Arc, time::Duration};

use socketio::{CallError, Reason, SocketIo, SocketIoBuilder, broadcast, to};
use socketio_test::TestClient;
use test_support::{Log, Notes, settle};
use tokio::sync::Semaphore;

/// `ask N` asks its client with a callback that notes the answer, waits for a permit and notes the end.
fn server(
    options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder,
) -> (SocketIo, Arc<Semaphore>, Notes) {
    let (gate, notes) = (Arc::new(Semaphore::new(0)), Notes::default());
    let (held, noted) = (Arc::clone(&gate), notes.clone());
    let builder = SocketIo::bare()
        .on("ask", move |number: u32| {
            let (gate, notes) = (Arc::clone(&held), noted.clone());
            let callback = move |answer: String| {
                notes.add(format!("{number} {}", &answer[..1]));
                let (gate, notes) = (Arc::clone(&gate), notes.clone());
                async move {
                    gate.acquire().await.unwrap().forget();
                    notes.add(format!("{number} ends"));
                }
            };
            to(socketio::sid()).callback(callback).emit("question", ());
        })
        .on("ping", || "pong");
    (options(builder).build().unwrap(), gate, notes)
}

async fn ask(client: &TestClient, times: u32) {
    for number in 0..times {
        client.emit("ask", number).await.unwrap();
    }
}

#[tokio::test]
async fn at_the_limit_of_running_callbacks_the_connection_is_not_read() {
    let (io, gate, notes) = server(|builder| builder.max_running_callbacks(2));
    let client = TestClient::connect(&io, "/").await.unwrap();
    ask(&client, 4).await;
    let acks: Vec<_> = client
        .received_named("question")
        .iter()
        .map(|question| client.ack(question, "a"))
        .collect();
    let mut pong = client.call::<String>("ping", ());
    settle().await;
    assert_eq!(notes.take(), ["0 a", "1 a"]);
    assert!(futures_util::poll!(&mut pong).is_pending());
    // Each callback that ends makes room for another.
    gate.add_permits(1);
    settle().await;
    assert_eq!(notes.take(), ["0 ends", "2 a"]);
    assert!(futures_util::poll!(&mut pong).is_pending());
    gate.add_permits(10);
    for ack in acks {
        ack.await.unwrap();
    }
    assert_eq!(pong.await.unwrap(), "pong", "nothing is lost");
    assert!(client.is_connected());
    // Other connections have their own limits.
    let other = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(other.call::<String>("ping", ()).await.unwrap(), "pong");
}

#[tokio::test]
async fn the_acks_of_running_callbacks_are_bounded_in_bytes() {
    let (io, gate, notes) = server(|builder| builder.max_http_buffer_size(10_000));
    let client = TestClient::connect(&io, "/").await.unwrap();
    ask(&client, 20).await;
    for question in client.received_named("question") {
        drop(client.ack(&question, "a".repeat(9_000)));
    }
    settle().await;
    // Four times `max_http_buffer_size`, and the one that exceeds it.
    assert_eq!(notes.take().len(), 5);
    gate.add_permits(20);
    settle().await;
    assert_eq!(notes.take().len(), 15 + 20);
}

/// Otherwise it would wait forever, since the connection is not read.
#[tokio::test]
async fn a_callback_that_calls_its_client_finds_the_answer_behind_the_limit() {
    let notes = Notes::default();
    let noted = notes.clone();
    let io = SocketIo::bare()
        .max_running_callbacks(1)
        .on("ask", move || {
            let notes = noted.clone();
            let callback = move |()| {
                let notes = notes.clone();
                async move {
                    let answer = socketio::call::<String>("further", ()).await;
                    notes.add(answer.unwrap());
                }
            };
            to(socketio::sid()).callback(callback).emit("question", ());
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("further", |()| "answer");
    client.emit("ask", ()).await.unwrap();
    let question = client.next_named("question").await;
    client.ack(&question, ()).await.unwrap();
    settle().await;
    assert_eq!(notes.take(), ["answer"]);
}

#[tokio::test]
async fn the_pending_acks_of_all_clients_of_a_connection_are_bounded_together() {
    let io = SocketIo::bare()
        .max_pending_acks(2)
        .on_in("/{id}", "ping", || "pong")
        .build()
        .unwrap();
    let first = TestClient::connect(&io, "/0").await.unwrap();
    let mut clients = Vec::new();
    for id in 1..6 {
        clients.push(first.connect_to(&format!("/{id}")).await.unwrap());
    }
    let call = |id: usize| {
        let client = &clients[id];
        let to = io.of(client.namespace()).to(client.sid());
        Box::pin(to.call::<u32>("ask", ()))
    };
    let mut calls = Vec::new();
    for id in 0..8 {
        let mut call = call(id % 4);
        assert!(futures_util::poll!(call.as_mut()).is_pending());
        calls.push(call);
    }
    // This client has no pending acks, but the connection has four times as many as a client may have.
    assert!(matches!(call(4).await, Err(CallError::TooMuchPending)));
    drop(calls.pop());
    let mut fits = call(4);
    assert!(futures_util::poll!(fits.as_mut()).is_pending());
    // Another connection has its own.
    let other = TestClient::connect(&io, "/4").await.unwrap();
    other.on("ask", |()| 7);
    assert_eq!(
        io.of("/4")
            .to(other.sid())
            .call::<u32>("ask", ())
            .await
            .unwrap(),
        7
    );
    // Acks that have ended no longer count.
    drop((calls, fits));
    for id in 0..4 {
        let mut call = call(id);
        assert!(futures_util::poll!(call.as_mut()).is_pending());
    }
}

#[tokio::test]
async fn connections_count_while_callbacks_of_a_client_that_has_gone_still_run() {
    let log = Log::default();
    let _guard = log.collect();
    let (io, gate, _notes) = server(|builder| builder.max_connections(2));
    for _ in 0..4 {
        let client = TestClient::connect(&io, "/").await.unwrap();
        ask(&client, 1).await;
        let question = client.next_named("question").await;
        client.ack(&question, "a").await.unwrap();
        let _ends_never = client.lose(Reason::TransportClose);
        settle().await;
    }
    assert_eq!(io.connections(), 4);
    assert!(TestClient::connect(&io, "/").await.is_err());
    assert_eq!(io.metrics().problem("too_many_handlers"), 1, "{log:?}");
    gate.add_permits(4);
    settle().await;
    assert_eq!(io.connections(), 0);
    assert!(TestClient::connect(&io, "/").await.is_ok());
}

/// Callbacks with a `Result` also run when the client disconnects.
#[tokio::test]
async fn callbacks_that_run_for_a_client_that_has_gone_do_not_hold_up_the_shutdown() {
    let io = SocketIo::bare()
        .on("ask", || {
            let callback = |_: Result<(), CallError>| pending::<()>();
            broadcast().callback(callback).emit("question", ());
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("ask", ()).await.unwrap();
    let _ends_never = client.lose(Reason::TransportClose);
    settle().await;
    assert_eq!(io.connections(), 1);
    let shutdown = tokio::time::timeout(Duration::from_secs(5), io.shutdown());
    shutdown.await.expect("it ends long before its timeout");
    assert_eq!(io.connections(), 0);
}
