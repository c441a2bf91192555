//! Several servers over one message queue, which is in the process here; `tests/brokers` has real ones, and Python beside them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Value, json};
use socketio::message_queue::{BoxFuture, MessageQueue, Publisher, Subscription};
use socketio::{Auth, BoxError, CallError, Data, EventName, Sid, SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, TestQueue, event};
use tower::ServiceExt;

const CHANNEL: &str = "flask-socketio";

fn builder(queue: &TestQueue) -> SocketIoBuilder {
    SocketIo::bare()
        .message_queue(queue.clone())
        .on("join", async |room: String| socketio::join_room(&room))
        .on_in("/chat", "join", async |room: String| {
            socketio::join_room(&room)
        })
        .on("to others", async |room: String, text: String| {
            socketio::to(&room)
                .include_self(false)
                .emit("said", (text, 1));
        })
        .on("rooms", async || socketio::rooms())
}

fn server(queue: &TestQueue) -> SocketIo {
    builder(queue).build().unwrap()
}

/// Two servers with a client each.
struct Pair {
    queue: TestQueue,
    one: SocketIo,
    two: SocketIo,
    ana: TestClient,
    bo: TestClient,
}

impl Pair {
    async fn new() -> Self {
        let queue = TestQueue::new();
        let (one, two) = (server(&queue), server(&queue));
        let ana = TestClient::connect(&one, "/").await.unwrap();
        let bo = TestClient::connect(&two, "/").await.unwrap();
        queue.settled([&one, &two]).await;
        Pair {
            queue,
            one,
            two,
            ana,
            bo,
        }
    }

    async fn settled(&self) {
        self.queue.settled([&self.one, &self.two]).await;
    }
}

#[tokio::test]
async fn an_emit_reaches_the_clients_of_all_servers_once() {
    let pair = Pair::new().await;
    pair.one.emit("news", ("a", 2));
    pair.one.emit("none", ());
    pair.one.emit("list", [1, 2]);
    pair.settled().await;
    let heard = [
        event("news", ("a", 2)),
        event("none", ()),
        event("list", [1, 2]),
    ];
    assert_eq!(pair.ana.received(), heard);
    assert_eq!(pair.bo.received(), heard);
}

#[tokio::test]
async fn rooms_span_servers_and_the_sender_can_be_left_out() {
    let pair = Pair::new().await;
    let cy = TestClient::connect(&pair.two, "/").await.unwrap();
    pair.ana.emit("join", "lobby").await.unwrap();
    pair.bo.emit("join", "lobby").await.unwrap();
    pair.ana.emit("to others", ("lobby", "hi")).await.unwrap();
    pair.one.to("lobby").skip(pair.bo.sid()).emit("but bo", ());
    pair.settled().await;
    assert_eq!(pair.bo.received(), [event("said", ("hi", 1))]);
    assert_eq!(pair.ana.received(), [event("but bo", ())]);
    assert!(cy.received().is_empty());
}

#[tokio::test]
async fn a_client_in_several_of_the_rooms_hears_it_once() {
    let pair = Pair::new().await;
    for room in ["a", "b"] {
        pair.bo.emit("join", room).await.unwrap();
    }
    pair.one.to(["a", "b"]).emit("news", 1);
    pair.settled().await;
    assert_eq!(pair.bo.received(), [event("news", 1)]);
}

#[tokio::test]
async fn namespaces_are_kept_apart_and_a_client_is_found_by_its_id() {
    let pair = Pair::new().await;
    let chat = pair.bo.connect_to("/chat").await.unwrap();
    pair.one.namespace("/chat").emit("news", 1);
    pair.one.to(pair.bo.sid()).emit("you", 2);
    pair.one
        .namespace("/chat")
        .to(pair.bo.sid())
        .emit("nobody", 3);
    pair.settled().await;
    assert_eq!(chat.received(), [event("news", 1)]);
    assert_eq!(pair.bo.received(), [event("you", 2)]);
}

