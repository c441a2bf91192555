//! Context: functions such as `emit` act for the current client, and panic outside of handlers.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{
    Data, HandlerError, Rest, Sid, Socket, SocketIo, broadcast, current, emit, handlers, join_room,
    request, rooms, send, send_json, sid, to,
};
use socketio_test::{CallFailed, TestClient, event};

#[tokio::test]
async fn emit_and_send_reply_to_the_sender_only() {
    #[socketio::event]
    async fn talk() {
        emit("one", 1);
        emit("several", (1, "b"));
        emit("none", ());
        send("hello");
        send_json(json!({"a": 1}));
    }
    let io = SocketIo::bare().handlers(handlers![talk]).build().unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    ana.emit("talk", ()).await.unwrap();
    assert_eq!(
        ana.received(),
        [
            event("one", 1),
            event("several", (1, "b")),
            event("none", ()),
            event("message", "hello"),
            event("json", json!({"a": 1}))
        ]
    );
    assert!(bo.received().is_empty());
}

#[tokio::test]
async fn message_and_json_are_ordinary_events() {
    #[socketio::event]
    fn message(text: String) -> String {
        text + "!"
    }
    #[socketio::event]
    fn json(value: Value) -> Value {
        json!([value])
    }
    let io = SocketIo::bare()
        .handlers(handlers![message, json])
        .on("*", |arguments: Rest<Data>| send(arguments))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.send("hi").await.unwrap();
    client.send_json(json!({})).await.unwrap();
    assert_eq!(client.call::<String>("message", "a").await.unwrap(), "a!");
    client.emit("both", (1, 2)).await.unwrap();
    client.emit("none", ()).await.unwrap();
    assert_eq!(
        client.received(),
        [event("message", (1, 2)), event("message", ())]
    );
}

#[tokio::test]
async fn every_function_acts_for_the_current_client() {
    #[socketio::event]
    async fn who(socket: Socket) -> (Sid, bool, Option<String>, usize) {
        tokio::task::yield_now().await;
        assert_eq!(current(), Some(socket.clone()));
        let name = request().header("x-name").map(String::from);
        (sid(), socket.is_connected(), name, rooms().len())
    }
    let io = SocketIo::bare().handlers(handlers![who]).build().unwrap();
    for name in ["ana", "bo"] {
        let client = TestClient::builder(&io)
            .header("x-name", name)
            .connect()
            .await
            .unwrap();
        let (sid, connected, header, rooms): (String, bool, String, usize) =
            client.call("who", ()).await.unwrap();
        assert_eq!(sid, client.sid().as_str());
        assert_eq!((connected, &*header, rooms), (true, name, 1));
    }
}

#[tokio::test]
async fn outside_of_a_handler_the_functions_panic_and_name_the_cure() {
    let outside = std::panic::catch_unwind(|| emit("a", ())).unwrap_err();
    let text = outside.downcast_ref::<String>().unwrap();
    assert!(
        text.contains("`socketio::emit`") && text.contains("`socketio::spawn`"),
        "{text}"
    );
    assert_eq!(current(), None);

    // `tokio::spawn` has no current client, `socketio::spawn` has.
    let io = SocketIo::bare()
        .on("tokio", || async {
            let task = tokio::spawn(async { current().is_some() });
            task.await.unwrap()
        })
        .on("socketio", || async {
            let task = socketio::spawn(async { current().is_some() });
            task.await.unwrap().unwrap()
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(!client.call::<bool>("tokio", ()).await.unwrap());
    assert!(client.call::<bool>("socketio", ()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_continues_when_the_handler_has_ended() {
    #[socketio::event]
    fn remind(seconds: u64) {
        socketio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            emit("reminder", seconds);
        });
    }
    let io = SocketIo::bare()
        .handlers(handlers![remind])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("remind", 3).await.unwrap();
    assert!(client.received().is_empty());
    assert_eq!(client.next().await, event("reminder", 3));
}

#[tokio::test(start_paused = true)]
async fn a_background_task_of_the_server_emits_without_a_current_client() {
    let io = SocketIo::bare().build().unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let ticking = io.spawn(|io| async move {
        assert_eq!(current(), None);
        for number in 1.. {
            tokio::time::sleep(Duration::from_secs(1)).await;
            io.emit("tick", number);
        }
    });
    for number in 1..=3 {
        assert_eq!(ana.next().await, event("tick", number));
    }
    assert_eq!(bo.received().len(), 3);
    io.shutdown().await;
    assert_eq!(ticking.await.unwrap(), None, "it ends with the server");
}

#[tokio::test]
async fn a_plain_thread_can_emit() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let thread = io.clone();
    std::thread::spawn(move || thread.emit("from a thread", 1))
        .join()
        .unwrap();
    assert_eq!(client.received(), [event("from a thread", 1)]);
}

#[tokio::test]
async fn an_error_handler_runs_in_the_context_of_the_client() {
    #[socketio::event]
    async fn fail() -> socketio::Result {
        Err("why".into())
    }
    #[socketio::on_error]
    async fn failed(error: HandlerError) {
        join_room("failed").unwrap();
        to("failed").emit("failed", (sid(), error.to_string()));
    }
    let io = SocketIo::bare()
        .handlers(handlers![fail, failed])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("fail", ()).await.unwrap();
    assert_eq!(client.received(), [event("failed", (client.sid(), "why"))]);
}

#[tokio::test]
async fn arguments_are_read_one_by_one_and_surplus_ones_ignored() {
    #[socketio::event]
    fn typed(a: u8, b: Option<String>, c: (i32, i32), socket: Socket, rest: Rest<Value>) -> Value {
        broadcast().skip(socket.sid()).emit("unheard", ());
        json!([a, b, c, rest.0])
    }
    #[socketio::event]
    fn first(a: u8) -> u8 {
        a
    }
    let io = SocketIo::bare()
        .handlers(handlers![typed, first])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let answer: Value = client
        .call("typed", (1, Some("b"), [2, 3], "d", json!({"e": 1})))
        .await
        .unwrap();
    assert_eq!(answer, json!([1, "b", [2, 3], ["d", {"e": 1}]]));
    let answer: Value = client.call("typed", (1, (), (2, 3))).await.unwrap();
    assert_eq!(answer, json!([1, null, [2, 3], []]));
    assert_eq!(client.call::<u8>("first", (1, 2, 3)).await.unwrap(), 1);
    let failed = client.call::<u8>("first", 256).await.unwrap_err();
    assert!(
        matches!(&failed, CallFailed::Handler(error) if error.argument_error().is_some()),
        "{failed}"
    );
}
