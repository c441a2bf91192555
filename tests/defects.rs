//! The defects that Flask-SocketIO and the libraries beneath it are known for, tried one by one. `docs/parity.md` lists them.

mod http;

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, ConnectionRefused, EventName, HandlerError, Reason, Rest, Session, SocketIo,
    SocketIoBuilder, State, broadcast, emit, handlers, join_room, sid, skip, to,
};
use socketio_test::{ConnectError, TestClient, event};
use tokio::sync::Notify;

fn build(builder: SocketIoBuilder) -> SocketIo {
    builder.build().unwrap()
}

async fn client(io: &SocketIo) -> TestClient {
    TestClient::connect(io, "/").await.unwrap()
}

fn members(io: &SocketIo, room: &str) -> usize {
    let here = |socket: &socketio::Socket| socket.rooms().iter().any(|name| name == room);
    io.sockets("/").iter().filter(|socket| here(socket)).count()
}

// D1
#[tokio::test]
async fn an_error_in_connect_refuses_the_client_and_leaves_nothing_behind() {
    let io = build(SocketIo::bare().on("connect", |auth: Auth<Value>| {
        join_room("lobby")?;
        if auth["panic"] == true {
            panic!("no token");
        }
        Err::<(), BoxError>("no token".into())
    }));
    for auth in [json!({}), json!({"panic": true})] {
        let refused = TestClient::builder(&io).auth(&auth).connect().await;
        let Err(ConnectError::Refused { message, data }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(message, "Connection rejected by server");
        assert_eq!(data, None);
    }
    assert_eq!(members(&io, "lobby"), 0);
    assert!(io.sockets("/").is_empty() && io.namespaces().is_empty());
}

// D2
#[tokio::test]
async fn disconnect_inside_connect_disconnects() {
    let reason = Arc::new(Notify::new());
    let left = Arc::clone(&reason);
    let io = build(
        SocketIo::bare()
            .on("connect", || {
                emit("goodbye", ());
                socketio::disconnect();
            })
            .on("disconnect", move |reason: Reason| {
                assert_eq!(reason, Reason::ServerDisconnect);
                left.notify_one();
            }),
    );
    let client = client(&io).await;
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
    assert_eq!(client.received(), [event("goodbye", ())]);
    reason.notified().await;
    assert!(io.sockets("/").is_empty());
}

// D3
#[tokio::test]
async fn a_client_can_not_send_the_names_of_the_life_cycle() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (connects, disconnects) = (Arc::clone(&calls), Arc::clone(&calls));
    let io = build(
        SocketIo::bare()
            .on("connect", move || {
                connects.fetch_add(1, Relaxed);
            })
            .on("disconnect", move |reason: Reason| {
                assert_eq!(reason, Reason::ParseError);
                disconnects.fetch_add(100, Relaxed);
            }),
    );
    let names = [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ];
    for (nth, name) in names.into_iter().enumerate() {
        let client = client(&io).await;
        let packet = format!(r#"2["{name}","client disconnect","evil"]"#);
        assert!(client.send_raw(&packet).await.is_err(), "{name}");
        client.connection().closed().await;
        client.close().await;
        assert_eq!(calls.load(Relaxed), (nth + 1) * 101, "{name}");
    }
}

/// What is left when neither namespace nor event has a handler of its own.
#[derive(Default)]
struct Everything;

#[socketio::namespace("*")]
impl Everything {
    async fn on_connect(&self, auth: Auth<Value>) {
        emit("welcome", auth.into_inner());
    }

    #[on("*")]
    async fn anything(
        &self,
        name: EventName,
        socket: socketio::Socket,
        Rest(arguments): Rest<Value>,
    ) -> (String, String, Vec<Value>) {
        let namespace = socket.namespace().to_owned();
        (namespace, name.to_string(), arguments)
    }
}

// D4
#[tokio::test]
async fn the_catch_all_of_all_namespaces_is_called_with_the_real_names() {
    let function = SocketIo::bare().on_in(
        "*",
        "*",
        |name: EventName, socket: socketio::Socket, Rest(arguments): Rest<Value>| {
            let namespace = socket.namespace().to_owned();
            (namespace, name.to_string(), arguments)
        },
    );
    for builder in [function, SocketIo::bare().namespace(Everything)] {
        let io = build(builder);
        let client = TestClient::connect(&io, "/any/where").await.unwrap();
        let heard: (String, String, Vec<Value>) = client.call("what", (1, "two")).await.unwrap();
        let expected = (
            "/any/where".into(),
            "what".into(),
            vec![json!(1), json!("two")],
        );
        assert_eq!(heard, expected);
    }
}

// D5
#[tokio::test]
async fn no_handler_runs_twice_and_no_error_is_taken_for_another() {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = |builder: SocketIoBuilder, event: &'static str| {
        let runs = Arc::clone(&runs);
        builder.on(event, move || {
            runs.fetch_add(1, Relaxed);
            Err::<(), BoxError>(format!("{event} takes no argument").into())
        })
    };
    let reports = Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    let io = build(
        count(
            count(
                SocketIo::bare().handlers(handlers![keep_error]),
                "disconnect",
            ),
            "event",
        )
        .shared_state(Arc::clone(&reports)),
    );
    let client = client(&io).await;
    client.emit("event", (1, 2)).await.unwrap();
    client.disconnect().await.unwrap();
    assert_eq!(runs.load(Relaxed), 2);
    assert_eq!(
        *reports.lock().unwrap(),
        ["event takes no argument", "disconnect takes no argument"]
    );
}