#[tokio::test]
async fn binary_data_and_null_arrive_as_they_were_sent() {
    let pair = Pair::new().await;
    let nested = json!({"list": [1, null], "big": u64::MAX, "text": "é☃😀"});
    let bytes = Bytes::from_static(b"\x00\xff");
    pair.one
        .emit("all", (&nested, &bytes, [&bytes, &Bytes::new()]));
    pair.one.emit("null", Value::Null);
    pair.one
        .emit("like", json!({"_placeholder": true, "num": 0}));
    pair.settled().await;
    assert_eq!(
        pair.bo.received(),
        [
            event("all", (&nested, &bytes, [&bytes, &Bytes::new()])),
            event("null", Value::Null),
            event("like", json!({"_placeholder": true, "num": 0})),
        ]
    );
}

#[tokio::test]
async fn other_channels_and_ignore_queue_stay_among_themselves() {
    let queue = TestQueue::new();
    let (one, two) = (server(&queue), server(&queue));
    let other = builder(&queue).channel("other").build().unwrap();
    let ana = TestClient::connect(&one, "/").await.unwrap();
    let bo = TestClient::connect(&two, "/").await.unwrap();
    let cy = TestClient::connect(&other, "/").await.unwrap();
    queue.settled([&one, &two, &other]).await;
    one.broadcast().ignore_queue(true).emit("here", ());
    one.emit("news", 1);
    queue.settled([&one, &two, &other]).await;
    assert_eq!(ana.received(), [event("here", ()), event("news", 1)]);
    assert_eq!(bo.received(), [event("news", 1)]);
    assert!(cy.received().is_empty());
}

#[tokio::test]
async fn what_is_for_a_client_here_is_not_published() {
    let pair = Pair::new().await;
    pair.one.to(pair.ana.sid()).emit("you", 1);
    pair.ana
        .emit("to others", (pair.ana.sid().as_str(), "x"))
        .await
        .unwrap();
    pair.one
        .to([pair.ana.sid().as_str(), "lobby"])
        .emit("both", ());
    pair.settled().await;
    let messages = pair.queue.messages(CHANNEL);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["room"], "lobby");
    assert_eq!(pair.ana.received(), [event("you", 1), event("both", ())]);
}

