//! Acknowledging events of the server: by closures, or later.

use std::{panic::AssertUnwindSafe, time::Duration};

use bytes::Bytes;
use socketio::{CallError, Rest, Socket, SocketIo, call, handlers};
use socketio_test::{EmitFailed, TestClient, event};

use crate::fixture::{panic_of, server, text_of};

#[tokio::test]
async fn a_closure_acknowledges_events_of_the_server() {
    #[socketio::event]
    async fn sum(numbers: Rest<u32>) -> Result<u32, CallError> {
        let numbers: Vec<u32> = numbers.0;
        call("add", (numbers[0], numbers[1])).await
    }
    let io = SocketIo::bare().handlers(handlers![sum]).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("add", |(a, b): (u32, u32)| a + b);
    assert_eq!(client.call::<u32>("sum", (3, 4)).await.unwrap(), 7);
    assert_eq!(client.received(), [event("add", (3, 4))]);
    client.on("add", |()| 0);
    assert_eq!(client.call::<u32>("sum", (3, 4)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_closure_of_the_builder_acknowledges_the_first_event() {
    let io = server!("connect" => |socket: Socket| {
        socket.clone().spawn(async move {
            let name: String = socket.call("name", ()).await.unwrap();
            socket.emit("welcome", name);
        });
    });
    let client = TestClient::builder(&io)
        .on("name", |()| "ana")
        .connect()
        .await
        .unwrap();
    assert_eq!(client.next_named("welcome").await, event("welcome", "ana"));
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_closure_is_not_acknowledged() {
    let io = server!("ask" => || async {
        match call::<u8>("question", ()).await {
            Err(CallError::Timeout) => "timeout",
            _ => "answered",
        }
    });
    let client = TestClient::builder(&io)
        .timeout(Duration::from_secs(61))
        .connect()
        .await
        .unwrap();
    assert_eq!(client.call::<String>("ask", ()).await.unwrap(), "timeout");
}

#[tokio::test]
async fn an_event_can_be_acknowledged_later() {
    let io = server!("ask" => || async { call::<(u8, Bytes)>("question", "why").await });
    let client = TestClient::connect(&io, "/").await.unwrap();
    let asking = client.call::<(u8, Bytes)>("ask", ());
    let question = client.next().await;
    assert!(question.asks());
    assert_eq!(question, event("question", "why"));
    let bytes = Bytes::from_static(b"because");
    client.ack(&question, (1, &bytes)).await.unwrap();
    assert_eq!(asking.await.unwrap(), (1, bytes));
    let unasked = client.ack(&event("question", ()), ()).await;
    assert!(matches!(unasked, Err(EmitFailed::NoAckRequested)));
}

#[tokio::test]
async fn a_panic_of_a_closure_fails_the_test() {
    let io = server!("ask" => || async { call::<u8>("question", 1).await });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("question", |number: u8| {
        assert_eq!(number, 2, "in the closure")
    });
    drop(client.emit("ask", ()));
    let panic = panic_of(client.next_named("nothing")).await;
    assert!(panic.contains("in the closure"), "{panic}");

    // When the client is dropped, at the latest.
    io.emit("question", 1);
    let dropping = std::panic::catch_unwind(AssertUnwindSafe(|| drop(client)));
    let panic = text_of(dropping.unwrap_err());
    assert!(panic.contains("in the closure"), "{panic}");
}

#[tokio::test]
async fn arguments_of_another_type_fail_the_test_and_name_the_closure() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let line = line!() + 1;
    client.on("question", |number: u8| number);
    io.emit("question", "a");
    let received = std::panic::catch_unwind(AssertUnwindSafe(|| client.received()));
    let panic = text_of(received.unwrap_err());
    let (place, what) = panic.split_once(": ").unwrap();
    assert!(place.contains(&format!("answering.rs:{line}:")), "{place}");
    assert!(
        what.starts_with(r#"`on("question")` received other arguments: argument 1"#),
        "{what}"
    );
}
