//! `connect` handlers: what they read, how they refuse, and that nothing happens to a client before it is accepted.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, CallError, ConnectionRefused, Data, HandlerError, Session, Socket, SocketIo,
    State, broadcast, call, emit, handlers, join_room,
};
use socketio_test::{ConnectError, TestClient, event};
use test_support::Notes;
use tokio::sync::{Notify, Semaphore};

/// Returns the message and the data of a refusal.
pub(crate) fn refusal(result: Result<TestClient, ConnectError>) -> (String, Option<Value>) {
    match result {
        Err(ConnectError::Refused { message, data }) => (message, data),
        other => panic!("{other:?}"),
    }
}

const SILENT: &str = "Connection rejected by server";

#[tokio::test]
async fn auth_is_the_object_that_the_client_sent() {
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

/// Python clients send `{}` if they have no `auth`.
#[tokio::test]
async fn an_empty_auth_object_is_none_if_it_does_not_match_the_type() {
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
async fn auth_of_another_type_refuses_the_client() {
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
async fn only_refusals_send_their_message_and_data() {
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
    assert_eq!(
        io.namespaces(),
        ["/yes"],
        "refused clients leave no namespace"
    );
}

#[tokio::test]
async fn false_returned_by_a_closure_refuses() {
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
async fn emits_of_connect_follow_the_connect_packet_and_are_dropped_when_it_refuses() {
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
async fn before_it_is_accepted_a_client_receives_nothing_and_its_events_wait() {
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

#[tokio::test]
async fn an_error_handler_receives_the_error_of_connect_and_can_not_accept() {
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

// D1
#[tokio::test]
async fn an_error_in_connect_refuses_the_client_and_leaves_nothing_behind() {
    let io = SocketIo::bare()
        .on("connect", |auth: Auth<Value>| {
            join_room("lobby")?;
            if auth["panic"] == true {
                panic!("no token");
            }
            Err::<(), BoxError>("no token".into())
        })
        .build()
        .unwrap();
    for auth in [json!({}), json!({"panic": true})] {
        let refused = TestClient::builder(&io).auth(&auth).connect().await;
        let Err(ConnectError::Refused { message, data }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(message, "Connection rejected by server");
        assert_eq!(data, None);
    }
    assert!(io.sockets("/").is_empty() && io.namespaces().is_empty());
}

// D21
#[tokio::test]
async fn events_wait_until_connect_has_accepted() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let io = SocketIo::bare()
        .on("connect", move |ready: Session<bool>| {
            let opened = Arc::clone(&opened);
            async move {
                opened.notified().await;
                ready.set(true);
            }
        })
        .on("early", |ready: Session<bool>| ready.get())
        .build()
        .unwrap();
    let connection = TestClient::builder(&io).open().unwrap();
    let connecting = tokio::spawn(connection.connect_to("/").into_future());
    tokio::task::yield_now().await;
    let early = connection.send_raw(r#"27["early"]"#);
    io.emit("to those who are in", ());
    gate.notify_one();
    early.await.unwrap();
    let client = connecting.await.unwrap().unwrap();
    let texts: Vec<_> = client
        .packets()
        .into_iter()
        .filter(|packet| !packet.is_sent())
        .map(|packet| packet.text().unwrap().to_owned())
        .collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].starts_with("0{"));
    assert_eq!(texts[1], "37[true]");
}