#[tokio::test]
async fn messages_have_the_form_of_python_socketio() {
    let pair = Pair::new().await;
    let (one, bytes) = (&pair.one, Bytes::from_static(b"ab"));
    one.emit("ev", json!({"data": "foo"}));
    one.emit("ev", ());
    one.namespace("/chat")
        .to("r")
        .skip("S")
        .emit("ev", ("a", 1));
    one.to(["r1", "r2"]).skip(["S1", "S2"]).emit("ev", [1, 2]);
    one.emit(
        "ev",
        (
            &bytes,
            "x",
            Data::from_iter([("k".to_owned(), Data::from(Bytes::new()))]),
        ),
    );
    one.close_room("room1").unwrap();
    assert!(!one.disconnect("/chat", "SIDX"));
    one.to("SIDX").join_room("roomZ").unwrap();
    one.namespace("/n").to("SIDX").leave_room("roomZ");
    pair.settled().await;
    let mut messages = pair.queue.messages(CHANNEL);
    let host_id = messages[0]["host_id"].as_str().unwrap().to_owned();
    assert!(host_id.len() == 32 && host_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    for message in &mut messages {
        let message = message.as_object_mut().unwrap();
        assert_eq!(message.remove("host_id").unwrap(), host_id);
        message.remove("ext");
    }
    let emit = |fields: Value| {
        let mut message = json!({
            "method": "emit", "event": "ev", "binary": false, "namespace": "/",
            "room": null, "skip_sid": null, "callback": null,
        });
        let fields = fields.as_object().unwrap().clone();
        message.as_object_mut().unwrap().extend(fields);
        message
    };
    assert_eq!(
        messages,
        [
            emit(json!({"data": [{"data": "foo"}]})),
            emit(json!({"data": []})),
            emit(json!({"data": ["a", 1], "namespace": "/chat", "room": "r", "skip_sid": "S"})),
            emit(json!({"data": [[1, 2]], "room": ["r1", "r2"], "skip_sid": ["S1", "S2"]})),
            emit(json!({
                "data": [
                    [{"_placeholder": true, "num": 0}, "x", {"k": {"_placeholder": true, "num": 1}}],
                    "YWI=",
                    "",
                ],
                "binary": true,
            })),
            json!({"method": "close_room", "room": "room1", "namespace": "/"}),
            json!({"method": "disconnect", "sid": "SIDX", "namespace": "/chat"}),
            json!({"method": "enter_room", "sid": "SIDX", "room": "roomZ", "namespace": "/"}),
            json!({"method": "leave_room", "sid": "SIDX", "room": "roomZ", "namespace": "/n"}),
        ]
    );
}

/// What a Python process publishes, but for what is given.
fn python(fields: Value) -> Value {
    let mut message = json!({
        "method": "emit", "event": "ev", "data": [null], "binary": false, "namespace": "/", "room": null,
        "skip_sid": null, "callback": null, "host_id": "2f4b8599fac84789bf742ac4e7350764",
    });
    message
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    message
}

#[tokio::test]
async fn what_python_processes_emit_is_understood() {
    let pair = Pair::new().await;
    let publish = |fields| pair.queue.publish(CHANNEL, python(fields));
    publish(json!({}));
    publish(json!({"data": []}));
    publish(json!({"data": [1, "a", {"k": 2}]}));
    publish(json!({"data": [[1, 2]]}));
    publish(json!({"data": [[{"_placeholder": true, "num": 0}], "AAH/"], "binary": true}));
    publish(json!({"data": [{"_placeholder": true, "num": 0}]}));
    // As python-socketio 5.14 wrote it.
    publish(json!({"data": {"raw": 1}}));
    publish(json!({"data": 7, "room": pair.ana.sid().as_str()}));
    publish(json!({"skip_sid": [pair.ana.sid().as_str(), pair.bo.sid().as_str()]}));
    pair.settled().await;
    assert_eq!(
        pair.ana.received(),
        [
            event("ev", ()),
            event("ev", ()),
            event("ev", (1, "a", json!({"k": 2}))),
            event("ev", [1, 2]),
            event("ev", Bytes::from_static(b"\x00\x01\xff")),
            event("ev", json!({"_placeholder": true, "num": 0})),
            event("ev", json!({"raw": 1})),
            event("ev", 7),
        ]
    );
}

#[tokio::test]
async fn rooms_that_are_numbers_in_python_are_their_decimal_text() {
    let pair = Pair::new().await;
    pair.bo.emit("join", "7").await.unwrap();
    pair.queue
        .publish(CHANNEL, python(json!({"room": 7, "data": ["x"]})));
    pair.settled().await;
    assert_eq!(pair.bo.received(), [event("ev", "x")]);
}

#[tokio::test]
async fn clients_of_other_servers_are_moved_and_disconnected() {
    let pair = Pair::new().await;
    pair.one
        .to(pair.bo.sid())
        .join_room(["a", "b", "c"])
        .unwrap();
    pair.one.to(pair.bo.sid()).leave_room("b");
    pair.one.close_room("c").unwrap();
    pair.settled().await;
    let rooms: Vec<String> = pair.bo.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.bo.sid().as_str(), "a"]);
    // Everyone in a room, wherever they are.
    pair.ana.emit("join", "a").await.unwrap();
    pair.one
        .to("a")
        .skip(pair.ana.sid())
        .join_room("d")
        .unwrap();
    pair.two.broadcast().join_room("all").unwrap();
    pair.settled().await;
    let rooms: Vec<String> = pair.bo.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.bo.sid().as_str(), "a", "all", "d"]);
    let rooms: Vec<String> = pair.ana.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.ana.sid().as_str(), "a", "all"]);

    assert!(!pair.one.disconnect("/", pair.bo.sid()));
    pair.settled().await;
    assert!(!pair.bo.is_connected());
    assert!(pair.ana.is_connected());
}

