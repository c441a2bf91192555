//! Binary data: serde's bytes, in both directions, at any depth.

use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use socketio::{
    BoxError, Data, Rest, Socket, SocketIo, State, broadcast, call, emit, handlers, to,
};
use socketio_test::{EmitFailed, TestClient, event};
use test_support::Log;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct File {
    name: String,
    body: Bytes,
    #[serde(default)]
    thumbnails: Vec<ByteBuf>,
    #[serde(default)]
    more: BTreeMap<String, Option<Bytes>>,
}

#[socketio::event]
fn upload(file: File) -> File {
    broadcast().include_self(false).emit("uploaded", &file);
    file
}

#[socketio::event]
fn echo(arguments: Rest<Data>) -> Rest<Data> {
    emit("echo", &arguments);
    arguments
}

#[socketio::event]
fn json_only(value: Value) -> Value {
    value
}

#[socketio::event]
fn numbers(list: Vec<u8>) -> usize {
    list.len()
}

fn server() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![upload, echo, json_only, numbers])
        .build()
        .unwrap()
}

const ALL: &[u8] = &[0, 1, 127, 128, 255];

fn file() -> File {
    File {
        name: "a".into(),
        body: Bytes::from_static(ALL),
        thumbnails: vec![ByteBuf::from(b"1"), ByteBuf::new()],
        more: BTreeMap::from([
            ("x".into(), Some(Bytes::from_static(b"2"))),
            ("y".into(), None),
        ]),
    }
}

#[tokio::test]
async fn a_struct_keeps_its_bytes_at_every_depth() {
    let io = server();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(ana.call::<File>("upload", file()).await.unwrap(), file());
    let [uploaded] = &bo.received()[..] else {
        panic!();
    };
    assert_eq!(uploaded.read::<File>().unwrap(), file());
    assert_eq!(*uploaded, event("uploaded", file()));
    assert!(ana.received().is_empty());
}

#[tokio::test]
async fn data_holds_bytes_in_values_of_any_shape() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let payload = (
        Bytes::from_static(ALL),
        1,
        [Bytes::new()],
        json!({"a": null}),
    );
    let back: (Data, u8, Data, Value) = client.call("echo", payload.clone()).await.unwrap();
    assert_eq!(back.0, Data::Binary(payload.0.clone()));
    assert_eq!(back.2, Data::from([Bytes::new()]));
    assert_eq!((back.1, back.3), (1, json!({"a": null})));
    assert_eq!(client.received(), [event("echo", payload)]);
}

#[tokio::test]
async fn attachments_are_found_by_their_number_in_any_order() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let packet = r#"52-1["upload",{"thumbnails":[{"num":1,"_placeholder":true}],"name":"a","unknown":1,"body":{"_placeholder":true,"num":0}}]"#;
    client.send_raw(packet).await.unwrap();
    client.send_raw_binary(&b"body"[..]).await.unwrap();
    client.send_raw_binary(&b"thumb"[..]).await.unwrap();
    let packets = client.packets();
    let came: Vec<_> = packets.iter().rev().take(2).collect();
    assert_eq!(came[1].binary().unwrap(), "body");
    assert_eq!(came[0].binary().unwrap(), "thumb");
}

#[tokio::test]
async fn an_ignored_field_does_not_shift_the_other_attachments() {
    #[derive(Deserialize)]
    struct Second {
        second: Bytes,
    }
    let io = SocketIo::bare()
        .on("pick", |picked: Second| picked.second)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let both = BTreeMap::from([
        ("first", Bytes::from_static(b"1")),
        ("second", Bytes::from_static(b"2")),
    ]);
    assert_eq!(client.call::<Bytes>("pick", both).await.unwrap(), "2");
}

#[tokio::test]
async fn binary_data_is_not_a_list_of_numbers_and_the_error_suggests_bytes() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    assert_eq!(
        client.call::<usize>("numbers", vec![1, 2]).await.unwrap(),
        2
    );
    let failed = client.emit("numbers", Bytes::from_static(ALL)).await;
    let Err(EmitFailed::Handler(error)) = failed else {
        panic!("{failed:?}");
    };
    let text = error.argument_error().unwrap().to_string();
    assert!(text.contains("Bytes"), "{text}");
}

#[tokio::test]
async fn an_attachment_read_as_json_is_an_error_and_never_a_placeholder() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let failed = client.emit("json_only", [Bytes::from_static(ALL)]).await;
    let Err(EmitFailed::Handler(error)) = failed else {
        panic!("{failed:?}");
    };
    assert!(error.argument_error().is_some());
    assert!(client.is_connected());
}

#[tokio::test]
async fn a_placeholder_in_a_text_packet_is_ordinary_data() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    let data = json!({"_placeholder": true, "num": 0});
    assert_eq!(
        client.call::<Value>("json_only", &data).await.unwrap(),
        data
    );
    client.emit("echo", &data).await.unwrap();
    assert_eq!(client.received(), [event("echo", &data)]);
}

