//! `on_any_outgoing`: closures that see all events that are sent.

use socketio::{SentEvent, SocketIo, broadcast, emit};
use socketio_test::{TestClient, event};
use test_support::Notes;

#[tokio::test]
async fn a_tap_sees_events_with_their_arguments_and_recipients() {
    let notes = Notes::default();
    let seen = notes.clone();
    let io = SocketIo::bare()
        .allow_namespace("/chat")
        .on_any_outgoing(move |sent: &SentEvent<'_>| {
            let (first, second): (u32, Option<String>) = sent.read().unwrap();
            let clients = sent.recipients().len();
            let (namespace, event) = (sent.namespace(), sent.event());
            seen.add(format!(
                "{namespace} {event} {first} {second:?} to {clients}"
            ));
        })
        .on("both", || {
            emit("one", (1, "x"));
            broadcast().emit("all", 2);
            "an acknowledgement is no event"
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let _other = TestClient::connect(&io, "/").await.unwrap();
    let _third = TestClient::connect(&io, "/chat").await.unwrap();
    let _: String = client.call("both", ()).await.unwrap();
    assert_eq!(
        notes.take(),
        [r#"/ one 1 Some("x") to 1"#, "/ all 2 None to 2"]
    );
    io.of("/chat").emit("hello", 3);
    io.to("nobody").emit("unheard", 4);
    assert_eq!(notes.take(), ["/chat hello 3 None to 1"]);
}

#[tokio::test]
async fn a_tap_does_not_see_its_own_emits_and_its_panic_has_no_effect() {
    let io = SocketIo::bare()
        .on_any_outgoing(|_: &SentEvent<'_>| panic!("on purpose"))
        .on("count", || {
            emit("a", ());
            emit("b", ());
        })
        .on("connect", || ())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("count", ()).await.unwrap();
    assert_eq!(client.received(), [event("a", ()), event("b", ())]);

    let io = SocketIo::bare()
        .on_any_outgoing(|sent: &SentEvent<'_>| {
            let text = format!("sent {}", sent.event());
            socketio::emit("log", text);
        })
        .on("work", || emit("worked", ()))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("work", ()).await.unwrap();
    assert_eq!(
        client.received(),
        [event("worked", ()), event("log", "sent worked")]
    );
}
