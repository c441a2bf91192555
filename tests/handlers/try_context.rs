//! The context functions without a current client, and which event a failed `emit` fails.

use std::error::Error;

use serde::{Serialize, Serializer};
use socketio::{
    CallError, NoCurrentClient, RoomError, SocketIo, try_broadcast, try_call, try_close_room,
    try_disconnect, try_emit, try_except, try_join_room, try_leave_room, try_of, try_request,
    try_rooms, try_send, try_send_json, try_session, try_sid, try_skip, try_spawn, try_to,
};
use socketio_test::{TestClient, event};

#[tokio::test]
async fn outside_of_a_handler_the_try_functions_return_an_error() {
    for error in [try_emit("a", ()), try_send(()), try_send_json(())] {
        let error = error.unwrap_err();
        assert!(error.source().unwrap().is::<NoCurrentClient>());
        assert!(error.to_string().contains("`socketio::spawn`"), "{error}");
    }
    assert_eq!(try_sid().unwrap_err(), try_rooms().unwrap_err());
    assert!(try_to("a").is_err() && try_broadcast().is_err() && try_of("/").is_err());
    assert!(try_skip("a").is_err() && try_except("a").is_err());
    assert!(try_request().is_err() && try_session::<u8>().is_err());
    assert!(try_leave_room("a").is_err() && try_disconnect().is_err());
    assert!(try_spawn(async {}).is_err());
    assert_eq!(try_join_room("a"), Err(RoomError::NoCurrentClient));
    assert_eq!(try_close_room("a"), Err(RoomError::NoCurrentClient));
    let call = try_call::<()>("a", ()).await;
    assert!(matches!(call, Err(CallError::NoCurrentClient)));
}

#[tokio::test]
async fn inside_a_handler_the_try_functions_act_for_the_current_client() {
    let io = SocketIo::bare()
        .on("join", async || -> socketio::Result<Vec<String>> {
            try_join_room("lobby")?;
            try_emit("one", 1)?;
            try_to("lobby")?.emit("two", 2);
            assert_eq!(try_sid()?, socketio::sid());
            try_spawn(async { try_send("three") })?.await?.unwrap()?;
            Ok(try_rooms()?)
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let rooms: Vec<String> = client.call("join", ()).await.unwrap();
    assert_eq!(rooms, [client.sid().as_str(), "lobby"]);
    let expected = [event("one", 1), event("two", 2), event("message", "three")];
    assert_eq!(client.received(), expected);
}

/// A value that can't be encoded.
struct Broken;

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("broken"))
    }
}

#[tokio::test]
async fn an_emit_of_the_server_does_not_fail_the_event_that_is_being_handled() {
    let io = SocketIo::bare()
        .on("server", async |io: SocketIo| {
            io.emit("news", Broken);
            io.send(Broken);
            io.to("lobby").emit("connect", ());
            io.broadcast().emit("news", Broken);
            "done"
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<String>("server", ()).await.unwrap(), "done");
}

#[tokio::test]
async fn an_emit_of_another_client_does_not_fail_the_event_that_is_being_handled() {
    let io = SocketIo::bare()
        .on("other", async |io: SocketIo, sid: String| {
            io.socket("/", &sid).unwrap().emit("news", Broken);
            "done"
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let other = TestClient::connect(&io, "/").await.unwrap();
    let done = client.call::<String>("other", other.sid().as_str()).await;
    assert_eq!(done.unwrap(), "done");
}

#[tokio::test]
async fn an_emit_of_the_current_client_fails_its_event() {
    let io = SocketIo::bare()
        .on("free", async || socketio::emit("news", Broken))
        .on("socket", async |socket: socketio::Socket| {
            socket.emit("news", Broken);
        })
        .on("recipients", async || {
            socketio::broadcast().emit("news", Broken);
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for name in ["free", "socket", "recipients"] {
        let error = client.emit(name, ()).await.unwrap_err();
        assert!(error.to_string().contains("broken"), "{name}: {error}");
    }
}
