//! A small chat, tested as its authors would.

use std::{collections::BTreeMap, sync::Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{
    Auth, ConnectionRefused, Socket, SocketIo, State, emit, handlers, join_room, sid, to,
};
use socketio_test::{ConnectError, TestClient, event};

#[derive(Default)]
struct Users(Mutex<BTreeMap<String, String>>);

#[derive(Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
}

#[derive(Deserialize)]
struct Message {
    room: String,
    text: String,
}

#[derive(Serialize)]
struct Status {
    online: usize,
}

#[socketio::event(namespace = "/chat")]
async fn connect(auth: Auth<Option<Token>>, users: State<Users>) -> Result<(), ConnectionRefused> {
    let name = match &*auth {
        None => String::from("guest"),
        Some(token) if token.token == "bo's" => String::from("bo"),
        Some(token) => {
            let error = ConnectionRefused::new("unknown token").data(json!([token.token]));
            return Err(error);
        }
    };
    users.0.lock().unwrap().insert(sid().to_string(), name);
    Ok(())
}

#[socketio::event(namespace = "/chat")]
async fn join(room: String) -> socketio::Result {
    join_room(&room)?;
    to(&room).emit("joined", sid());
    Ok(())
}

#[socketio::on("chat message", namespace = "/chat")]
async fn chat_message(message: Message, socket: Socket) {
    to(&message.room)
        .skip(socket.sid())
        .emit("chat message", &message.text);
    emit("sent", ());
}

#[socketio::on("status", namespace = "/chat")]
fn status(users: State<Users>) -> Status {
    Status {
        online: users.0.lock().unwrap().len(),
    }
}

pub(crate) fn chat() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![connect, join, chat_message, status])
        .state(Users::default())
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_room_receives_the_message_and_the_sender_does_not() {
    let io = chat();
    let token = Token {
        token: "bo's".into(),
    };
    let ana = TestClient::connect(&io, "/chat").await.unwrap();
    let bo = TestClient::builder(&io)
        .namespace("/chat")
        .auth(&token)
        .header("x", "y")
        .connect()
        .await
        .unwrap();
    bo.emit("join", "lobby").await.unwrap();
    ana.emit("chat message", json!({"room": "lobby", "text": "hi"}))
        .await
        .unwrap();
    assert_eq!(
        bo.received(),
        [event("joined", bo.sid()), event("chat message", "hi")]
    );
    assert_eq!(ana.received(), [event("sent", ())]);
    assert_eq!(
        ana.call::<Value>("status", ()).await.unwrap(),
        json!({"online": 2})
    );
}

#[tokio::test]
async fn a_refusal_has_its_message() {
    let io = chat();
    let token = Token {
        token: "eve's".into(),
    };
    let refused = TestClient::builder(&io)
        .namespace("/chat")
        .auth(&token)
        .connect()
        .await;
    let Err(ConnectError::Refused { message, data }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(message, "unknown token");
    assert_eq!(data, Some(json!(["eve's"])));
}
