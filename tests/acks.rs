//! What a handler returns is the acknowledgement; what the server asks, clients answer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{
    BoxError, CallError, Socket, SocketIo, State, broadcast, call, emit, handlers, sid, to,
};
use socketio_test::{TestClient, event};

#[socketio::event]
fn nothing() {}

#[socketio::event]
async fn text() -> &'static str {
    "x"
}

#[socketio::event]
fn tuple() -> (&'static str, u8) {
    ("a", 1)
}

#[socketio::event]
fn list() -> Vec<Value> {
    vec![json!("a"), json!(1)]
}

#[socketio::event]
fn array() -> [u8; 2] {
    [1, 2]
}

#[socketio::event]
fn empty_list() -> Vec<u8> {
    Vec::new()
}

#[socketio::event]
fn no() -> bool {
    false
}

#[socketio::event]
fn zero() -> u8 {
    0
}

#[socketio::event]
fn object() -> BTreeMap<&'static str, u8> {
    BTreeMap::from([("a", 1)])
}

#[socketio::event]
fn one_tuple() -> (&'static str,) {
    ("z",)
}

#[socketio::event]
fn nested() -> ((&'static str, &'static str), &'static str) {
    (("a", "b"), "c")
}

#[socketio::event]
fn null() -> Option<u8> {
    None
}

#[socketio::event]
async fn fine() -> socketio::Result<(u8, u8)> {
    Ok((1, 2))
}

#[socketio::event]
async fn done() -> socketio::Result {
    Ok(())
}

#[socketio::event]
fn blob() -> Bytes {
    Bytes::from_static(b"\x01")
}

#[socketio::event]
fn blobs() -> (Bytes, BTreeMap<&'static str, Bytes>) {
    let b = BTreeMap::from([("k", Bytes::from_static(b"b"))]);
    (Bytes::from_static(b"a"), b)
}

fn answering() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![
            nothing, text, tuple, list, array, empty_list, no, zero, object, one_tuple, nested,
            null, fine, done, blob, blobs
        ])
        .build()
        .unwrap()
}

/// The messages that have come since there were `before`.
fn wire(client: &TestClient, before: usize) -> Vec<String> {
    let packets = client.packets();
    let came = packets[before..].iter().filter(|packet| !packet.is_sent());
    came.map(|packet| match packet.binary() {
        Some(bytes) => format!("{bytes:?}"),
        None => packet.text().unwrap().to_owned(),
    })
    .collect()
}

