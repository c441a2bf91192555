//! Bounds of a server: connections whose clients have disconnected, pending acknowledgements, all outboxes together,
//! connections without a namespace.

use std::{future::pending, time::Duration};

use socketio::{CallError, Reason, SocketIo};
use socketio_test::TestClient;
use test_support::{Log, Notes, engine_client::Connector, settle};

#[tokio::test]
async fn connections_whose_clients_have_gone_are_bounded_while_their_handlers_run() {
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare()
        .on("wait", || async { pending::<()>().await })
        .max_connections(2)
        .build()
        .unwrap();
    // Twice as many as may be connected.
    for _ in 0..4 {
        let client = TestClient::connect(&io, "/").await.unwrap();
        let _never = client.emit("wait", ());
        settle().await;
        let _ends_never = client.connection().lose(Reason::TransportClose);
        settle().await;
    }
    assert_eq!(io.connections(), 4);
    assert!(TestClient::connect(&io, "/").await.is_err());
    assert_eq!(io.connections(), 4);
    assert_eq!(io.metrics().problem("too_many_handlers"), 1, "{log:?}");
}

#[tokio::test]
async fn at_the_limit_of_pending_acks_the_oldest_callback_is_dropped() {
    let notes = Notes::default();
    let io = SocketIo::bare().max_pending_acks(2).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for number in 0..3 {
        let notes = notes.clone();
        let callback = move |answer: u32| notes.add(answer.to_string());
        io.to(client.sid()).callback(callback).emit("ask", number);
    }
    let asked = client.received_named("ask");
    assert_eq!(asked.len(), 3);
    for event in &asked {
        let number: u32 = event.read().unwrap();
        client.ack(event, number).await.unwrap();
    }
    settle().await;
    let mut answers = notes.take();
    answers.sort();
    assert_eq!(answers, ["1", "2"]);
}

#[tokio::test]
async fn at_the_limit_of_pending_acks_a_further_call_fails() {
    let io = SocketIo::bare().max_pending_acks(2).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let call = |number: u32| io.to(client.sid()).call::<u32>("ask", number);
    let (mut first, mut second) = (Box::pin(call(1)), Box::pin(call(2)));
    assert!(futures_util::poll!(first.as_mut()).is_pending());
    assert!(futures_util::poll!(second.as_mut()).is_pending());
    assert!(matches!(call(3).await, Err(CallError::TooMuchPending)));
    for event in client.received_named("ask") {
        let number: u32 = event.read().unwrap();
        client.ack(&event, number).await.unwrap();
    }
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
    assert!(client.is_connected());
}

#[tokio::test]
async fn when_all_outboxes_together_are_full_clients_that_do_not_read_are_disconnected() {
    let io = SocketIo::bare()
        .max_outbox_total(2_000_000)
        .build()
        .unwrap();
    let mut slow = Vec::new();
    for _ in 0..8 {
        let client = TestClient::connect(&io, "/").await.unwrap();
        client.connection().stop_reading();
        slow.push(client);
    }
    let quick = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..20 {
        for client in &slow {
            // One event for each client, since a broadcast counts once.
            io.to(client.sid()).emit("large", "x".repeat(100_000));
        }
        io.to(quick.sid()).emit("large", "x".repeat(100_000));
        settle().await;
        assert_eq!(quick.received().len(), 1);
    }
    assert!(
        io.metrics().outbox.memory <= 2 * 2_000_000,
        "{:?}",
        io.metrics().outbox
    );
    assert!(slow.iter().any(|client| !client.is_connected()));
    assert!(quick.is_connected());
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_namespace_is_closed_after_the_connect_timeout() {
    let io = SocketIo::bare()
        .connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut never = connector.websocket().await;
    let (_, open) = never.packets_for(Duration::from_millis(4_900)).await;
    assert!(open);
    let (_, open) = never.packets_for(Duration::from_secs(10)).await;
    assert!(!open);
    // A connection that has left its last namespace has the same time.
    let mut left = connector.websocket().await;
    left.join("/").await;
    let (_, open) = left.packets_for(Duration::from_secs(30)).await;
    assert!(open);
    left.send("41").await;
    let (_, open) = left.packets_for(Duration::from_secs(10)).await;
    assert!(!open);
    // The clients don't confirm the close.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(io.connections(), 0);
    assert_eq!(io.metrics().problem("nothing_joined"), 2);
}
