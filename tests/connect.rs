//! Coming and going.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde::Deserialize;
use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, CallError, ConnectionRefused, Data, HandlerError, Reason, Socket, SocketIo,
    State, broadcast, call, emit, handlers, join_room, rooms, sid,
};
use socketio_test::{ConnectError, EmitFailed, TestClient, event};
use tokio::sync::Semaphore;

/// What handlers noted, in order.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Message and data of a refusal.
fn refusal(result: Result<TestClient, ConnectError>) -> (String, Option<Value>) {
    match result {
        Err(ConnectError::Refused { message, data }) => (message, data),
        other => panic!("{other:?}"),
    }
}

const SILENT: &str = "Connection rejected by server";

#[tokio::test]
async fn auth_is_what_the_client_sent_along() {
    #[socketio::event]
    fn connect(auth: Auth<Data>) {
        emit("auth", auth.into_inner());
    }
    let io = SocketIo::bare()
        .handlers(handlers![connect])
        .build()
        .unwrap();
    let nothing = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(nothing.received(), [event("auth", json!(null))]);
    for auth in [json!({}), json!({"token": [1, {"a": null}]})] {
        let client = TestClient::builder(&io)
            .auth(&auth)
            .connect()
            .await
            .unwrap();
        assert_eq!(client.received(), [event("auth", &auth)]);
    }
}

/// Python clients send it when they have nothing to say.
#[tokio::test]
async fn an_empty_auth_is_none_where_it_does_not_fit() {
    #[derive(Deserialize)]
    struct Token {
        token: String,
    }
    let io = SocketIo::bare()
        .on("connect", |auth: Auth<Option<Token>>| {
            emit("auth", auth.into_inner().map(|auth| auth.token));
        })
        .on_in("/must", "connect", |_: Auth<Token>| ())
        .build()
        .unwrap();
    for (auth, token) in [
        (json!({}), json!(null)),
        (json!({"token": "t"}), json!("t")),
    ] {
        let client = TestClient::builder(&io).auth(&auth);
        let client = client.connect().await.unwrap();
        assert_eq!(client.received(), [event("auth", token)]);
    }
    for auth in [json!({}), json!({"other": 1})] {
        let client = TestClient::builder(&io).namespace("/must").auth(&auth);
        assert!(client.connect().await.is_err());
    }
    let other = TestClient::builder(&io).auth(&json!({"other": 1}));
    assert!(other.connect().await.is_err());
}

#[tokio::test]
async fn auth_that_is_not_what_the_handler_takes_refuses() {
    #[derive(Deserialize)]
    struct Token {
        token: String,
    }
    #[socketio::event]
    async fn connect(auth: Auth<Token>, notes: State<Notes>) {
        notes.add(&auth.token);
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![connect])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let nothing = TestClient::connect(&io, "/").await;
    assert_eq!(refusal(nothing), (SILENT.into(), None));
    let wrong = TestClient::builder(&io).auth(&json!({"token": 1}));
    assert_eq!(refusal(wrong.connect().await), (SILENT.into(), None));
    let right = TestClient::builder(&io).auth(&json!({"token": "t", "more": 1}));
    right.connect().await.unwrap();
    assert_eq!(notes.take(), ["t"]);
}

