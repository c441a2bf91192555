//! The format of python-socketio: encoding and decoding.

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::Data;
use socketio_test::event;
use test_support::Log;

use crate::nodes::{CHANNEL, Pair};

#[tokio::test]
async fn messages_have_the_format_of_python_socketio() {
    let pair = Pair::new().await;
    let (one, bytes) = (&pair.one, Bytes::from_static(b"ab"));
    one.emit("ev", json!({"data": "foo"}));
    one.emit("ev", ());
    one.of("/chat").to("r").skip("S").emit("ev", ("a", 1));
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
    one.of("/n").to("SIDX").leave_room("roomZ");
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

/// Returns a message of a Python process, with these fields replaced.
pub(crate) fn python(fields: Value) -> Value {
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
async fn events_of_python_processes_are_delivered() {
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
async fn acknowledgements_for_a_python_process_have_its_format() {
    let pair = Pair::new().await;
    pair.bo.on("ask", |_: ()| {
        ("pong", json!({"n": 1}), Bytes::from_static(b"ab"))
    });
    let sid = pair.bo.sid().as_str();
    pair.queue.publish(
        CHANNEL,
        python(json!({"event": "ask", "room": sid, "callback": [7, "/", 77], "host_id": "P"})),
    );
    // The client acknowledges the event.
    while pair.queue.messages(CHANNEL).len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        pair.queue.messages(CHANNEL)[1],
        json!({"method": "callback", "host_id": "P", "sid": 7, "namespace": "/", "id": 77, "args": ["pong", {"n": 1}, "YWI="]})
    );
}

#[tokio::test]
async fn acknowledgements_of_a_python_process_are_accepted() {
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

/// Python's JSON writes numbers that JSON lacks, and text that is cut in the middle of an emoji.
#[tokio::test]
async fn numbers_and_text_that_only_python_writes_are_delivered() {
    let log = Log::default();
    let _guard = log.collect();
    let pair = Pair::new().await;
    let room = "cut \u{fffd}";
    pair.bo.emit("join", room).await.unwrap();
    let publish = |fields: &str| {
        let start = r#"{"method":"emit","namespace":"/","host_id":"P","#;
        let message = format!("{start}{fields}}}");
        pair.queue.publish_bytes(CHANNEL, message);
    };
    publish(r#""event":"ev","data":[NaN,{"a":-Infinity},"NaN"]"#);
    publish(r#""event":"ev","data":["kept \ud83d"]"#);
    publish(r#""event":"cut \ud83d","room":"cut \ud83d","data":[1e999]"#);
    publish(r#""event":"ev","data":[[NaN,{"_placeholder":true,"num":0}],"AAH/"],"binary":true"#);
    publish(r#""event":"ev","data":["last"]"#);
    pair.settled().await;
    let bytes = Bytes::from_static(b"\x00\x01\xff");
    let expected = [
        event("ev", (Value::Null, json!({"a": null}), "NaN")),
        event("ev", "kept \u{fffd}"),
        event("cut \u{fffd}", Value::Null),
        event("ev", (Value::Null, &bytes)),
        event("ev", "last"),
    ];
    assert_eq!(pair.bo.received(), expected);
    let packets = pair.bo.packets();
    let has = |text: &str| packets.iter().any(|packet| packet.text() == Some(text));
    assert!(has(r#"2["ev",null,{"a":null},"NaN"]"#), "{packets:?}");
    assert!(has(r#"2["ev","kept \ud83d"]"#), "{packets:?}");
    let lines = log.lines("which are replaced");
    assert_eq!(lines.len(), 2, "once for each node: {lines:?}");
    assert!(log.lines("an invalid message").is_empty());
}