#[tokio::test]
async fn a_python_process_can_only_name_clients() {
    let pair = Pair::new().await;
    let cy = TestClient::connect(&pair.two, "/").await.unwrap();
    pair.bo.emit("join", "lobby").await.unwrap();
    let publish = |message| pair.queue.publish(CHANNEL, message);
    publish(json!({"method": "disconnect", "sid": "lobby", "namespace": "/", "host_id": "P"}));
    publish(json!({"method": "disconnect", "namespace": "/", "host_id": "P"}));
    publish(
        json!({"method": "enter_room", "sid": pair.bo.sid().as_str(), "room": 7, "namespace": "/", "host_id": "P"}),
    );
    publish(
        json!({"method": "enter_room", "sid": pair.bo.sid().as_str(), "room": cy.sid().as_str(), "host_id": "P"}),
    );
    pair.settled().await;
    let rooms: Vec<String> = pair.bo.call("rooms", ()).await.unwrap();
    assert_eq!(rooms, [pair.bo.sid().as_str(), "lobby", "7"]);
    publish(json!({"method": "disconnect", "sid": pair.bo.sid().as_str(), "host_id": "P"}));
    pair.settled().await;
    assert!(!pair.bo.is_connected());
}

#[tokio::test]
async fn a_client_of_another_server_is_called() {
    let pair = Pair::new().await;
    pair.bo.on("add", |args: (i64, i64)| args.0 + args.1);
    let sum: i64 = pair
        .one
        .to(pair.bo.sid())
        .call("add", (1, 2))
        .await
        .unwrap();
    assert_eq!(sum, 3);
    pair.bo.on("bytes", |_: ()| {
        (Bytes::from_static(b"\x00\xff"), Value::Null)
    });
    let answer: (Bytes, Value) = pair.one.to(pair.bo.sid()).call("bytes", ()).await.unwrap();
    assert_eq!(answer, (Bytes::from_static(b"\x00\xff"), Value::Null));
}

