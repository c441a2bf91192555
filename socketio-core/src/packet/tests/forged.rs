//! Objects that look like placeholders, beside real ones: the receiving client would replace them by binary data.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::attached;
use crate::{
    base::{Data, EncodeError},
    packet::{Codec, event, payload, payload_of},
};

const BINARY: Bytes = Bytes::from_static(b"b");

fn raw(json: &str) -> Box<RawValue> {
    serde_json::from_str(json).unwrap()
}

fn encoded<T: Serialize>(value: &T) -> [Result<(), EncodeError>; 2] {
    [
        event("/a\"[b", Some(1), "_placeholder", value).map(drop),
        payload(value).map(drop),
    ]
}

#[test]
fn beside_binary_data_they_are_refused() {
    let forged = json!({"a": [{"_placeholder": true, "num": 0, "more": {}}]});
    for results in [
        encoded(&(&forged, BINARY)),
        encoded(&(BINARY, [&forged])),
        encoded(&(json!({"num": 1, "_placeholder": true}), BINARY)),
        encoded(&(raw(r#"{"_placeholder" : true}"#), BINARY)),
        encoded(&(raw(r#"{"\u005fplaceholder":true,"num":0}"#), BINARY)),
        encoded(&(
            raw(r#"[{"_placeholder":false,"_placeholder":true}]"#),
            BINARY,
        )),
        encoded(&(
            raw(
                r#"{"\u005f\u0070\u006c\u0061\u0063\u0065\u0068\u006f\u006c\u0064\u0065\u0072":true}"#,
            ),
            BINARY,
        )),
    ] {
        for result in results {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("`_placeholder: true`"), "{error}");
        }
    }
    let values = [Data::from(forged), Data::from(BINARY)];
    assert!(payload_of(&values).is_err());
    let deep = format!(
        "{}{{\"_placeholder\":true}}{}",
        "[".repeat(300),
        "]".repeat(300)
    );
    let mut deserializer = serde_json::Deserializer::from_str(&deep);
    let deep: &RawValue = serde::Deserialize::deserialize(&mut deserializer).unwrap();
    assert!(payload(&(deep, BINARY)).is_err());
}

#[test]
fn without_binary_data_they_are_data() {
    for result in encoded(&json!({"_placeholder": true, "num": 0})) {
        result.unwrap();
    }
}

#[test]
fn objects_that_clients_do_not_take_for_placeholders_are_sent() {
    for value in [
        json!("_placeholder"),
        json!(r#"{"_placeholder":true,"num":0}"#),
        json!({"_placeholder": false, "num": 0}),
        json!({"_placeholder": 1}),
        json!({"_placeholder": "true"}),
        json!(["_placeholder", "\u{1}"]),
        json!({"_placeholder": {"num": 0}, "key\u{1}": true}),
    ] {
        for result in encoded(&(&value, BINARY, [BINARY])) {
            result.unwrap();
        }
    }
}

#[test]
fn an_escaped_key_makes_a_placeholder_as_in_javascript() {
    let text = r#"51-["x",{"\u005fplaceholder":true,"n\u0075m":0}]"#;
    assert_eq!(attached(text, &[b"b"]).next::<Bytes>().unwrap(), BINARY);
}

#[test]
fn a_codec_limits_the_attachments_of_a_packet() {
    let codec = Codec::default().max_attachments(2);
    let form = codec.form();
    let (two, three) = ([BINARY; 2], [BINARY; 3]);
    codec.event("/", None, "x", &two).unwrap();
    let values = form.payload(&two).unwrap();
    codec.event_with("/", None, "x", &values).unwrap();
    codec.check("x", &values).unwrap();
    codec.try_ack("/", "1", Some(&values)).unwrap();

    let values = form.payload(&three).unwrap();
    for error in [
        codec.event("/", None, "x", &three).unwrap_err(),
        codec.event_with("/", None, "x", &values).unwrap_err(),
        codec.check("x", &values).unwrap_err(),
        codec.try_ack("/", "1", Some(&values)).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains("3 binary values") && error.contains("`max_outgoing_attachments`"),
            "{error}"
        );
    }
    let codec = Codec::default();
    codec.event("/", None, "x", &vec![BINARY; 100]).unwrap();
}