#[tokio::test]
async fn a_value_is_acknowledged_by_its_shape() {
    let client = TestClient::connect(&answering(), "/").await.unwrap();
    for (name, ack) in [
        ("nothing", "31[]"),
        ("text", r#"31["x"]"#),
        ("tuple", r#"31["a",1]"#),
        ("list", r#"31[["a",1]]"#),
        ("array", "31[[1,2]]"),
        ("empty_list", "31[[]]"),
        ("no", "31[false]"),
        ("zero", "31[0]"),
        ("object", r#"31[{"a":1}]"#),
        ("one_tuple", r#"31["z"]"#),
        ("nested", r#"31[["a","b"],"c"]"#),
        ("null", "31[null]"),
        ("fine", "31[1,2]"),
        ("done", "31[]"),
    ] {
        let before = client.packets().len();
        client.send_raw(&format!(r#"21["{name}"]"#)).await.unwrap();
        assert_eq!(wire(&client, before), [ack], "{name}");
    }
}

#[tokio::test]
async fn binary_data_follows_its_acknowledgement() {
    let client = TestClient::connect(&answering(), "/").await.unwrap();
    let before = client.packets().len();
    client.send_raw(r#"21["blob"]"#).await.unwrap();
    assert_eq!(
        wire(&client, before),
        [r#"61-1[{"_placeholder":true,"num":0}]"#, r#"b"\x01""#]
    );
    let before = client.packets().len();
    client.send_raw(r#"21["blobs"]"#).await.unwrap();
    assert_eq!(
        wire(&client, before),
        [
            r#"62-1[{"_placeholder":true,"num":0},{"k":{"_placeholder":true,"num":1}}]"#,
            r#"b"a""#,
            r#"b"b""#
        ]
    );
}

#[tokio::test]
async fn who_does_not_ask_gets_no_acknowledgement() {
    let client = TestClient::connect(&answering(), "/").await.unwrap();
    let before = client.packets().len();
    client.emit("text", ()).await.unwrap();
    assert!(wire(&client, before).is_empty());
}

#[tokio::test]
async fn an_id_is_given_back_as_it_was_written() {
    let connection = TestClient::builder(&answering()).open().unwrap();
    connection.send_raw("0").await.unwrap();
    for id in ["0", "007", "123456789012345678901234567890"] {
        let event = format!(r#"2{id}["zero"]"#);
        connection.send_raw(&event).await.unwrap();
        let packets = connection.packets();
        assert_eq!(packets.last().unwrap().text(), Some(&*format!("3{id}[0]")));
    }
}

#[tokio::test]
async fn an_acknowledgement_comes_after_what_its_handler_emitted() {
    #[socketio::event]
    async fn talk() -> &'static str {
        emit("first", 1);
        tokio::task::yield_now().await;
        emit("second", 2);
        "done"
    }
    let io = SocketIo::bare().handlers(handlers![talk]).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let before = client.packets().len();
    client.call::<String>("talk", ()).await.unwrap();
    assert_eq!(
        wire(&client, before),
        [r#"2["first",1]"#, r#"2["second",2]"#, r#"30["done"]"#]
    );
}

#[tokio::test]
async fn what_failed_is_acknowledged_with_an_error() {
    #[socketio::event]
    async fn typed(number: u8) -> u8 {
        number
    }
    #[socketio::event]
    async fn failing() -> socketio::Result<u8> {
        Err("a secret".into())
    }
    #[socketio::event]
    async fn panicking() -> u8 {
        panic!("a secret")
    }
    /// JSON has no such keys.
    #[socketio::event]
    async fn unfit() -> BTreeMap<Vec<u8>, u8> {
        BTreeMap::from([(vec![1], 1)])
    }
    let io = SocketIo::bare()
        .handlers(handlers![typed, failing, panicking, unfit])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let wrong: Value = client.call("typed", "x").await.unwrap();
    let text = wrong["error"].as_str().unwrap();
    assert!(
        text.starts_with("argument 1: invalid type: string"),
        "{text}"
    );
    let missing: Value = client.call("typed", ()).await.unwrap();
    let text = missing["error"].as_str().unwrap();
    assert!(text.starts_with("argument 1 is missing"), "{text}");
    for name in ["failing", "panicking", "unfit"] {
        assert_eq!(
            client.call::<Value>(name, ()).await.unwrap(),
            json!({"error": "internal error"}),
            "{name}"
        );
    }
    assert_eq!(
        client.call::<Value>("unknown", ()).await.unwrap(),
        json!({"error": "unknown event"})
    );
    assert_eq!(client.call::<u8>("typed", 7).await.unwrap(), 7);
}

/// What callbacks and handlers noted.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn a_call_reads_what_the_client_answers() {
    #[socketio::event]
    async fn ask(notes: State<Notes>) -> socketio::Result {
        let one: u8 = call("one", ()).await?;
        let two: (String, u8) = call("two", ("a", 2)).await?;
        let none: Option<u8> = call("none", ()).await?;
        call::<()>("none", ()).await?;
        notes.add(format!("{one} {two:?} {none:?}"));
        match call::<u8>("two", ()).await {
            Err(CallError::InvalidAck(error)) => notes.add(error.to_string()),
            other => notes.add(format!("{other:?}")),
        }
        Ok(())
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![ask])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("one", |()| 1);
    client.on("two", |()| ("b", 2));
    client.on("none", |()| ());
    client.emit("ask", ()).await.unwrap();
    let [read, unfit] = &notes.take()[..] else {
        panic!();
    };
    assert_eq!(read, r#"1 ("b", 2) None"#);
    assert!(
        unfit.starts_with("argument 1: invalid type: string"),
        "{unfit}"
    );
    assert_eq!(
        client.received_named("two"),
        [event("two", ("a", 2)), event("two", ())]
    );
}

#[tokio::test]
async fn a_callback_runs_once_for_each_client_in_the_name_of_the_sender() {
    #[socketio::event]
    async fn poll(notes: State<Notes>) {
        broadcast()
            .callback(move |answer: String| {
                let notes = notes.clone();
                async move {
                    notes.add(answer);
                    emit("noted", sid());
                }
            })
            .emit("who", ());
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![poll])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let quiet = TestClient::connect(&io, "/").await.unwrap();
    ana.on("who", |()| "ana");
    bo.on("who", |()| "bo");
    ana.emit("poll", ()).await.unwrap();
    for _ in 0..2 {
        let noted = ana.next_named("noted").await;
        assert_eq!(noted, event("noted", ana.sid()));
    }
    let mut names = notes.take();
    names.sort_unstable();
    assert_eq!(names, ["ana", "bo"]);
    assert_eq!(quiet.received(), [event("who", ())]);
    assert!(bo.received_named("noted").is_empty());
}

#[tokio::test]
async fn acknowledgements_that_nobody_awaits_are_ignored() {
    #[socketio::event]
    async fn ask() -> Result<u8, CallError> {
        call("question", ()).await
    }
    let io = SocketIo::bare().handlers(handlers![ask]).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for never_asked in ["30[1]", "31[1]", "399999999999999999999[1]"] {
        client.send_raw(never_asked).await.unwrap();
    }
    let asking = client.call::<u8>("ask", ());
    let question = client.next().await;
    client.answer(&question, 1).await.unwrap();
    client.answer(&question, 2).await.unwrap();
    assert_eq!(asking.await.unwrap(), 1);
    assert!(client.is_connected());
}

#[tokio::test]
async fn an_answer_in_another_namespace_is_another_answer() {
    let io = SocketIo::bare()
        .on("ask", || async { call::<u8>("question", ()).await })
        .allow_namespace("/other")
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let other = client.connect_to("/other").await.unwrap();
    let asking = client.call::<u8>("ask", ());
    let question = client.next().await;
    other.answer(&question, 1).await.unwrap();
    client.answer(&question, 2).await.unwrap();
    assert_eq!(asking.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_gives_up_after_sixty_seconds_or_as_told() {
    let io = SocketIo::bare()
        .on("ask", |seconds: Option<u64>| async move {
            let started = tokio::time::Instant::now();
            let mut address = to(sid());
            if let Some(seconds) = seconds {
                address = address.timeout(Duration::from_secs(seconds));
            }
            let answer = address.call::<u8>("question", ()).await;
            assert!(matches!(answer, Err(CallError::Timeout)), "{answer:?}");
            started.elapsed().as_secs()
        })
        .build()
        .unwrap();
    let client = TestClient::builder(&io)
        .patience(Duration::from_secs(100))
        .connect()
        .await
        .unwrap();
    assert_eq!(client.call::<u64>("ask", ()).await.unwrap(), 60);
    assert_eq!(client.call::<u64>("ask", 3).await.unwrap(), 3);
    let late = client.next().await;
    client.answer(&late, 1).await.unwrap();
    assert_eq!(client.call::<u64>("ask", 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_call_ends_when_its_client_goes() {
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .on("ask", |notes: State<Notes>| async move {
            let answer = call::<u8>("question", ()).await;
            notes.add(format!("{answer:?}"));
        })
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.emit("ask", ()));
    client.next().await;
    client.close().await;
    assert_eq!(notes.take(), ["Err(Disconnected)"]);
}

#[tokio::test]
async fn a_call_to_many_takes_the_first_answer_and_call_all_takes_all() {
    let io = SocketIo::bare().build().unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    ana.on("number", |()| 1);
    bo.on("number", |()| "two");
    let answers = io.broadcast().call_all::<u8>("number", ()).await.unwrap();
    assert_eq!(answers.len(), 2);
    for (sid, answer) in answers {
        match answer {
            Ok(number) => assert_eq!((sid.as_str(), number), (ana.sid().as_str(), 1)),
            Err(CallError::InvalidAck(_)) => assert_eq!(sid, *bo.sid()),
            Err(error) => panic!("{error}"),
        }
    }
    let first: u8 = io.to(ana.sid()).call("number", ()).await.unwrap();
    assert_eq!(first, 1);
    let nobody = io.to("nowhere").call::<u8>("number", ()).await;
    assert!(matches!(nobody, Err(CallError::NoRecipient)), "{nobody:?}");
}

#[tokio::test]
async fn a_socket_that_was_kept_can_be_asked_from_anywhere() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("name", |()| ("ana", Bytes::from_static(b"face")));
    let socket: Socket = io.socket("/", client.sid()).unwrap();
    let (name, face): (String, Bytes) = socket.call("name", ()).await.unwrap();
    assert_eq!((name.as_str(), &face[..]), ("ana", &b"face"[..]));
    client.disconnect().await.unwrap();
    let gone: Result<(), BoxError> = socket.call("name", ()).await.map_err(Into::into);
    let gone = gone.unwrap_err();
    assert!(matches!(
        gone.downcast_ref(),
        Some(CallError::Disconnected | CallError::NoRecipient)
    ));
}
