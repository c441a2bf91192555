//! Values that know their event's name and namespace.

use serde::{Deserialize, Serialize};
use serde_json::json;
use socketio::{SocketIo, bytes::Bytes, emit_event, handlers, to};
use socketio_test::{TestClient, event};

#[derive(Serialize, Deserialize, socketio::Event, Debug, PartialEq)]
#[socketio(event = "chat message", namespace = "/chat", server = "typed")]
struct ChatMessage {
    from: String,
    text: String,
}

#[derive(Serialize, Deserialize, socketio::Event, Debug, PartialEq)]
#[socketio(event = "moved", server = "typed")]
struct Moved(i32, Bytes);

#[derive(Serialize, Deserialize, socketio::Event, Debug, PartialEq)]
#[socketio(event = "renamed", server = "typed")]
struct Renamed(String);

#[derive(Serialize, Deserialize, socketio::Event, Debug, PartialEq)]
#[socketio(event = "tick", server = "typed")]
struct Tick;

#[derive(Serialize, Deserialize, socketio::Event, Debug, PartialEq)]
#[socketio(event = "question", ack = (u32, String), server = "typed")]
struct Question<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize, Deserialize, socketio::Event, Debug, PartialEq)]
#[socketio(event = "state", namespace = "/job/{id}", server = "typed")]
#[serde(rename_all = "snake_case", tag = "state")]
enum State {
    Running { percent: u8 },
    Done,
}

fn message(text: &str) -> ChatMessage {
    ChatMessage {
        from: "ana".into(),
        text: text.into(),
    }
}

#[socketio::on("say", namespace = "/chat", server = "typed")]
async fn say(text: String) {
    to(socketio::sid()).emit_event(&message(&text));
    emit_event(&message("said"));
    socketio::broadcast().emit_event(&message("all"));
}

/// Emits an event of another namespace.
#[socketio::on("stray", server = "typed")]
async fn stray() {
    emit_event(&message("stray"));
}

fn server() -> SocketIo {
    let builder = SocketIo::bare().handlers(handlers![say, stray]);
    builder
        .on_in("/job/{id}", "connect", || ())
        .build()
        .unwrap()
}

#[tokio::test]
async fn every_handle_emits_a_value_without_its_name() {
    let io = server();
    let client = TestClient::connect(&io, "/chat").await.unwrap();
    client.emit("say", "hello").await.unwrap();
    io.emit_event(&message("server"));
    io.to(client.sid()).emit_event(&message("to"));
    let socket = io.socket("/chat", client.sid()).unwrap();
    socket.emit_event(&message("socket"));
    let texts = ["hello", "said", "all", "server", "to", "socket"];
    for text in texts {
        assert_eq!(client.next_event::<ChatMessage>().await, message(text));
    }
    io.of("/chat").emit_event(&message("raw"));
    let object = json!({ "from": "ana", "text": "raw" });
    assert_eq!(client.received(), [event("chat message", object)]);
}

#[tokio::test]
async fn a_tuple_struct_is_several_arguments_and_a_unit_struct_none() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let content = Bytes::from_static(b"\0");
    let send = || {
        io.emit_event(&Moved(7, content.clone()));
        io.emit_event(&Renamed("bo".into()));
        io.emit_event(&Tick);
    };
    send();
    let expected = [
        event("moved", (7, content.clone())),
        event("renamed", "bo"),
        event("tick", ()),
    ];
    assert_eq!(client.received(), expected);
    send();
    assert_eq!(client.next_event::<Tick>().await, Tick);
    assert_eq!(client.next_event::<Renamed>().await, Renamed("bo".into()));
    assert_eq!(
        client.received_events::<Moved>(),
        [Moved(7, content.clone())]
    );
}

#[tokio::test]
async fn an_event_that_asks_for_an_acknowledgement_returns_it() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on_event(|question: Question<'static>| (question.text.len() as u32, "bye".into()));
    let question = Question {
        text: "how?".into(),
    };
    let expected = (4, String::from("bye"));
    assert_eq!(io.call_event(&question).await.unwrap(), expected);
    let socket = io.socket("/", client.sid()).unwrap();
    assert_eq!(socket.call_event(&question).await.unwrap(), expected);
    let all = io.broadcast().call_event_all(&question).await.unwrap();
    assert_eq!(all[0].1.as_ref().unwrap(), &expected);
}

#[tokio::test]
async fn an_event_of_a_pattern_goes_to_the_namespace_that_is_named() {
    let io = server();
    let client = TestClient::connect(&io, "/job/7").await.unwrap();
    io.of("/job/7").emit_event(&State::Running { percent: 5 });
    io.of("/job/7").emit_event(&State::Done);
    let running = State::Running { percent: 5 };
    assert_eq!(client.received_events::<State>(), [running, State::Done]);
    let error = io.try_emit_event(&State::Done).unwrap_err();
    assert!(error.is_wrong_namespace());
}

#[tokio::test]
async fn an_event_in_another_namespace_fails_the_event_and_is_not_sent() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let failed = client.emit("stray", ()).await.unwrap_err();
    let failed = failed.to_string();
    assert!(failed.contains("\"/chat\", not for \"/\""), "{failed}");
    assert_eq!(client.received(), []);
}

#[tokio::test]
#[should_panic(expected = "is for the namespace \"/chat\", but this client is in \"/\"")]
async fn waiting_for_an_event_of_another_namespace_panics_at_once() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.next_event::<ChatMessage>().await;
}
