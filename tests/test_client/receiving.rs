//! Received events: order, waiting for them, and failing when none can be received.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::json;
use socketio::{Socket, SocketIo, broadcast};
use socketio_test::{Event, TestClient, event};
use tokio::sync::Notify;

use crate::fixture::{panic_of, server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn received_returns_all_earlier_emits_in_two_thousand_rounds() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let mut wrong = 0;
    for round in 0..2_000 {
        io.emit("round", round);
        if client.received() != [event("round", round)] {
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_is_kept_whichever_task_receives_the_packets() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let emitting = io.spawn(|io| async move {
        for number in 0..5_000 {
            io.emit("number", number);
            if number % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    let mut numbers = Vec::new();
    while numbers.len() < 5_000 {
        numbers.extend(
            client
                .received()
                .iter()
                .map(|event| event.read::<usize>().unwrap()),
        );
        tokio::task::yield_now().await;
    }
    emitting.await.unwrap();
    assert!(numbers.into_iter().eq(0..5_000));
}

#[tokio::test]
async fn received_takes_all_events_and_received_named_leaves_the_others() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for (name, number) in [("a", 1), ("b", 2), ("a", 3)] {
        io.emit(name, number);
    }
    assert_eq!(client.received_named("a"), [event("a", 1), event("a", 3)]);
    assert_eq!(client.received_named("a"), []);
    assert_eq!(client.received(), [event("b", 2)]);
    assert!(client.received().is_empty());
}

#[tokio::test]
async fn events_are_read_as_they_were_sent() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let bytes = Bytes::from_static(b"\x01");
    io.emit("all", ("a", [1, 2], &bytes, json!({"b": null}), u128::MAX));
    let [all] = &client.received()[..] else {
        panic!();
    };
    assert_eq!(all.name(), "all");
    assert_eq!(all.args().len(), 5);
    assert_eq!(all.args()[3], json!({"b": null}));
    assert_eq!(all.arg::<Bytes>(2).unwrap(), bytes);
    assert_eq!(all.arg::<u128>(4).unwrap(), u128::MAX);
    assert_eq!(all.arg::<Option<u8>>(5).unwrap(), None);
    let (a, numbers): (String, Vec<u8>) = all.read().unwrap();
    assert_eq!((a.as_str(), &numbers[..]), ("a", &[1, 2][..]));
    assert!(!all.asks());
}

#[tokio::test(start_paused = true)]
async fn next_waits_for_later_events() {
    let io = server!("later" => |seconds: u64, socket: Socket| {
        socket.clone().spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            socket.emit("tick", seconds);
            socket.emit("tock", seconds);
        });
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("later", 2).await.unwrap();
    assert_eq!(client.received(), []);
    let started = tokio::time::Instant::now();
    assert_eq!(client.next_named("tock").await, event("tock", 2));
    assert_eq!(started.elapsed().as_secs(), 2);
    assert_eq!(client.next().await, event("tick", 2));
}

#[tokio::test(start_paused = true)]
async fn next_reports_its_line_the_expected_event_and_the_received_ones() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    io.emit("other", 1);
    let line = line!() + 1;
    let waiting = client.next_named("wanted");
    let panic = panic_of(waiting).await;
    let (place, what) = panic.split_once(": ").unwrap();
    assert!(place.contains(&format!("receiving.rs:{line}:")), "{place}");
    assert_eq!(
        what,
        r#"waited for the event "wanted", but none was received within 5s; received: [event("other", 1)]"#
    );
}

#[tokio::test]
async fn next_fails_at_once_if_the_client_is_disconnected() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let waiting = client.next();
    assert!(io.disconnect("/", client.sid()));
    let panic = panic_of(waiting).await;
    assert!(
        panic.contains("the client was disconnected (server namespace disconnect)"),
        "{panic}"
    );
}

#[tokio::test(start_paused = true)]
async fn expect_silence_waits_for_the_whole_duration() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let ticking = io.spawn(|io| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        io.emit("tick", ());
    });
    client.expect_silence(Duration::from_secs(59)).await;
    let panic = panic_of(client.expect_silence(Duration::from_secs(2))).await;
    assert!(
        panic.contains(r#"one was received: event("tick")"#),
        "{panic}"
    );
    ticking.await.unwrap();
    assert_eq!(client.received(), [event("tick", ())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_on_several_threads() {
    let notify = Arc::new(Notify::new());
    let waiting = Arc::clone(&notify);
    let io = server!(
        "enter" => |number: usize| broadcast().emit("entered", number),
        "wait" => move || {
            let waiting = Arc::clone(&waiting);
            async move { waiting.notified().await }
        },
    );
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(TestClient::connect(&io, "/").await.unwrap());
    }
    let parked = clients[0].emit("wait", ());
    let entering: Vec<_> = clients
        .iter()
        .enumerate()
        .skip(1)
        .map(|(number, client)| tokio::spawn(client.emit("enter", number)))
        .collect();
    for entered in entering {
        entered.await.unwrap().unwrap();
    }
    for client in &clients {
        let mut numbers: Vec<usize> = client
            .received()
            .iter()
            .map(|event: &Event| event.read().unwrap())
            .collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(1..20));
    }
    notify.notify_one();
    parked.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_read_does_not_keep_its_task_busy() {
    let io = SocketIo::bare()
        .on("slow", async || {
            tokio::time::sleep(Duration::from_secs(1_000)).await;
        })
        .build()
        .unwrap();
    let client = Arc::new(TestClient::connect(&io, "/").await.unwrap());
    client.on("ask", |_: ()| 7);
    // More than its inbox can hold.
    for _ in 0..1_000 {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.emit("slow", ()).await });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Its acknowledgement can't be read.
    io.broadcast().callback(async |_: u8| {}).emit("ask", ());
    // Paused time advances only while all tasks are idle.
    tokio::time::sleep(Duration::from_secs(10)).await;
}
