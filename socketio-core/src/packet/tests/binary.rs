use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use serde::{Deserialize, de::IgnoredAny};
use serde_bytes::ByteBuf;
use serde_json::{Value, value::RawValue};

use super::attached;
use crate::base::Data;

const ZERO: &[u8] = b"zero";
const ONE: &[u8] = b"one";

/// `text` with `$n` for placeholders, as a binary packet's.
fn placed(text: &str) -> String {
    let placeholder = |number| format!(r#"{{"_placeholder":true,"num":{number}}}"#);
    text.replace("$0", &placeholder(0))
        .replace("$1", &placeholder(1))
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, String> {
    let mut arguments = attached(&placed(&format!(r#"52-["x",{json}]"#)), &[ZERO, ONE]);
    let value = arguments.next().map_err(|error| {
        assert!(!error.is_malformed(), "{error}");
        error.to_string()
    })?;
    assert_eq!(arguments.finish(), Ok(0));
    Ok(value)
}

#[test]
fn a_placeholder_is_read_as_bytes() {
    assert_eq!(read::<Bytes>("$1").unwrap(), ONE);
    assert_eq!(read::<ByteBuf>("$0").unwrap(), ZERO);
    assert_eq!(read::<Data>("$0").unwrap(), Data::Binary(Bytes::from(ZERO)));
    assert_eq!(read::<Option<Bytes>>("$0").unwrap().unwrap(), ZERO);
    assert_eq!(
        read::<Vec<Bytes>>("[$1, $0 ,$1]").unwrap(),
        [ONE, ZERO, ONE]
    );
}

#[test]
fn placeholders_are_known_in_any_order_of_keys_and_with_any_spacing() {
    for json in [
        r#"{"num":1,"_placeholder":true}"#,
        " { \"num\" : 1 ,\n \"_placeholder\"\t: true } ",
        r#"{"_placeholder":true,"num":1,"more":{"a":"}"}}"#,
        r#"{"more":[{}],"_placeholder":true,"num":1}"#,
    ] {
        assert_eq!(read::<Bytes>(json).unwrap(), ONE, "{json}");
    }
}

#[test]
fn an_object_that_only_resembles_a_placeholder_is_an_object() {
    for json in [
        r#"{"_placeholder":false,"num":1}"#,
        r#"{"_placeholder":"true","num":1}"#,
        r#"{"_placeholder":{"_placeholder":null},"num":1}"#,
        r#"{"num":1}"#,
        r#"{"a":"_placeholder","num":0}"#,
        r#"{"say \"_placeholder\":true":"_placeholder\":true","num":1}"#,
    ] {
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(read::<Value>(json).unwrap(), value, "{json}");
        assert_eq!(read::<Data>(json).unwrap(), value, "{json}");
        assert!(read::<Bytes>(json).is_err(), "{json}");
    }
}

#[test]
fn bytes_stand_at_any_depth_of_any_type() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct File {
        name: String,
        #[serde(default)]
        parts: Vec<(u8, Option<Bytes>)>,
        by_number: HashMap<u64, Bytes>,
        newtype: Newtype,
        kind: Kind,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Newtype(Bytes);
    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Unit,
        One(Bytes),
        Two(u8, Bytes),
        Named { bytes: Bytes },
    }
    let file = |kind: &str| {
        read::<File>(&format!(
            r#"{{"name":"a\"[","skipped":[$0,{{}}],"parts":[[1,$0],[2,null]],"by_number":{{"7":$1}},"newtype":$1,"kind":{kind}}}"#
        ))
        .unwrap()
    };
    let whole = file(r#"{"One":$0}"#);
    assert_eq!(whole.name, "a\"[");
    assert_eq!(whole.parts, [(1, Some(Bytes::from(ZERO))), (2, None)]);
    assert_eq!(whole.by_number, [(7, Bytes::from(ONE))].into());
    assert_eq!(whole.newtype, Newtype(ONE.into()));
    assert_eq!(whole.kind, Kind::One(ZERO.into()));
    assert_eq!(file(r#""Unit""#).kind, Kind::Unit);
    assert_eq!(file(r#"{"Unit":null}"#).kind, Kind::Unit);
    assert_eq!(
        file(r#"{ "Two" : [1, $1] }"#).kind,
        Kind::Two(1, ONE.into())
    );
    assert_eq!(
        file(r#"{"Named":{"bytes":$1}}"#).kind,
        Kind::Named { bytes: ONE.into() }
    );
}

#[test]
fn bytes_go_through_types_that_serde_buffers() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum Either {
        Number(u8),
        Bytes(Bytes),
    }
    #[derive(Debug, Deserialize)]
    #[serde(tag = "type")]
    enum Tagged {
        Image { data: Bytes },
    }
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
        #[serde(flatten)]
        rest: BTreeMap<String, Data>,
    }
    #[derive(Debug, Deserialize)]
    struct Inner {
        data: ByteBuf,
    }
    assert_eq!(
        read::<Vec<Either>>("[1,$0]").unwrap(),
        [Either::Number(1), Either::Bytes(ZERO.into())]
    );
    let Tagged::Image { data } = read(r#"{"data":$1,"type":"Image"}"#).unwrap();
    assert_eq!(data, ONE);
    let outer: Outer = read(r#"{"data":$1,"more":[$0]}"#).unwrap();
    assert_eq!(outer.inner.data, ONE);
    assert_eq!(outer.rest["more"], Data::from([Bytes::from(ZERO)]));
}

#[test]
fn types_that_cannot_hold_bytes_refuse_them() {
    for error in [
        read::<Value>("$0").unwrap_err(),
        read::<Value>(r#"{"deep":[$0]}"#).unwrap_err(),
        read::<HashMap<String, Value>>("$0").unwrap_err(),
        read::<String>("$0").unwrap_err(),
        read::<u64>("$0").unwrap_err(),
        read::<()>("$0").unwrap_err(),
        read::<Box<RawValue>>(r#"{"a":$0}"#).unwrap_err(),
        read::<Result<u8, u8>>("$0").unwrap_err(),
    ] {
        assert!(
            error.contains("binary data") || error.contains("byte array"),
            "{error}"
        );
    }
}

#[test]
fn a_list_of_numbers_given_an_attachment_names_the_type_that_takes_it() {
    assert_eq!(
        read::<Vec<u8>>("$0").unwrap_err(),
        "argument 1: invalid type: binary data, expected a sequence (`Bytes` takes binary data)"
    );
}

#[test]
fn other_values_are_read_as_in_a_text_packet() {
    #[derive(Debug, Deserialize, PartialEq, Eq, Hash)]
    enum Key {
        A,
    }
    #[derive(Debug, Deserialize, PartialEq, Eq, Hash)]
    struct Wrapped(String);
    assert_eq!(read::<i128>(&i128::MIN.to_string()).unwrap(), i128::MIN);
    assert_eq!(read::<u128>(&u128::MAX.to_string()).unwrap(), u128::MAX);
    assert_eq!(
        read::<Box<RawValue>>(r#"{ "a" :1.50}"#).unwrap().get(),
        r#"{ "a" :1.50}"#
    );
    assert_eq!(read::<Option<u8>>("null").unwrap(), None);
    assert_eq!(read::<char>(r#""\u00e9""#).unwrap(), 'é');
    assert_eq!(
        read::<(u8, f32, bool)>("[1,1.5,true]").unwrap(),
        (1, 1.5, true)
    );
    assert_eq!(read::<Vec<u8>>("[1,2]").unwrap(), [1, 2]);
    assert_eq!(read::<Bytes>("[1,2]").unwrap(), [1, 2].as_slice());
    assert_eq!(
        read::<HashMap<i8, ()>>(r#"{"-3":null}"#).unwrap(),
        [(-3, ())].into()
    );
    assert_eq!(
        read::<HashMap<bool, u8>>(r#"{"true":1}"#).unwrap(),
        [(true, 1)].into()
    );
    assert_eq!(
        read::<HashMap<Key, u8>>(r#"{"A":1}"#).unwrap(),
        [(Key::A, 1)].into()
    );
    assert_eq!(
        read::<HashMap<Wrapped, u8>>(r#"{"\"a\\":1}"#).unwrap(),
        [(Wrapped("\"a\\".into()), 1)].into()
    );
    assert_eq!(
        read::<Value>(r#"[{"b":[],"a":{}},"",-1,1.0]"#)
            .unwrap()
            .to_string(),
        r#"[{"a":{},"b":[]},"",-1,1.0]"#
    );
    assert!(read::<HashMap<u8, u8>>(r#"{"x":1}"#).is_err());
    assert!(read::<(u8, u8)>("[1,2,3]").is_err());
    assert!(read::<(u8, u8)>("[1]").is_err());
    assert!(read::<u8>("{}").is_err());
    assert!(read::<Vec<u8>>("3").is_err());
    assert!(read::<HashMap<u8, u8>>("3").is_err());
    read::<IgnoredAny>(r#"{"a":[1,"]"]}"#).unwrap();
}

#[test]
fn an_invalid_number_or_one_without_an_attachment_breaks_the_packet() {
    for number in [
        "2",
        "-1",
        "1.0",
        "1e0",
        "null",
        "\"0\"",
        "[0]",
        "99999999999999999999999",
    ] {
        let text = format!(r#"52-["x",{{"a":{{"_placeholder":true,"num":{number}}}}}]"#);
        let fresh = || attached(&text, &[ZERO, ONE]);
        assert!(
            fresh().next::<Bytes>().unwrap_err().is_malformed(),
            "{number}"
        );
        assert!(
            fresh().next::<IgnoredAny>().unwrap_err().is_malformed(),
            "{number}"
        );
        assert!(
            fresh().read::<(Data,)>().unwrap_err().is_malformed(),
            "{number}"
        );
        assert!(fresh().finish().unwrap_err().is_malformed(), "{number}");
    }
    let text = r#"51-["x",{"_placeholder":true}]"#;
    assert!(attached(text, &[ZERO]).finish().unwrap_err().is_malformed());
}

#[test]
fn attachments_may_be_named_twice_or_not_at_all() {
    assert_eq!(
        read::<(Bytes, Bytes)>("[$1,$1]").unwrap(),
        (ONE.into(), ONE.into())
    );
    assert_eq!(read::<u8>("1").unwrap(), 1);
}

/// 33,000 names of an attachment of 1 MB would be 33 GB.
#[test]
fn placeholders_name_at_most_four_times_the_bytes_of_the_attachments() {
    let names = |count: usize| {
        let list = vec!["$0"; count].join(",");
        let as_list = attached(&placed(&format!(r#"51-["x",[{list}]]"#)), &[ZERO]);
        let as_arguments = attached(&placed(&format!(r#"51-["x",{list}]"#)), &[ZERO]);
        [as_list, as_arguments]
    };
    for mut arguments in names(4) {
        assert!(arguments.clone().rest::<Data>().is_ok());
        assert!(arguments.finish().is_ok());
    }
    for mut arguments in names(5) {
        let error = arguments.clone().rest::<Data>().unwrap_err();
        assert!(error.is_malformed(), "{error}");
        assert!(arguments.clone().rest::<Bytes>().is_err());
        assert!(arguments.finish().unwrap_err().is_malformed());
    }
    // An empty attachment costs nothing.
    let many = placed(&format!(r#"51-["x",[{}]]"#, vec!["$0"; 100].join(",")));
    assert!(attached(&many, &[b""]).rest::<Data>().is_ok());
}

#[test]
fn a_tuple_reads_attachments_too() {
    let mut ack = attached(&placed("62-1[$1,\"a\",$0]"), &[ZERO, ONE]);
    let (one, a, zero): (Bytes, String, Data) = ack.read().unwrap();
    assert_eq!((&one[..], &a[..]), (ONE, "a"));
    assert_eq!(zero.as_bytes().unwrap(), ZERO);
    assert_eq!(ack.next::<Option<Bytes>>().unwrap(), None);
}

#[test]
fn invalid_json_is_distinguished_from_values_of_another_type() {
    for text in [
        r#"51-["x",{"a"]"#,
        r#"51-["x",1] x"#,
        r#"51-["x",{"a":1,}]]"#,
    ] {
        let fresh = || attached(text, &[ZERO]);
        assert!(fresh().finish().unwrap_err().is_malformed(), "{text}");
        assert!(fresh().rest::<Data>().unwrap_err().is_malformed(), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth| placed(&format!("{}$0{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(read::<Data>(&nested(126)).is_ok());
    assert!(
        read::<Data>(&nested(127)).is_ok(),
        "a placeholder is no level"
    );
    assert_eq!(
        read::<Data>(&nested(128)).unwrap_err(),
        "argument 1: recursion limit exceeded"
    );
    read::<IgnoredAny>(&nested(100_000)).unwrap();
    let objects = format!(
        "{}1{}",
        r#"{"_placeholder":"#.repeat(50_000),
        "}".repeat(50_000)
    );
    assert_eq!(
        read::<Data>(&objects).unwrap_err(),
        "argument 1: recursion limit exceeded"
    );
}

#[test]
fn a_visitor_that_leaves_a_value_unread_is_an_error() {
    struct Careless;
    impl<'de> Deserialize<'de> for Careless {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Careless)
        }
    }
    assert!(read::<Vec<Careless>>(r#"["é","é"]"#).is_err());
    assert!(read::<HashMap<String, Careless>>(r#"{"é":"é","è":"è"}"#).is_err());
    read::<Careless>(r#"["é"]"#).unwrap();
}
