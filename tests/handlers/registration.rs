//! Registration: how handlers get the names of their events, and what they can read of an event.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use serde_json::{Value, json};
use socketio::{
    Auth, Data, EventName, Path, Reason, Request, Rest, Session, Socket, SocketIo, State, emit,
    handlers, request, session, sid,
};
use socketio_test::{TestClient, event};

/// The notes of handlers.
type Log = Mutex<Vec<String>>;

#[socketio::event]
fn plain() -> &'static str {
    "plain"
}

#[socketio::event(namespace = "/chat")]
async fn elsewhere() -> &'static str {
    "elsewhere"
}

#[socketio::on("any name at all")]
fn named() -> &'static str {
    "named"
}

#[socketio::on("any name at all", namespace = "/chat")]
async fn named_elsewhere() -> &'static str {
    "named elsewhere"
}

/// Raw identifiers are names, too.
#[socketio::event]
fn r#type() -> &'static str {
    "type"
}

fn by_path() -> &'static str {
    "by path"
}

#[tokio::test]
async fn an_event_has_the_name_of_its_function_or_the_given_name() {
    let io = SocketIo::bare()
        .handlers(handlers![plain, elsewhere, named, named_elsewhere, r#type])
        .on("closure", || "closure")
        .on_in("/chat", "function", by_path)
        .build()
        .unwrap();
    for (namespace, name, answer) in [
        ("/", "plain", "plain"),
        ("/chat", "elsewhere", "elsewhere"),
        ("/", "any name at all", "named"),
        ("/chat", "any name at all", "named elsewhere"),
        ("/", "type", "type"),
        ("/", "closure", "closure"),
        ("/chat", "function", "by path"),
    ] {
        let client = TestClient::connect(&io, namespace).await.unwrap();
        let answered: String = client.call(name, ()).await.unwrap();
        assert_eq!(answered, answer, "{name} in {namespace}");
    }
}

#[tokio::test]
async fn connect_and_disconnect_take_auth_and_reason_or_nothing() {
    let log = Arc::new(Log::default());
    let say = |log: State<Log>, text: String| log.lock().unwrap().push(text);
    let io = SocketIo::bare()
        .on("connect", move |log: State<Log>| say(log, "connect".into()))
        .on("disconnect", move |log: State<Log>| {
            say(log, "disconnect".into());
        })
        .on_in(
            "/more",
            "connect",
            move |auth: Auth<Value>, log: State<Log>| say(log, format!("connect with {}", *auth)),
        )
        .on_in(
            "/more",
            "disconnect",
            move |log: State<Log>, reason: Reason| say(log, format!("disconnect by {reason}")),
        )
        .shared_state(Arc::clone(&log))
        .build()
        .unwrap();
    let client = TestClient::builder(&io).auth(&json!({"a": 1}));
    client.connect().await.unwrap().disconnect().await.unwrap();
    let client = TestClient::builder(&io).namespace("/more");
    let client = client.auth(&json!({"a": 1})).connect().await.unwrap();
    client.disconnect().await.unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        [
            "connect",
            "disconnect",
            r#"connect with {"a":1}"#,
            "disconnect by client disconnect"
        ]
    );
}

#[tokio::test]
async fn a_handler_can_read_the_name_the_arguments_the_client_and_the_request() {
    let io = SocketIo::bare()
        .on_in(
            "*",
            "what",
            |name: EventName, socket: Socket, request: Request, Rest(arguments): Rest<Data>| {
                json!([
                    name.into_string(),
                    arguments,
                    socket.sid(),
                    socket.namespace(),
                    request.query("room")
                ])
            },
        )
        .build()
        .unwrap();
    let client = TestClient::builder(&io).query("room", "7");
    let client = client.namespace("/some/where").connect().await.unwrap();
    let answer: Value = client.call("what", (1, "two")).await.unwrap();
    assert_eq!(
        answer,
        json!(["what", [1, "two"], client.sid(), "/some/where", "7"])
    );
}

#[tokio::test]
async fn all_namespaces_of_a_connection_share_its_request() {
    let agent = || request().header("user-agent").map(String::from);
    let io = SocketIo::bare()
        .on("agent", agent)
        .on_in("/chat", "agent", agent)
        .build()
        .unwrap();
    let client = TestClient::builder(&io).header("user-agent", "tests");
    let client = client.connect().await.unwrap();
    let chat = client.connect_to("/chat").await.unwrap();
    assert_eq!(client.call::<String>("agent", ()).await.unwrap(), "tests");
    assert_eq!(chat.call::<String>("agent", ()).await.unwrap(), "tests");
}

#[tokio::test]
async fn the_session_and_the_request_are_available_in_disconnect() {
    let log = Arc::new(Log::default());
    let io = SocketIo::bare()
        .on("connect", |name: Session<String>| name.set("ana".into()))
        .on("disconnect", |log: State<Log>| {
            let name = session::<String>().get();
            let agent = request().header("user-agent").map(String::from);
            emit("unheard", ());
            *log.lock().unwrap() = vec![name, agent.unwrap(), sid().to_string()];
        })
        .shared_state(Arc::clone(&log))
        .build()
        .unwrap();
    let client = TestClient::builder(&io).header("user-agent", "tests");
    let client = client.connect().await.unwrap();
    client.disconnect().await.unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        ["ana", "tests", client.sid().as_str()]
    );
}

#[tokio::test]
async fn a_handler_continues_after_disconnect_and_is_acknowledged() {
    let io = SocketIo::bare()
        .on("leave", |done: State<AtomicBool>| {
            socketio::disconnect();
            emit("unheard", ());
            done.store(true, Relaxed);
            "left"
        })
        .state(AtomicBool::new(false))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.send_raw(r#"27["leave"]"#).await.unwrap();
    let sent = client.packets();
    let last: Vec<_> = sent.iter().filter_map(|packet| packet.text()).collect();
    assert_eq!(last[last.len() - 2..], ["1", r#"37["left"]"#], "{last:?}");
    let done = io.state::<AtomicBool>().unwrap();
    assert!(done.load(Relaxed));
    assert_eq!(client.received(), []);
}

#[tokio::test]
async fn rest_counts_the_arguments_as_they_were_sent() {
    let io = SocketIo::bare()
        .on("*", |name: EventName, Rest(arguments): Rest<Data>| {
            emit(&name.into_string(), arguments.len());
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("none", ()).await.unwrap();
    client.emit("null", Value::Null).await.unwrap();
    client.emit("list", [1, 2]).await.unwrap();
    client.emit("several", (1, 2)).await.unwrap();
    assert_eq!(
        client.received(),
        [
            event("none", 0),
            event("null", 1),
            event("list", 1),
            event("several", 2)
        ]
    );
}

#[test]
fn extractors_are_created_and_unwrapped_in_the_same_way() {
    let mut auth = Auth::from(String::from("a"));
    auth.push('b');
    assert_eq!(auth.clone().into_inner(), "ab");
    let mut path = Path::from(vec![1]);
    path.push(2);
    assert_eq!((path.len(), path.into_inner()), (2, vec![1, 2]));
    let state = State::from(3);
    assert_eq!((*state, *state.clone().into_inner()), (3, 3));
    assert_eq!(Session::from(4).get(), 4);
}