#[tokio::test]
async fn every_way_of_refusing_says_what_it_may_and_no_more() {
    let refuse = |kind: &str| -> socketio::Result {
        match kind {
            "plain" => Err("a secret".into()),
            "refused" => Err(ConnectionRefused::new("why").into()),
            "data" => Err(ConnectionRefused::new("why")
                .data(json!({"code": 7}))
                .into()),
            "list" => Err(ConnectionRefused::new("why").data((1, "b")).into()),
            "anyhow" => {
                let refused = anyhow::Error::new(ConnectionRefused::new("in anyhow"));
                Err(refused.context("a secret").into())
            }
            "eyre" => {
                let refused = eyre::Report::new(ConnectionRefused::new("in eyre"));
                Err(refused.wrap_err("a secret").into())
            }
            "panic" => panic!("a secret"),
            other => panic!("{other}"),
        }
    };
    let io = SocketIo::bare()
        .on("connect", move |auth: Auth<Value>| {
            refuse(auth["kind"].as_str().unwrap())
        })
        .build()
        .unwrap();
    for (kind, message, data) in [
        ("plain", SILENT, None),
        ("refused", "why", None),
        ("data", "why", Some(json!({"code": 7}))),
        ("list", "why", Some(json!([1, "b"]))),
        ("anyhow", "in anyhow", None),
        ("eyre", "in eyre", None),
        ("panic", SILENT, None),
    ] {
        let client = TestClient::builder(&io).auth(&json!({"kind": kind}));
        let refused = refusal(client.connect().await);
        assert_eq!(refused, (message.to_owned(), data), "{kind}");
    }
}

#[tokio::test]
async fn false_refuses_and_true_accepts() {
    #[socketio::on("connect", namespace = "/no")]
    fn no() -> bool {
        false
    }
    #[socketio::on("connect", namespace = "/yes")]
    async fn yes() -> bool {
        true
    }
    #[socketio::on("connect", namespace = "/ok-no")]
    async fn ok_no() -> Result<bool, BoxError> {
        Ok(false)
    }
    let io = SocketIo::bare()
        .handlers(handlers![no, yes, ok_no])
        .build()
        .unwrap();
    for path in ["/no", "/ok-no"] {
        let refused = TestClient::connect(&io, path).await;
        assert_eq!(refusal(refused), (SILENT.into(), None), "{path}");
    }
    TestClient::connect(&io, "/yes").await.unwrap();
    assert_eq!(io.namespaces(), ["/yes"], "the refused have left no trace");
}

#[tokio::test]
async fn the_false_of_a_closure_refuses_as_well() {
    let io = SocketIo::bare()
        .on("connect", || false)
        .on_in("/ok", "connect", || Ok::<bool, BoxError>(false))
        .build()
        .unwrap();
    for path in ["/", "/ok"] {
        let refused = TestClient::connect(&io, path).await;
        assert_eq!(refusal(refused), (SILENT.into(), None), "{path}");
    }
}

#[tokio::test]
async fn what_connect_emits_comes_after_connect_and_vanishes_when_it_refuses() {
    #[socketio::event]
    fn connect(auth: Auth<Option<Value>>, socket: Socket) -> socketio::Result<bool> {
        join_room("lobby")?;
        socket.emit("hello", 1);
        broadcast().emit("all", 2);
        Ok(auth.is_none())
    }
    let io = SocketIo::bare()
        .handlers(handlers![connect])
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(ana.received(), [event("hello", 1), event("all", 2)]);
    let packets = ana.packets();
    assert!(packets[1].text().unwrap().starts_with("0{"), "{packets:?}");

    let refused = TestClient::builder(&io).auth(&json!({})).connect().await;
    refusal(refused);
    assert!(ana.received().is_empty());
    assert_eq!(io.sockets("/").len(), 1);
}