#[tokio::test]
async fn invalid_binary_packets_close_the_connection() {
    for (packet, attachments) in [
        (r#"51-["echo",{"_placeholder":true,"num":1}]"#, 1),
        (r#"51-["echo",{"_placeholder":true,"num":-1}]"#, 1),
        (r#"51-["echo",{"_placeholder":true,"num":"splice"}]"#, 1),
        (r#"50-["echo"]"#, 0),
        (r#"5["echo"]"#, 0),
        (r#"599-["echo"]"#, 0),
        (r#"51-/nowhere,["echo",{"_placeholder":true,"num":0}]"#, 0),
    ] {
        let client = TestClient::connect(&server(), "/").await.unwrap();
        drop(client.send_raw(packet));
        for _ in 0..attachments {
            drop(client.send_raw_binary(&b"x"[..]));
        }
        assert_eq!(
            client.disconnected().await,
            socketio::Reason::ParseError,
            "{packet}"
        );
    }
    let client = TestClient::connect(&server(), "/").await.unwrap();
    client
        .send_raw_binary(&b"unannounced"[..])
        .await
        .unwrap_err();
    assert!(!client.is_connected());
}

#[tokio::test]
async fn calls_and_rooms_carry_bytes() {
    let io = SocketIo::bare()
        .on("join", || socketio::join_room("lobby").unwrap())
        .on("share", |bytes: Bytes, prefix: State<Bytes>| async move {
            let answer: Bytes = call("sign", &bytes).await.unwrap();
            to("lobby").emit("signed", [&**prefix, &answer].concat());
            to("lobby").emit("signed", &answer);
        })
        .state(Bytes::from_static(b"!"))
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    bo.emit("join", ()).await.unwrap();
    ana.on("sign", |bytes: Bytes| {
        Bytes::from([&b"signed "[..], &bytes].concat())
    });
    ana.emit("share", Bytes::from_static(b"x")).await.unwrap();
    let signed = b"signed x";
    assert_eq!(
        bo.received(),
        [
            event("signed", [&b"!"[..], signed].concat()),
            event("signed", Bytes::from_static(signed))
        ],
        "a `Vec<u8>` is a list of numbers"
    );
}

#[tokio::test]
async fn a_message_over_the_limit_of_attachments_is_refused() {
    let io = SocketIo::bare()
        .handlers(handlers![echo])
        .max_attachments(2)
        .max_http_buffer_size(10)
        .build()
        .unwrap();
    let log = Log::default();
    let _guard = log.collect();
    let small = || Bytes::from_static(b"12345");
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("echo", (small(), small())).await.unwrap();
    let many = (small(), small(), Bytes::new());
    client.emit("echo", many).await.unwrap_err();
    assert!(!client.is_connected());
    let lines = log.lines("`max_attachments`");
    assert!(lines.len() == 1 && lines[0].contains("WARN"), "{lines:?}");
    let client = TestClient::connect(&io, "/").await.unwrap();
    let large = (small(), Bytes::from_static(b"123456"));
    client.emit("echo", large).await.unwrap_err();
    assert!(!client.is_connected());
}

#[tokio::test]
async fn more_attachments_than_javascript_clients_accept_are_not_sent() {
    let blobs = |count| vec![Bytes::from_static(b"b"); count];
    let builder = || {
        SocketIo::bare()
            .on("blobs", move |count: usize| blobs(count))
            .on("emit", move |count: usize, socket: Socket| {
                socket.emit("blobs", blobs(count))
            })
            .on("callback", move |count: usize, socket: Socket| {
                let to = socket.to(socket.sid()).callback(|()| ());
                to.try_emit("blobs", blobs(count)).map_err(BoxError::from)
            })
            .on("call", move |count: usize, socket: Socket| async move {
                Ok::<(), BoxError>(socket.call("blobs", blobs(count)).await?)
            })
    };
    let io = builder().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("blobs", |_: Vec<Bytes>| ());
    for event in ["emit", "callback", "call"] {
        client.emit(event, 10).await.unwrap();
        let error = client.emit(event, 11).await.unwrap_err().to_string();
        for part in ["11 binary values", "the 10 ", "`max_outgoing_attachments`"] {
            assert!(error.contains(part), "{event}: {error}");
        }
    }
    assert_eq!(
        client.call::<Vec<Bytes>>("blobs", 10).await.unwrap().len(),
        10
    );
    let ack = client.call::<Value>("blobs", 11).await.unwrap();
    assert_eq!(ack, json!({"error": "internal error"}));
    assert_eq!(client.received_named("blobs").len(), 3);

    let io = builder().max_outgoing_attachments(11).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<Vec<Bytes>>("blobs", 11).await.unwrap().len(),
        11
    );
}

#[tokio::test]
async fn data_that_clients_would_take_for_binary_is_not_relayed() {
    let io = SocketIo::bare()
        .on("relay", |data: Data, socket: Socket| {
            let bytes = Bytes::from_static(b"secret");
            socket.broadcast().try_emit("relayed", (data, bytes))
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let forged = json!({"_placeholder": true, "num": 0});
    let error = client.emit("relay", [forged]).await.unwrap_err();
    assert!(
        error.to_string().contains("`_placeholder: true`"),
        "{error}"
    );
    assert!(client.received().is_empty());
    client.emit("relay", json!({"num": 0})).await.unwrap();
    assert_eq!(client.received().len(), 1);
}

// D29
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attachments_follow_their_packet_when_others_emit_concurrently() {
    const EACH: u32 = 500;
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
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
