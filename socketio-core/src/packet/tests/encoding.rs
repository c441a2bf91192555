use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_bytes::ByteBuf;
use serde_json::{Value, json, value::RawValue};

use super::parts;
use crate::{
    base::{Data, Message},
    packet::{
        Frames, RESERVED, ack, connect, connect_error, connect_request, disconnect, event,
        event_with, payload, payload_of,
    },
};

#[derive(Serialize)]
struct Point(u8, u8);

fn text_of(frames: Frames) -> String {
    parts(frames).0.to_string()
}

fn text<T: Serialize + ?Sized>(value: &T) -> String {
    text_of(event("/", None, "x", value).unwrap())
}

#[test]
fn any_value_is_one_argument() {
    assert_eq!(text(&1), r#"2["x",1]"#);
    assert_eq!(text("a\"b"), r#"2["x","a\"b"]"#);
    assert_eq!(text(&[1, 2]), r#"2["x",[1,2]]"#);
    assert_eq!(text(&[1, 2][..]), r#"2["x",[1,2]]"#);
    assert_eq!(text(&vec![(1, 2)]), r#"2["x",[[1,2]]]"#);
    assert_eq!(text(&Point(1, 2)), r#"2["x",[1,2]]"#);
    assert_eq!(text(&Some((1, 2))), r#"2["x",[1,2]]"#);
    assert_eq!(text(&Box::new((1, 2))), r#"2["x",[1,2]]"#);
    assert_eq!(text(&None::<u8>), r#"2["x",null]"#);
    assert_eq!(text(&Value::Null), r#"2["x",null]"#);
    assert_eq!(text(&json!({"a": [1]})), r#"2["x",{"a":[1]}]"#);
}

#[test]
fn a_tuple_is_several_and_so_is_a_reference_to_one() {
    assert_eq!(text(&(1, "b")), r#"2["x",1,"b"]"#);
    assert_eq!(text(&(1,)), r#"2["x",1]"#);
    assert_eq!(text(&((1, 2), [3])), r#"2["x",[1,2],[3]]"#);
    assert_eq!(text(&&(1, 2)), r#"2["x",1,2]"#);
    assert_eq!(text(&&mut (1, 2)), r#"2["x",1,2]"#);
    assert_eq!(text(&&&&((), ())), r#"2["x",null,null]"#);
    assert_eq!(
        text(&(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)),
        r#"2["x",1,2,3,4,5,6,7,8,9,10,11,12]"#
    );
}

#[test]
fn unit_is_no_argument() {
    assert_eq!(text(&()), r#"2["x"]"#);
    assert_eq!(text(&&()), r#"2["x"]"#);
    assert_eq!(payload(&()).unwrap().json(), "[]");
}

#[test]
fn the_head_names_namespace_and_id() {
    let encoded = event("/chat", Some(u64::MAX), "café\n", &1).unwrap();
    let bytes = encoded.bytes();
    let (text, _) = parts(encoded);
    assert_eq!(*text, *r#"2/chat,18446744073709551615["café\n",1]"#);
    assert_eq!(
        text.framed().as_str(),
        r#"42/chat,18446744073709551615["café\n",1]"#
    );
    assert_eq!(bytes, text.len());
}

#[test]
fn bytes_become_attachments_at_any_depth() {
    #[derive(Serialize)]
    struct File {
        name: &'static str,
        data: Bytes,
        more: BTreeMap<&'static str, Option<ByteBuf>>,
    }
    let file = File {
        name: "a",
        data: Bytes::from_static(b"one"),
        more: [("b", Some(ByteBuf::from("two")))].into(),
    };
    let encoded = event("/chat", Some(5), "x", &(1, file)).unwrap();
    let text = r#"52-/chat,5["x",1,{"name":"a","data":{"_placeholder":true,"num":0},"more":{"b":{"_placeholder":true,"num":1}}}]"#;
    assert_eq!((encoded.bytes(), encoded.count()), (text.len() + 6, 3));
    assert_eq!(
        encoded.into_messages(),
        [
            Message::Text(text.into()),
            Message::Binary("one".into()),
            Message::Binary("two".into()),
        ]
    );
}

#[test]
fn a_list_of_numbers_is_not_binary_data() {
    assert_eq!(text(&vec![1u8, 2]), r#"2["x",[1,2]]"#);
    assert_eq!(text(&Data::from(vec![1u8, 2])), r#"2["x",[1,2]]"#);
}

#[test]
fn an_ack_carries_its_payload_and_the_id_as_it_was_written() {
    let ok = payload(&("ok", 1)).unwrap();
    assert_eq!(text_of(ack("/", "007", &ok)), r#"3007["ok",1]"#);
    assert_eq!(text_of(ack("/chat", "7", &ok)), r#"3/chat,7["ok",1]"#);
    assert_eq!(text_of(ack("/", "7", &payload(&()).unwrap())), "37[]");
    let binary = ack("/", "7", &payload(&Bytes::from_static(b"b")).unwrap());
    let (text, attachments) = parts(binary);
    assert_eq!(*text, *r#"61-7[{"_placeholder":true,"num":0}]"#);
    assert_eq!(attachments, ["b"]);
}

#[test]
fn one_payload_serves_many_packets() {
    for value in [Data::from("text"), Data::from(Bytes::from_static(b"b"))] {
        let once = payload(&(1, &value)).unwrap();
        let with = event_with("/chat", Some(1), "x", &once).unwrap();
        assert_eq!(with, event("/chat", Some(1), "x", &(1, &value)).unwrap());
        assert_eq!(once, payload_of(&[Data::from(1), value]).unwrap());
    }
    let none = payload(&()).unwrap();
    assert_eq!(
        text_of(event_with("/", None, "x", &none).unwrap()),
        r#"2["x"]"#
    );
}

#[test]
fn reserved_names_are_refused() {
    for name in RESERVED {
        let error = event("/", None, name, &()).unwrap_err();
        assert!(error.is_reserved_name());
        assert_eq!(
            error.to_string(),
            format!("`{name}` is a reserved event name")
        );
        assert!(event_with("/", None, name, &payload(&()).unwrap()).is_err());
    }
    assert!(event("/", None, "message", &()).is_ok());
}

#[test]
fn a_value_without_a_form_in_json_is_an_error() {
    let map = BTreeMap::from([((1, 2), 3)]);
    let error = event("/", None, "x", &map).unwrap_err();
    assert!(!error.is_reserved_name());
    assert!(payload(&map).is_err());
}

#[test]
fn numbers_and_raw_text_are_written_as_they_are() {
    assert_eq!(
        text(&(u64::MAX, i128::MIN)),
        format!(r#"2["x",{},{}]"#, u64::MAX, i128::MIN)
    );
    let raw: Box<RawValue> = serde_json::from_str("{ \"a\" : 1e400 }").unwrap();
    assert_eq!(text(&raw), r#"2["x",{ "a" : 1e400 }]"#);
    assert_eq!(text(&f64::NAN), r#"2["x",null]"#);
}

#[test]
fn the_responses_to_connect_have_the_id_or_the_refusal() {
    assert_eq!(text_of(connect("/", "abc")), r#"0{"sid":"abc"}"#);
    assert_eq!(text_of(connect("/chat", "abc")), r#"0/chat,{"sid":"abc"}"#);
    assert_eq!(
        text_of(connect_error("/", "no \"entry\"", None)),
        r#"4{"message":"no \"entry\""}"#
    );
    let data = RawValue::from_string("[1]".into()).unwrap();
    assert_eq!(
        text_of(connect_error("/chat", "no", Some(&data))),
        r#"4/chat,{"message":"no","data":[1]}"#
    );
    assert_eq!(text_of(disconnect("/")), "1");
    assert_eq!(text_of(disconnect("/chat")), "1/chat,");
}

#[test]
fn a_client_connects_with_an_object_or_nothing() {
    assert_eq!(text_of(connect_request::<()>("/", None).unwrap()), "0");
    assert_eq!(
        text_of(connect_request::<()>("/chat", None).unwrap()),
        *"0/chat,"
    );
    let auth = json!({"token": "t"});
    assert_eq!(
        text_of(connect_request("/chat", Some(&auth)).unwrap()),
        r#"0/chat,{"token":"t"}"#
    );
    assert!(connect_request("/", Some("token")).is_err());
    assert!(connect_request("/", Some(&())).is_err());
    assert!(connect_request("/", Some(&json!([1]))).is_err());
    let binary = BTreeMap::from([("a", Bytes::new())]);
    assert!(connect_request("/", Some(&binary)).is_err());
}

#[test]
fn a_rest_is_as_many_arguments_as_it_holds() {
    let text = |rest: crate::Rest<u32>| text_of(event("/", None, "x", &rest).unwrap());
    assert_eq!(&*text(crate::Rest(vec![])), r#"2["x"]"#);
    assert_eq!(&*text(crate::Rest(vec![1, 2])), r#"2["x",1,2]"#);
    assert_eq!(payload(&crate::Rest(vec![1, 2])).unwrap().json(), "[1,2]");
}