#[tokio::test(start_paused = true)]
async fn a_call_to_nobody_ends_at_its_timeout_and_one_to_who_goes_at_once() {
    let pair = Pair::new().await;
    let call = pair.one.to("nobody").timeout(Duration::from_secs(3));
    let began = tokio::time::Instant::now();
    let error = call.call::<()>("ask", ()).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout));
    assert_eq!(began.elapsed(), Duration::from_secs(3));

    let sid = pair.bo.sid().clone();
    let (error, ()) = tokio::join!(pair.one.to(&sid).call::<()>("ask", ()), async {
        pair.settled().await;
        pair.bo.disconnect().await.unwrap();
    });
    assert!(matches!(error, Err(CallError::Disconnected)));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn all_who_are_in_a_room_answer_with_their_ids() {
    let pair = Pair::new().await;
    for (client, answer) in [(&pair.ana, "a"), (&pair.bo, "b")] {
        client.emit("join", "jury").await.unwrap();
        client.on("vote", move |_: ()| answer);
    }
    let votes = pair.one.to("jury").timeout(Duration::from_secs(2));
    let votes: Vec<(Sid, Result<String, CallError>)> = votes.call_all("vote", ()).await.unwrap();
    let votes: Vec<_> = votes
        .into_iter()
        .map(|(sid, vote)| (sid, vote.unwrap()))
        .collect();
    assert_eq!(votes.len(), 2);
    assert!(votes.contains(&(pair.ana.sid().clone(), "a".into())));
    assert!(votes.contains(&(pair.bo.sid().clone(), "b".into())));
    // One client is one answer: nothing is left to wait for.
    let began = tokio::time::Instant::now();
    let mut one = pair
        .one
        .to(pair.bo.sid())
        .call_stream::<String>("vote", ())
        .unwrap();
    assert_eq!(one.next().await.unwrap().1.unwrap(), "b");
    assert!(one.next().await.is_none());
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_callback_runs_for_each_client_in_the_context_of_who_asked() {
    let queue = TestQueue::new();
    let one = builder(&queue).on("ask", async || {
        socketio::to("jury")
            .callback(async |vote: String| socketio::emit("voted", vote))
            .emit("vote", ());
    });
    let (one, two) = (one.build().unwrap(), server(&queue));
    let asks = TestClient::connect(&one, "/").await.unwrap();
    let mut jury = Vec::new();
    for (io, vote) in [(&one, "a"), (&two, "b"), (&two, "c")] {
        let client = TestClient::connect(io, "/").await.unwrap();
        client.emit("join", "jury").await.unwrap();
        client.on("vote", move |_: ()| vote);
        jury.push(client);
    }
    queue.settled([&one, &two]).await;
    asks.emit("ask", ()).await.unwrap();
    let mut votes = Vec::new();
    for _ in &jury {
        let vote = asks.next().await;
        votes.push(vote.read::<String>().unwrap());
    }
    votes.sort();
    assert_eq!(votes, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_python_process_is_answered_in_its_format() {
    let pair = Pair::new().await;
    pair.bo.on("ask", |_: ()| {
        ("pong", json!({"n": 1}), Bytes::from_static(b"ab"))
    });
    let sid = pair.bo.sid().as_str();
    pair.queue.publish(
        CHANNEL,
        python(json!({"event": "ask", "room": sid, "callback": [7, "/", 77], "host_id": "P"})),
    );
    // The client answers when it has been asked.
    while pair.queue.messages(CHANNEL).len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        pair.queue.messages(CHANNEL)[1],
        json!({"method": "callback", "host_id": "P", "sid": 7, "namespace": "/", "id": 77, "args": ["pong", {"n": 1}, "YWI="]})
    );
}

#[tokio::test]
async fn a_python_process_answers_in_its_format() {
    let pair = Pair::new().await;
    let answered = async {
        let question = loop {
            match pair.queue.messages(CHANNEL).pop() {
                Some(question) => break question,
                None => tokio::task::yield_now().await,
            }
        };
        let callback = &question["callback"];
        let (room, namespace, id) = (&callback[0], &callback[1], &callback[2]);
        assert_eq!((room, namespace), (&json!("SIDX"), &json!("/")));
        let answer = |args: Value| json!({"method": "callback", "host_id": question["host_id"], "sid": room, "namespace": namespace, "id": id, "args": args});
        pair.queue.publish(CHANNEL, answer(json!("no list")));
        pair.queue.publish(CHANNEL, json!({"method": "callback", "host_id": question["host_id"], "sid": room, "namespace": "/", "id": 4711, "args": []}));
        pair.queue.publish(CHANNEL, answer(json!(["pong", 1])));
    };
    let call = pair.one.to("SIDX");
    let (answer, ()) = tokio::join!(call.call::<(Value, Option<u8>)>("ask", ()), answered);
    assert_eq!(answer.unwrap(), (json!("no list"), None));
}

#[tokio::test]
async fn rubbish_on_the_channel_does_no_harm() {
    let pair = Pair::new().await;
    let deep = "[".repeat(100_000);
    let nested = format!(
        r#"{{"method":"emit","event":"ev","data":{}{}}}"#,
        deep,
        "]".repeat(100_000)
    );
    for rubbish in [
        "7",
        "null",
        "[]",
        "\"text\"",
        "{}",
        "not json",
        "",
        "\u{0}\u{1}",
        r#"{"method":1}"#,
        r#"{"method":"unknown"}"#,
        r#"{"method":"emit"}"#,
        r#"{"method":"emit","event":"ev","data":[1]}"#,
        r#"{"method":"emit","event":5,"data":[1],"namespace":"/"}"#,
        r#"{"method":"emit","event":"connect","data":[1],"namespace":"/"}"#,
        r#"{"method":"emit","event":"ev","data":[1],"namespace":"/","room":{"a":1}}"#,
        r#"{"method":"emit","event":"ev","data":[[{"_placeholder":true,"num":9}],"AA=="],"binary":true,"namespace":"/"}"#,
        r#"{"method":"emit","event":"ev","data":[[{"_placeholder":true,"num":0}],"?"],"binary":true,"namespace":"/"}"#,
        r#"{"method":"emit","event":"ev","data":[],"binary":true,"namespace":"/"}"#,
        r#"{"method":"callback","host_id":"x"}"#,
        r#"{"method":"close_room","namespace":"/"}"#,
        r#"{"method":"enter_room","sid":"x","namespace":"/"}"#,
        r#"{"method":"disconnect","sid":{},"namespace":"/"}"#,
        &deep,
        &nested,
    ] {
        pair.queue.publish_bytes(CHANNEL, rubbish.to_owned());
    }
    pair.one.emit("still", "here");
    pair.settled().await;
    assert_eq!(pair.bo.received(), [event("still", "here")]);
}

#[tokio::test]
async fn a_process_that_only_emits_reaches_everyone_and_hears_nobody() {
    let pair = Pair::new().await;
    let writer = SocketIo::bare()
        .message_queue(pair.queue.clone())
        .write_only(true)
        .build()
        .unwrap();
    pair.one.emit("before", ());
    pair.bo.emit("join", "lobby").await.unwrap();
    writer.emit("news", 1);
    writer.to("lobby").send("hello");
    writer.to(pair.ana.sid()).join_room("lobby").unwrap();
    writer.flushed().await;
    pair.settled().await;
    assert_eq!(pair.ana.received(), [event("before", ()), event("news", 1)]);
    assert_eq!(
        pair.bo.received(),
        [
            event("before", ()),
            event("news", 1),
            event("message", "hello")
        ]
    );
    writer.close_room("lobby").unwrap();
    assert!(!writer.disconnect("/", pair.bo.sid()));
    writer.flushed().await;
    pair.settled().await;
    assert!(!pair.bo.is_connected());
    assert_eq!(writer.queue_health().unwrap().received, 0);

    let error = writer
        .to(pair.ana.sid())
        .call::<()>("ask", ())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`write_only`"), "{error}");
    let asking = writer.to(pair.ana.sid()).callback(async |_: ()| {});
    assert!(
        asking
            .try_emit("ask", ())
            .unwrap_err()
            .to_string()
            .contains("`write_only`")
    );
    assert!(
        writer
            .run((), "127.0.0.1:0")
            .await
            .unwrap_err()
            .to_string()
            .contains("`write_only`")
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_emitted_while_the_queue_is_gone_arrives_when_it_is_back() {
    let pair = Pair::new().await;
    // The pauses are by chance: several rounds.
    for round in 0..10 {
        pair.queue.cut();
        for number in 0..100 {
            pair.one.emit("number", (round, number));
        }
        // Clients here don't wait for the queue.
        assert_eq!(pair.ana.received().len(), 100);
        tokio::time::sleep(Duration::from_secs(10 + 7 * round)).await;
        let health = pair.one.queue_health().unwrap();
        assert!(!health.is_subscribed && !health.is_publishing);
        assert_eq!((health.waiting, health.dropped), (100, 0));
        pair.queue.restore();
        pair.settled().await;
        let numbers: Vec<_> = (0..100)
            .map(|number| event("number", (round, number)))
            .collect();
        assert_eq!(pair.bo.received(), numbers);
    }
    let health = pair.one.queue_health().unwrap();
    assert!(health.is_subscribed && health.is_publishing);
    pair.two.emit("again", ());
    pair.settled().await;
    assert_eq!(pair.ana.received(), [event("again", ())]);
}

#[tokio::test(start_paused = true)]
async fn of_too_many_messages_the_newest_are_kept_and_the_others_counted() {
    let queue = TestQueue::new();
    let one = builder(&queue)
        .max_unpublished(10, 1_000_000)
        .build()
        .unwrap();
    queue.cut();
    for number in 0..25 {
        one.emit("number", number);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // One was being tried, and stays.
    assert_eq!(one.queue_health().unwrap().dropped, 15);
    queue.restore();
    one.flushed().await;
    let numbers: Vec<_> = queue
        .messages(CHANNEL)
        .iter()
        .map(|message| message["data"][0].as_u64().unwrap())
        .collect();
    assert_eq!(numbers.len(), 10);
    assert_eq!(numbers[1..], (16..25).collect::<Vec<_>>());
    assert_eq!(one.queue_health().unwrap().published, 10);
}

#[tokio::test]
async fn what_the_last_handlers_emit_is_published_before_the_end() {
    let queue = TestQueue::new();
    let one = builder(&queue)
        .on("disconnect", async || {
            socketio::namespace("/").emit("gone", ())
        })
        .build()
        .unwrap();
    let _ana = TestClient::connect(&one, "/").await.unwrap();
    one.shutdown().await;
    assert_eq!(queue.messages(CHANNEL).last().unwrap()["event"], "gone");
    assert!(!one.queue_health().unwrap().is_subscribed);
}

#[tokio::test]
async fn a_process_that_only_emits_takes_no_clients() {
    let writer = SocketIo::bare()
        .message_queue(TestQueue::new())
        .write_only(true)
        .build()
        .unwrap();
    let request = http::Request::get("/socket.io/?EIO=4&transport=polling");
    let request = request.body(String::new()).unwrap();
    let response = writer.service().oneshot(request).await.unwrap();
    assert_eq!(response.status(), http::StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn after_its_end_nobody_waits_for_a_server() {
    let pair = Pair::new().await;
    pair.queue.cut();
    pair.one.emit("number", 1);
    pair.one.shutdown().await;
    pair.one.emit("number", 2);
    pair.one.flushed().await;
    pair.one.subscribed().await;
    pair.queue.restore();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(pair.queue.messages(CHANNEL).is_empty());
    assert_eq!(pair.one.queue_health().unwrap().dropped, 2);
}

#[tokio::test(start_paused = true)]
async fn an_open_question_does_not_keep_a_server() {
    for shut_down in [true, false] {
        let queue = TestQueue::new();
        let held = Arc::new(());
        let one = builder(&queue)
            .shared_state(Arc::clone(&held))
            .build()
            .unwrap();
        queue.settled([&one]).await;
        one.to("nobody").callback(async |_: ()| {}).emit("ask", ());
        if shut_down {
            one.shutdown().await;
        }
        drop(one);
        queue.cut();
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(Arc::strong_count(&held), 1, "shut down: {shut_down}");
    }
}

#[tokio::test]
async fn what_connect_does_to_others_waits_until_it_has_accepted() {
    let queue = TestQueue::new();
    let one = builder(&queue).on("connect", async |auth: Auth<Option<Value>>| {
        socketio::broadcast().disconnect();
        socketio::to(socketio::sid()).join_room("own").unwrap();
        auth.is_none()
    });
    let (one, two) = (one.build().unwrap(), server(&queue));
    let bo = TestClient::connect(&two, "/").await.unwrap();
    queue.settled([&one, &two]).await;
    let refused = TestClient::builder(&one)
        .auth(&json!({"a": 1}))
        .connect()
        .await;
    assert!(refused.is_err());
    queue.settled([&one, &two]).await;
    assert!(bo.is_connected());
    assert!(queue.messages(CHANNEL).is_empty());
}

#[tokio::test]
async fn an_id_that_comes_from_a_client_is_no_room() {
    let pair = Pair::new().await;
    for client in [&pair.ana, &pair.bo] {
        client.emit("join", "lobby").await.unwrap();
    }
    assert!(!pair.one.disconnect("/", "lobby"));
    pair.settled().await;
    assert!(pair.ana.is_connected() && pair.bo.is_connected());
    assert!(pair.one.disconnect("/", pair.ana.sid()));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_panics_is_one_that_failed() {
    struct Panics(TestQueue, AtomicBool);

    impl MessageQueue for Panics {
        fn publisher<'a>(
            &'a self,
            channel: &'a str,
        ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
            assert!(self.1.swap(true, Relaxed), "not the first time");
            self.0.publisher(channel)
        }

        fn subscription<'a>(
            &'a self,
            channel: &'a str,
        ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
            self.0.subscription(channel)
        }
    }

    let queue = TestQueue::new();
    let panics: Arc<dyn MessageQueue> = Arc::new(Panics(queue.clone(), AtomicBool::new(false)));
    let one = SocketIo::bare().message_queue(panics).build().unwrap();
    one.emit("news", 1);
    one.flushed().await;
    assert_eq!(queue.messages(CHANNEL).len(), 1);
}

#[tokio::test]
async fn events_of_other_processes_run_no_handlers() {
    let queue = TestQueue::new();
    let one = builder(&queue)
        .on("*", async |name: EventName| {
            assert!(name.is_empty(), "{name:?}")
        })
        .build()
        .unwrap();
    let ana = TestClient::connect(&one, "/").await.unwrap();
    queue.settled([&one]).await;
    queue.publish(CHANNEL, python(json!({"event": "join", "data": ["lobby"]})));
    queue.settled([&one]).await;
    assert_eq!(ana.received(), [event("join", "lobby")]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ignores_the_queue_knows_who_is_there() {
    let pair = Pair::new().await;
    let elsewhere = pair.one.to(pair.bo.sid()).ignore_queue(true);
    let error = elsewhere.call::<()>("ask", ()).await.unwrap_err();
    assert!(matches!(error, CallError::NobodyThere));
    pair.ana.on("ask", |_: ()| 7);
    let here = pair.one.broadcast().ignore_queue(true);
    let answers = here.call_all::<u8>("ask", ()).await.unwrap();
    assert_eq!(answers.len(), 1);
    assert!(pair.queue.messages(CHANNEL).is_empty());
}

#[tokio::test]
async fn who_is_here_is_known_and_who_is_elsewhere_is_not() {
    let pair = Pair::new().await;
    assert_eq!(pair.one.sockets("/").len(), 1);
    assert!(pair.one.socket("/", pair.ana.sid()).is_some());
    assert!(pair.one.socket("/", pair.bo.sid()).is_none());
    assert_eq!(pair.two.connections(), 1);
}

#[cfg(feature = "msgpack")]
#[tokio::test]
async fn servers_of_different_parsers_are_one_cluster() {
    let queue = TestQueue::new();
    let packed = builder(&queue).parser(socketio::parser::MsgPack);
    let (one, two) = (server(&queue), packed.build().unwrap());
    let ana = TestClient::connect(&one, "/").await.unwrap();
    let bo = TestClient::connect(&two, "/").await.unwrap();
    queue.settled([&one, &two]).await;
    let bytes = Bytes::from_static(b"ab");
    one.emit("from one", (1, &bytes));
    two.emit("from two", (json!({"a": [1, null]}), &bytes));
    two.emit("null", Value::Null);
    queue.settled([&one, &two]).await;
    for client in [&ana, &bo] {
        let mut heard = client.received();
        heard.sort_by_key(|event| event.name().to_owned());
        assert_eq!(
            heard,
            [
                event("from one", (1, &bytes)),
                event("from two", (json!({"a": [1, null]}), &bytes)),
                event("null", Value::Null),
            ]
        );
    }
}

#[test]
fn what_can_not_be_is_found_at_the_start() {
    let problem = |builder: SocketIoBuilder| builder.build().unwrap_err().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert!(
        problem(SocketIo::bare().message_queue(TestQueue::new())).contains("`runtime.enter()`")
    );
    let _guard = runtime.enter();
    assert!(problem(SocketIo::bare().write_only(true)).contains("`message_queue`"));
    assert!(problem(SocketIo::bare().channel("")).contains("`channel`"));
    assert!(problem(SocketIo::bare().max_unpublished(0, 1)).contains("`max_unpublished`"));
    let error = problem(SocketIo::bare().message_queue("ftp://user:secret@localhost"));
    assert!(
        error.contains("scheme `ftp`") && !error.contains("secret"),
        "{error}"
    );
    assert!(
        problem(SocketIo::bare().message_queue("zmq+tcp://localhost:5555+5556")).contains("ZeroMQ")
    );
}