#[tokio::test]
async fn nothing_reaches_a_client_and_none_of_its_events_is_handled_before_it_is_accepted() {
    let gate = Arc::new(Semaphore::new(0));
    let waiting = Arc::clone(&gate);
    let io = SocketIo::bare()
        .on("connect", move || {
            let gate = Arc::clone(&waiting);
            async move {
                let _ = gate.acquire().await;
            }
        })
        .on("say", |text: String| broadcast().emit("said", text))
        .build()
        .unwrap();
    let connection = TestClient::builder(&io).open().unwrap();
    let connecting = connection.send_raw("0");
    let saying = connection.send_raw(r#"2["say","early"]"#);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    io.emit("news", 1);
    assert_eq!(connection.packets().len(), 2, "{:?}", connection.packets());
    assert_eq!(io.sockets("/").len(), 0);
    gate.add_permits(1);
    connecting.await.unwrap();
    saying.await.unwrap();
    let packets = connection.packets();
    let came: Vec<_> = packets[2..].iter().map(|packet| packet.text()).collect();
    assert!(came[0].unwrap().starts_with("0{"));
    assert_eq!(came[1..], [Some(r#"2["said","early"]"#)]);
}

#[tokio::test]
async fn a_call_inside_connect_fails_at_once() {
    let io = SocketIo::bare()
        .on("connect", || async {
            let answer = call::<u8>("question", ()).await;
            assert!(matches!(answer, Err(CallError::Disconnected)), "{answer:?}");
        })
        .build()
        .unwrap();
    TestClient::connect(&io, "/").await.unwrap();
}

/// Notes comings and goings.
fn noting() -> (SocketIo, Arc<Notes>) {
    #[socketio::event]
    async fn connect(auth: Auth<Option<Value>>, notes: State<Notes>) -> bool {
        notes.add("connect");
        auth.is_none()
    }
    #[socketio::event]
    async fn work(name: String, notes: State<Notes>) {
        notes.add(format!("{name} begins"));
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        notes.add(format!("{name} ends"));
    }
    #[socketio::event]
    async fn leave(notes: State<Notes>) {
        join_room("lobby").unwrap();
        socketio::disconnect();
        socketio::disconnect();
        emit("unheard", ());
        notes.add("left");
    }
    #[socketio::event]
    async fn disconnect(reason: Reason, notes: State<Notes>, socket: Socket) {
        assert!(!socket.is_connected());
        assert!(socketio::join_room("late").is_err());
        let (sid, rooms) = (sid(), rooms());
        assert_eq!(rooms[0], sid.as_str());
        emit("unheard", ());
        notes.add(format!("{reason}: {}", rooms[1..].join(" ")));
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![connect, work, leave, disconnect])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    (io, notes)
}

#[tokio::test]
async fn the_disconnect_handler_runs_once_on_every_way_out() {
    let (io, notes) = noting();
    for (reason, words) in [
        (Reason::ClientClose, "client disconnect"),
        (Reason::TransportClose, "transport close"),
        (Reason::TransportError, "transport error"),
        (Reason::PingTimeout, "ping timeout"),
    ] {
        let client = TestClient::connect(&io, "/").await.unwrap();
        client.lose(reason).await;
        assert_eq!(notes.take(), ["connect", &format!("{words}: ")]);
    }

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.disconnect().await.unwrap();
    client.close().await;
    assert_eq!(notes.take(), ["connect", "client disconnect: "]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("leave", ()).await.unwrap();
    client.close().await;
    assert_eq!(
        notes.take(),
        ["connect", "left", "server disconnect: lobby"]
    );
    assert_eq!(client.received(), []);

    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(io.disconnect("/", client.sid()));
    assert!(!io.disconnect("/", client.sid()));
    client.close().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.send_raw("nonsense").await.unwrap_err();
    client.close().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    io.shutdown().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);
    assert_eq!(client.disconnected().await, Reason::ServerShutdown);
}

#[tokio::test]
async fn a_refused_client_has_no_disconnect() {
    let (io, notes) = noting();
    let refused = TestClient::builder(&io).auth(&json!({})).connect().await;
    refusal(refused);
    while io.connections() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(notes.take(), ["connect"]);
}

#[tokio::test]
async fn events_that_had_arrived_are_handled_before_disconnect() {
    let (io, notes) = noting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let first = client.emit("work", "first");
    let second = client.emit("work", "second");
    client.close().await;
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(
        notes.take(),
        [
            "connect",
            "first begins",
            "first ends",
            "second begins",
            "second ends",
            "client disconnect: "
        ]
    );
}

#[tokio::test]
async fn events_sent_after_the_server_has_said_goodbye_are_no_mistake_and_not_handled() {
    let (io, notes) = noting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let leaving = client.emit("leave", ());
    let late = client.emit("work", "late");
    leaving.await.unwrap();
    drop(late.await);
    client.send_raw(r#"2["work","later"]"#).await.unwrap();
    assert!(client.connection().is_open());
    client.close().await;
    let notes = notes.take();
    assert!(!notes.contains(&String::from("later begins")), "{notes:?}");
    assert_eq!(notes.last().unwrap(), "server disconnect: lobby");
}

#[tokio::test]
async fn disconnect_inside_connect_lets_the_client_in_first() {
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .on("connect", |socket: Socket| {
            socket.emit("sorry", ());
            socket.disconnect();
        })
        .on("disconnect", |reason: Reason, notes: State<Notes>| {
            notes.add(reason.detail());
        })
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
    assert_eq!(client.received(), [event("sorry", ())]);
    client.close().await;
    assert_eq!(notes.take(), ["server namespace disconnect"]);
}

#[tokio::test]
async fn a_disconnect_handler_that_fails_cleans_up_all_the_same() {
    #[socketio::event]
    async fn disconnect() {
        panic!("oh");
    }
    let io = SocketIo::bare()
        .handlers(handlers![disconnect])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let failed = client.disconnect().await;
    let Err(EmitFailed::Handler(error)) = failed else {
        panic!("{failed:?}");
    };
    assert!(error.is_panic() && error.event() == "disconnect");
    assert!(io.sockets("/").is_empty() && io.namespaces().is_empty());
    client.connect_to("/").await.unwrap();
}

#[tokio::test]
async fn joining_a_namespace_twice_is_a_breach_of_protocol() {
    let (io, notes) = noting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let again = client.connect_to("/").await;
    assert!(
        matches!(again, Err(ConnectError::Closed(Reason::ParseError))),
        "{again:?}"
    );
    client.close().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);
}

#[tokio::test]
async fn a_connection_can_be_in_so_many_namespaces_and_no_more() {
    let io = SocketIo::bare()
        .allow_namespace("/a")
        .allow_namespace("/b")
        .max_namespaces(2)
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let a = main.connect_to("/a").await.unwrap();
    let (message, _) = refusal(main.connect_to("/b").await);
    assert_eq!(message, "Too many namespaces");
    a.disconnect().await.unwrap();
    main.connect_to("/b").await.unwrap();
}

#[tokio::test]
async fn a_lifecycle_handler_can_not_be_called_as_an_event() {
    let (io, notes) = noting();
    for name in ["connect", "disconnect"] {
        let client = TestClient::connect(&io, "/").await.unwrap();
        notes.take();
        client
            .send_raw(&format!(r#"2["{name}","evil"]"#))
            .await
            .unwrap_err();
        client.close().await;
        assert_eq!(notes.take(), ["server disconnect: "], "{name}");
    }
}

#[tokio::test]
async fn an_error_handler_sees_why_connect_failed_and_can_not_accept() {
    #[socketio::event]
    async fn connect() -> socketio::Result {
        Err("why".into())
    }
    #[socketio::on_error]
    async fn failed(error: HandlerError, notes: State<Notes>) -> bool {
        notes.add(format!("{}: {error}", error.event()));
        true
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![connect, failed])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let refused = TestClient::connect(&io, "/").await;
    assert_eq!(refusal(refused), (SILENT.into(), None));
    assert_eq!(notes.take(), ["connect: why"]);
}

#[tokio::test]
async fn a_thousand_clients_come_and_go_and_leave_nothing() {
    let count = Arc::new(AtomicUsize::new(0));
    let gone = Arc::clone(&count);
    let io = SocketIo::bare()
        .on("connect", || join_room("lobby").unwrap())
        .on("disconnect", move || {
            gone.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    let mut clients = Vec::new();
    for _ in 0..1_000 {
        clients.push(TestClient::connect(&io, "/").await.unwrap());
    }
    io.to("lobby").emit("full", clients.len());
    for client in &clients {
        assert_eq!(client.received(), [event("full", 1_000)]);
    }
    drop(clients);
    while io.connections() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 1_000);
    assert!(io.namespaces().is_empty());
}