#[socketio::on_error]
async fn keep_error(error: HandlerError, reports: State<std::sync::Mutex<Vec<String>>>) {
    reports.lock().unwrap().push(error.to_string());
}

struct Guarded;

#[socketio::namespace("/guarded")]
impl Guarded {
    async fn on_connect(&self, known: Auth<Option<Value>>) -> socketio::Result<bool> {
        match known.into_inner().unwrap_or_default()["as"].as_str() {
            Some("error") => Err("the database is down".into()),
            Some("refused") => Err(ConnectionRefused::new("not you").into()),
            other => Ok(other.is_some()),
        }
    }

    async fn on_work(&self) -> socketio::Result {
        Err("broken".into())
    }

    /// Whatever it says, the connection stays refused.
    async fn on_error(&self, error: HandlerError) -> String {
        format!("{}: {error}", sid())
    }
}

// D6
#[tokio::test]
async fn the_error_handler_of_a_class_has_the_context_and_can_not_defeat_a_refusal() {
    let io = build(SocketIo::bare().namespace(Guarded));
    let hello = |name: &str| {
        let auth = json!({ "as": name });
        TestClient::builder(&io).namespace("/guarded").auth(&auth)
    };
    for (name, said) in [
        ("error", "Connection rejected by server"),
        ("refused", "not you"),
    ] {
        let refused = hello(name).connect().await;
        let Err(ConnectError::Refused { message, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(message, said);
    }
    let client = hello("ana").connect().await.unwrap();
    let answer: String = client.call("work", ()).await.unwrap();
    assert_eq!(answer, format!("{}: broken", client.sid()));
}

// D7
#[tokio::test]
async fn an_ack_that_was_not_asked_for_breaks_nothing() {
    let io = build(SocketIo::bare());
    let client = client(&io).await;
    client.on("question", |()| "answer");
    for id in ["0", "1", "7", "18446744073709551616", "007"] {
        client.send_raw(&format!(r#"3{id}["x"]"#)).await.unwrap();
    }
    let socket = &io.sockets("/")[0];
    let answer: String = socket.call("question", ()).await.unwrap();
    assert_eq!(answer, "answer");
    assert!(client.is_connected());
}

// D8
#[tokio::test]
async fn a_binary_packet_that_does_not_add_up_ends_that_connection_only() {
    let io = build(SocketIo::bare().on("*", |_: Rest<socketio::Data>| {}));
    let other = client(&io).await;
    let deaf: &[&[&str]] = &[
        &[r#"51-["x",{"_placeholder":true,"num":1}]"#, "binary"],
        &[r#"51-["x",{"_placeholder":true,"num":-1}]"#, "binary"],
        &[r#"51-["x",{"_placeholder":true,"num":0}]"#, r#"2["y"]"#],
        &[r#"50-["x"]"#],
        &["binary"],
    ];
    for packets in deaf {
        let client = client(&io).await;
        for packet in *packets {
            let _ = match *packet {
                "binary" => client.send_raw_binary(Bytes::from_static(b"b")).await,
                text => client.send_raw(text).await,
            };
        }
        let reason = client.connection().closed().await;
        assert_eq!(reason, Reason::ParseError, "{packets:?}");
    }
    other.emit("x", Bytes::from_static(b"b")).await.unwrap();
}

// D9
#[tokio::test]
async fn every_post_is_answered_whatever_it_holds() {
    for body in ["4\u{1e}9", "x", "2", "42[", "4\u{1e}", "b!!", ""] {
        let io = build(SocketIo::bare());
        let polling = http::Polling::join(&io).await;
        let answer = polling.post(body).await;
        // What Engine.IO can't read is refused at once, what Socket.IO can't ends the session a moment later.
        assert!(matches!(answer.status, 200 | 400), "{body:?}: {answer:?}");
        let answer = polling.get().await;
        assert!(
            answer.status == 400 || answer.body == "1",
            "{body:?}: {answer:?}"
        );
        let answer = polling.post("3").await;
        assert_eq!(answer.status, 400, "{body:?}");
    }
}

// D10
#[tokio::test(start_paused = true)]
async fn what_is_not_offered_is_not_served() {
    use socketio::engine::Transports;

    let polling = Transports {
        polling: true,
        websocket: false,
    };
    let io = build(SocketIo::bare().transports(polling));
    let handshake = http::open(&io).await;
    assert_eq!(handshake["upgrades"], json!([]));
    let answer = http::websocket(&io, "transport=websocket").await;
    assert_eq!(answer.status, 400);

    for io in [
        build(SocketIo::bare().transports(polling)),
        build(SocketIo::bare().allow_upgrades(false)),
    ] {
        let handshake = http::open(&io).await;
        assert_eq!(handshake["upgrades"], json!([]));
        let sid = handshake["sid"].as_str().unwrap();
        for transport in ["websocket", "polling"] {
            let query = format!("transport={transport}&sid={sid}");
            let answer = http::websocket(&io, &query).await;
            assert_ne!(answer.status, 101, "{transport}");
        }
    }
}

// D11
#[tokio::test]
async fn an_empty_name_is_a_room_and_an_empty_list_is_nobody() {
    let io = build(SocketIo::bare().on("join", || join_room("")).on("say", || {
        to("").emit("in the room", ());
        to(Vec::<String>::new()).emit("to nobody", ());
    }));
    let (inside, outside) = (client(&io).await, client(&io).await);
    inside.emit("join", ()).await.unwrap();
    outside.emit("say", ()).await.unwrap();
    io.to("").emit("from outside", ());
    io.to([""; 0]).emit("to nobody", ());
    assert_eq!(
        inside.received(),
        [event("in the room", ()), event("from outside", ())]
    );
    assert_eq!(outside.received(), []);
}

// D12, D13
#[tokio::test]
async fn those_who_are_left_out_add_up() {
    let io = build(SocketIo::bare().on("say", |one: String, two: String| {
        broadcast().include_self(false).skip(&one).emit("a", ());
        skip(&one).skip(&two).include_self(false).emit("b", ());
        skip([&one, &two]).emit("c", ());
        skip(vec![one, two]).emit("d", ());
    }));
    let [ana, bo, cy] = [client(&io).await, client(&io).await, client(&io).await];
    ana.emit("say", (bo.sid(), cy.sid())).await.unwrap();
    assert_eq!(ana.received(), [event("c", ()), event("d", ())]);
    assert_eq!(bo.received(), []);
    assert_eq!(cy.received(), [event("a", ())]);
}

// D19
#[tokio::test]
async fn a_server_is_built_in_one_step_and_nothing_is_lost_by_attaching_it_twice() {
    let io = build(SocketIo::bare().on("hello", || "hello"));
    let _first = io.layer();
    let _second = io.service();
    let client = client(&io).await;
    assert_eq!(client.call::<String>("hello", ()).await.unwrap(), "hello");
}

// D21
#[tokio::test]
async fn events_wait_until_connect_has_accepted() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let io = build(
        SocketIo::bare()
            .on("connect", move |ready: Session<bool>| {
                let opened = Arc::clone(&opened);
                async move {
                    opened.notified().await;
                    ready.set(true);
                }
            })
            .on("early", |ready: Session<bool>| ready.get()),
    );
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

// D22
#[tokio::test]
async fn a_disconnect_handler_that_fails_leaks_nothing() {
    let others = Arc::new(AtomicUsize::new(0));
    let other = Arc::clone(&others);
    let io = build(
        SocketIo::bare()
            .on("join", || join_room("lobby"))
            .on("disconnect", || -> () { panic!("no") })
            .on_in("/other", "disconnect", move || {
                other.fetch_add(1, Relaxed);
            }),
    );
    let client = client(&io).await;
    let _other = client.connect_to("/other").await.unwrap();
    client.emit("join", ()).await.unwrap();
    assert_eq!(members(&io, "lobby"), 1);
    client.close().await;
    assert_eq!(others.load(Relaxed), 1);
    assert!(io.namespaces().is_empty());
    assert_eq!(io.connections(), 0);
}

// D23
#[tokio::test]
async fn an_event_that_nobody_handles_is_acknowledged_with_what_is_wrong() {
    let io = build(SocketIo::bare());
    let client = client(&io).await;
    for name in ["nothing", "*", ""] {
        let answer: Value = client.call(name, ()).await.unwrap();
        assert_eq!(answer, json!({"error": "unknown event"}), "{name:?}");
    }
}

// D26
#[tokio::test]
async fn the_handshake_tells_times_to_the_millisecond() {
    let io = build(
        SocketIo::bare()
            .ping_interval(Duration::from_millis(2_500))
            .ping_timeout(Duration::from_millis(1_234)),
    );
    let handshake = http::open(&io).await;
    assert_eq!(handshake["pingInterval"], 2_500);
    assert_eq!(handshake["pingTimeout"], 1_234);
}

// D27
#[tokio::test]
async fn a_handler_that_fails_is_acknowledged() {
    let io = build(
        SocketIo::bare()
            .on("error", || Err::<(), BoxError>("secret".into()))
            .on("panic", || -> () { panic!("secret") })
            .on("number", |number: u8| number),
    );
    let client = client(&io).await;
    for name in ["error", "panic"] {
        let answer: Value = client.call(name, ()).await.unwrap();
        assert_eq!(answer, json!({"error": "internal error"}), "{name}");
    }
    let answer: Value = client.call("number", "seven").await.unwrap();
    let text = answer["error"].as_str().unwrap();
    assert!(text.starts_with("argument 1: "), "{text}");
    assert!(client.is_connected());
}

// D28
#[tokio::test(start_paused = true)]
async fn the_events_of_one_client_are_handled_in_their_order() {
    let io = build(SocketIo::bare().on("step", |step: u64| async move {
        tokio::time::sleep(Duration::from_millis(10 - step)).await;
        emit("done", step);
    }));
    let client = client(&io).await;
    let steps: Vec<_> = (0..10).map(|step| client.emit("step", step)).collect();
    for step in steps {
        step.await.unwrap();
    }
    let expected: Vec<_> = (0..10).map(|step| event("done", step)).collect();
    assert_eq!(client.received(), expected);
}

// D29
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attachments_follow_their_packet_whoever_else_emits() {
    const EACH: u32 = 500;
    let io = build(SocketIo::bare());
    let client = client(&io).await;
    let start = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4_u8)
        .map(|thread| {
            let (io, start) = (io.clone(), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                for n in 0..EACH {
                    let blob = Bytes::from(vec![thread; 3]);
                    io.emit("blob", (thread, n, &blob, json!({}), &blob));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|one| one.join().unwrap());
    let mut next = [0; 4];
    let received = client.received();
    assert_eq!(received.len(), 4 * EACH as usize);
    for event in received {
        let (thread, n, one, _, two): (u8, u32, Bytes, Value, Bytes) = event.read().unwrap();
        assert_eq!(next[usize::from(thread)], n);
        next[usize::from(thread)] += 1;
        assert_eq!((&one[..], &two[..]), (&[thread; 3][..], &[thread; 3][..]));
    }
}

// D31
#[tokio::test]
async fn a_packet_that_is_none_ends_the_connection_and_runs_disconnect() {
    for garbage in ["x", "", "2", "2[", "2{}", "2[1]x", "9", "2[\"a\""] {
        let (sender, reason) = tokio::sync::oneshot::channel();
        let sender = std::sync::Mutex::new(Some(sender));
        let sender = Arc::new(sender);
        let io = build(SocketIo::bare().on("disconnect", move |reason: Reason| {
            let sender = sender.lock().unwrap().take();
            sender.unwrap().send(reason).unwrap();
        }));
        let client = client(&io).await;
        let _ = client.send_raw(garbage).await;
        assert_eq!(reason.await.unwrap(), Reason::ParseError, "{garbage:?}");
        assert_eq!(client.disconnected().await, Reason::ParseError);
    }
}

// D32
#[tokio::test]
async fn what_a_callback_holds_is_freed_when_its_client_goes() {
    let held = Arc::new(());
    let io = build(SocketIo::bare().on("join", || join_room("lobby")));
    let client = client(&io).await;
    client.emit("join", ()).await.unwrap();
    let kept = Arc::clone(&held);
    io.to("lobby")
        .callback(move |()| {
            let _kept = Arc::clone(&kept);
            async {}
        })
        .emit("question", ());
    assert_eq!(Arc::strong_count(&held), 2);
    client.close().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

// D33
#[tokio::test]
async fn what_json_can_not_hold_is_never_sent_as_if_it_could() {
    let io = build(SocketIo::bare());
    let client = client(&io).await;
    io.emit("number", (f64::NAN, f64::INFINITY, 1.5));
    let packets = client.packets();
    let text = packets.last().unwrap().text().unwrap();
    assert_eq!(text, r#"2["number",null,null,1.5]"#);
}
