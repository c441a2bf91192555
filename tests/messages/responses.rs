//! Return values of handlers: the shape of acknowledgements, their order and their errors.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{BoxError, SocketIo, emit, handlers};
use socketio_test::TestClient;

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

/// Returns the messages after the first `before`.
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
async fn the_shape_of_a_return_value_decides_the_acknowledgement() {
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
async fn an_event_without_an_ack_id_gets_no_acknowledgement() {
    let client = TestClient::connect(&answering(), "/").await.unwrap();
    let before = client.packets().len();
    client.emit("text", ()).await.unwrap();
    assert!(wire(&client, before).is_empty());
}

#[tokio::test]
async fn an_ack_id_is_returned_unchanged() {
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
async fn an_acknowledgement_follows_the_emits_of_its_handler() {
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
async fn failed_events_are_acknowledged_with_an_error() {
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

// D23
#[tokio::test]
async fn an_event_without_a_handler_is_acknowledged_with_an_error() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for name in ["nothing", "*", ""] {
        let answer: Value = client.call(name, ()).await.unwrap();
        assert_eq!(answer, json!({"error": "unknown event"}), "{name:?}");
    }
}

// D27
#[tokio::test]
async fn a_handler_that_fails_is_acknowledged() {
    let io = SocketIo::bare()
        .on("error", || Err::<(), BoxError>("secret".into()))
        .on("panic", || -> () { panic!("secret") })
        .on("number", |number: u8| number)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for name in ["error", "panic"] {
        let answer: Value = client.call(name, ()).await.unwrap();
        assert_eq!(answer, json!({"error": "internal error"}), "{name}");
    }
    let answer: Value = client.call("number", "seven").await.unwrap();
    let text = answer["error"].as_str().unwrap();
    assert!(text.starts_with("argument 1: "), "{text}");
    assert!(client.is_connected());
}

/// The text of a number is read as the nearest number, as `JSON.parse` does.
#[tokio::test]
async fn no_digit_of_a_number_is_lost() {
    let io = SocketIo::bare()
        .on("bits", |number: f64| number.to_bits())
        .on("echo", |number: Value| number)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for number in [118_446_440_907.357_66, 0.1 + 0.2, f64::MAX, 5e-324] {
        let bits: u64 = client.call("bits", number).await.unwrap();
        assert_eq!(bits, number.to_bits(), "{number}");
        let packets = client.packets().len();
        let echo: Value = client.call("echo", number).await.unwrap();
        assert_eq!(echo, json!(number));
        let packets = client.packets().split_off(packets);
        let values = packets.iter().map(|packet| {
            let text = packet.text().unwrap();
            text.trim_end_matches(']')
                .rsplit(['[', ','])
                .next()
                .unwrap()
        });
        let values: Vec<_> = values.collect();
        assert_eq!(values[0], values[1]);
    }
}
