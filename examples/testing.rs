//! A server and its tests: `cargo test --example testing`; `cargo run --example testing` serves it.
//!
//! The test client is an in-process transport: no ports, no sleeps, no global state.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use serde::Deserialize;
use socketio::{Auth, ConnectionRefused, SocketIo, State, call, join_room, to};

#[derive(Default)]
struct Visits(AtomicU32);

#[derive(Deserialize)]
struct Login {
    name: String,
}

#[socketio::event]
fn connect(login: Auth<Option<Login>>, visits: State<Visits>) -> Result<(), ConnectionRefused> {
    if login.as_ref().is_some_and(|login| login.name == "mallory") {
        return Err(ConnectionRefused::new("not you"));
    }
    visits.0.fetch_add(1, Relaxed);
    Ok(())
}

#[socketio::event]
fn join(room: String) -> socketio::Result {
    join_room(&room)?;
    Ok(())
}

#[socketio::event]
fn say(room: String, text: String) -> usize {
    to(room).include_self(false).emit("said", &text);
    text.len()
}

#[socketio::event]
async fn guess() -> socketio::Result<bool> {
    let number: u32 = call("which number?", ()).await?;
    Ok(number == 7)
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder()
        .state(Visits::default())
        .logger(true)
        .build()?;
    let addr = std::env::args().nth(1);
    io.run((), addr.unwrap_or("127.0.0.1:5000".into())).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use socketio::{CallError, handlers};
    use socketio_test::{ConnectError, TestClient, event};

    use super::*;

    /// Each test has its own server, with the handlers that it tests.
    fn server() -> SocketIo {
        SocketIo::bare()
            .handlers(handlers![connect, join, say, guess])
            .state(Visits::default())
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn the_room_receives_the_message_and_the_sender_does_not() {
        let io = server();
        let ana = TestClient::connect(&io, "/").await.unwrap();
        let bo = TestClient::connect(&io, "/").await.unwrap();
        ana.emit("join", "lobby").await.unwrap(); // resolves when the handler has ended
        bo.emit("join", "lobby").await.unwrap();
        let length: usize = ana.call("say", ("lobby", "hi")).await.unwrap(); // asks for an acknowledgement
        assert_eq!(length, 2);
        assert_eq!(bo.received(), [event("said", "hi")]);
        assert!(ana.received().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_has_its_message() {
        let builder = TestClient::builder(&server()).auth(&json!({ "name": "mallory" }));
        match builder.connect().await {
            Err(ConnectError::Refused { message, .. }) => assert_eq!(message, "not you"),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_client_acknowledges_calls_of_the_server() {
        let client = TestClient::connect(&server(), "/").await.unwrap();
        client.on("which number?", |()| 7);
        assert!(client.call::<bool>("guess", ()).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_passes_at_once_when_time_is_paused() {
        let io = server();
        let client = TestClient::builder(&io)
            .timeout(Duration::from_secs(90))
            .connect()
            .await
            .unwrap();
        let error = client.emit("guess", ()).await.unwrap_err();
        assert!(
            error.to_string().contains(&CallError::Timeout.to_string()),
            "{error}"
        );
    }

    #[test]
    fn handlers_can_be_called_as_plain_functions() {
        let visits = State::from(Visits::default());
        assert!(connect(Auth::from(None), visits.clone()).is_ok());
        assert_eq!(visits.0.load(Relaxed), 1);
    }
}
