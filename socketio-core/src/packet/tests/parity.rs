//! The parser makes no difference to the types that read and write arguments.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned, de::IgnoredAny};
use serde_bytes::ByteBuf;
use serde_json::{Value, json, value::RawValue};

use super::attached;
use crate::{
    base::Data,
    packet::{Arguments, Rest, payload, payload::values},
};

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Named {
    name: String,
    #[serde(default)]
    data: Option<Bytes>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Newtype(u8);

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Pair(u8, u8);

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Unit;

#[derive(Debug, Deserialize, Serialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    Unit,
    One(u8),
    Two(u8, String),
    Named { a: u8 },
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
#[serde(untagged)]
enum Either {
    Number(u8),
    Bytes(Bytes),
    List(Vec<Either>),
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Flat {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Data>,
}

/// One argument for each kind of value, and some that are nearly others. Keys stand in the order that `Data` has them in.
const ARGUMENTS: [&str; 34] = [
    "null",
    "true",
    "0",
    "255",
    "256",
    "-1",
    "18446744073709551615",
    "-9223372036854775808",
    "1.5",
    "-0.25",
    "\"\"",
    "\"é\"",
    "\"Unit\"",
    "\"Nothing\"",
    "\"bytes\"",
    "[]",
    "[1,2]",
    "[1,2,3]",
    "[1,\"b\"]",
    "[[1,[2]],$0]",
    "{}",
    "{\"name\":\"a\"}",
    "{\"data\":$0,\"name\":\"a\"}",
    "{\"name\":1}",
    "{\"data\":$0,\"more\":[1],\"name\":\"a\"}",
    "{\"One\":1}",
    "{\"Two\":[1,\"b\"]}",
    "{\"Named\":{\"a\":1}}",
    "{\"Unit\":null}",
    "{\"-2\":2,\"1\":1}",
    "{\"true\":1}",
    "$0",
    "[$0]",
    "{\"One\":$0}",
];

/// Reads an argument from text, and from values, and finds the same: value, error, number of what is left.
fn same<T: DeserializeOwned + Debug>() {
    for argument in ARGUMENTS {
        let text = argument.replace("$0", r#"{"_placeholder":true,"num":0}"#);
        let from_text = attached(&format!(r#"51-["x",0,{text},"last"]"#), &[b"bytes"]);
        let from_values = Arguments::from(from_text.clone().rest::<Data>().unwrap());
        let read = |mut arguments: Arguments| {
            arguments.next::<u8>().unwrap();
            let read = arguments.next::<T>().map_err(|error| error.to_string());
            (format!("{read:?}"), arguments.finish().unwrap())
        };
        let type_name = std::any::type_name::<T>();
        assert_eq!(
            read(from_values.clone()),
            read(from_text.clone()),
            "{argument} as {type_name}"
        );

        let all = |mut arguments: Arguments| {
            format!("{:?}", arguments.read::<(u8, T, String, Option<T>)>())
        };
        assert_eq!(
            all(from_values),
            all(from_text),
            "{argument} as {type_name}"
        );
    }
}

#[test]
fn every_type_reads_the_same_values_and_reports_the_same_errors() {
    same::<()>();
    same::<bool>();
    same::<u8>();
    same::<i8>();
    same::<u64>();
    same::<i64>();
    same::<f32>();
    same::<f64>();
    same::<char>();
    same::<String>();
    same::<Value>();
    same::<Data>();
    same::<Bytes>();
    same::<ByteBuf>();
    same::<Option<u8>>();
    same::<Option<Bytes>>();
    same::<Vec<u8>>();
    same::<Vec<Value>>();
    same::<Vec<Data>>();
    same::<[u8; 2]>();
    same::<(u8, String)>();
    same::<Named>();
    same::<Newtype>();
    same::<Pair>();
    same::<Unit>();
    same::<Kind>();
    same::<Either>();
    same::<Flat>();
    same::<BTreeMap<String, Data>>();
    same::<BTreeMap<i32, Data>>();
    same::<BTreeMap<bool, Data>>();
    same::<BTreeMap<Kind, Data>>();
    same::<IgnoredAny>();
}

#[test]
fn integers_of_128_bits_are_read_exactly() {
    let fresh = || Arguments::from(vec![Data::from(u64::MAX), Data::from(i64::MIN)]);
    assert_eq!(
        fresh().rest::<i128>().unwrap(),
        [u64::MAX.into(), i64::MIN.into()]
    );
    assert_eq!(fresh().next::<u128>().unwrap(), u64::MAX.into());
    let error = fresh().read::<(u128, u128)>().unwrap_err();
    assert_eq!(error.to_string(), "argument 2: number out of range");

    let text = format!(r#"51-["x",[{},{}]]"#, u128::MAX, i128::MIN);
    let text = attached(&text, &[b"bytes"]);
    assert_eq!(
        text.clone().next::<(u128, i128)>().unwrap(),
        (u128::MAX, i128::MIN)
    );
    let error = text.clone().next::<(i128, i128)>().unwrap_err();
    assert_eq!(error.to_string(), "argument 1: number out of range");
    let error = text.clone().next::<[u64; 2]>().unwrap_err().to_string();
    assert!(error.contains("floating point"), "{error}");
}

#[test]
fn raw_values_are_the_json_of_the_values() {
    let object = Data::from(json!({"b": [1, null], "a": "é\""}));
    let mut arguments = Arguments::from(vec![object, Bytes::from_static(b"x").into()]);
    assert_eq!(
        arguments.next::<Box<RawValue>>().unwrap().get(),
        r#"{"a":"é\"","b":[1,null]}"#
    );
    assert_eq!(
        arguments.next::<Box<RawValue>>().unwrap_err().to_string(),
        "argument 2: invalid type: binary data, expected JSON text"
    );
    assert_eq!(arguments.next::<Box<RawValue>>().unwrap().get(), "null");
}

#[test]
fn missing_and_surplus_arguments_are_reported_as_in_text() {
    let mut arguments = Arguments::from(vec![Data::from(1), Data::from(2)]);
    let mut again = arguments.clone();
    assert_eq!(arguments.finish(), Ok(2));
    assert_eq!(arguments.finish(), Ok(0));
    assert_eq!(arguments.next::<Option<u8>>().unwrap(), None);
    assert_eq!(
        arguments.next::<u8>().unwrap_err().to_string(),
        "argument 4 is missing: invalid type: null, expected u8"
    );
    assert_eq!(again.rest::<u8>().unwrap(), [1, 2]);
    assert_eq!(format!("{again:?}"), "Arguments { left: [] }");
    again.read::<()>().unwrap();
}

/// Asserts that a value is written as the values that its JSON is read as.
fn written<T: Serialize>(value: T) {
    let json = payload(&value).map_err(|error| error.to_string());
    let json = json.map(|payload| Arguments::from(payload).rest::<Data>().unwrap());
    let values = values(&value).map_err(|error| error.to_string());
    assert_eq!(values, json, "{}", std::any::type_name::<T>());
}

#[test]
fn every_value_is_written_as_it_would_be_in_json() {
    written(());
    written((1, "b"));
    let reference = &(1,);
    written(reference);
    written([1, 2]);
    written(vec![(1, 2)]);
    written(Some((1, 2)));
    written(None::<u8>);
    written(Rest(vec![1, 2]));
    written(Rest(Vec::<u8>::new()));
    written((
        u64::MAX,
        i64::MIN,
        1i128,
        1u128,
        1.5,
        f64::NAN,
        f64::INFINITY,
    ));
    written([
        0.1,
        -2.5,
        0.0,
        -0.0,
        16_777_215.0,
        16_777_216.0,
        123_456_790.0,
        1e30,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::NAN,
        f32::NEG_INFINITY,
    ]);
    written((true, 'é', "text", Unit, Newtype(1), Pair(1, 2)));
    written((Bytes::from_static(b"b"), [ByteBuf::from("c")]));
    written(Named {
        name: String::from("a"),
        data: Some(Bytes::from_static(b"b")),
    });
    written([
        Kind::Unit,
        Kind::One(1),
        Kind::Two(1, String::from("b")),
        Kind::Named { a: 1 },
    ]);
    written(vec![Either::Number(1), Either::List(vec![])]);
    written(Flat {
        name: String::from("a"),
        rest: [(String::from("b"), Data::from(1))].into(),
    });
    written(json!({"a": [1, -2, 0.5, "b", null, true, {}]}));
    written(RawValue::from_string("{ \"a\" : 1.5 }".into()).unwrap());
    written(BTreeMap::from([(-1, "a"), (2, "b")]));
    written(BTreeMap::from([(u128::MAX, 1)]));
    written(BTreeMap::from([(true, 1)]));
    written(BTreeMap::from([(Kind::Unit, 1)]));
    written(BTreeMap::from([(Some('k'), 1)]));
    written(BTreeMap::from([(None::<char>, 1)]));
    written(BTreeMap::from([((1, 2), 3)]));
    written(BTreeMap::from([(Kind::One(1), 3)]));
    written(BTreeMap::from([(ByteBuf::from("k"), 3)]));
    written(HashMap::<u8, u8>::new());
}

#[test]
fn an_integer_of_more_than_64_bits_can_only_be_written_as_json() {
    assert!(payload(&u128::MAX).is_ok());
    assert_eq!(
        values(&u128::MAX).unwrap_err().to_string(),
        "the value can't be encoded: integer out of range: more than 64 bits"
    );
    assert!(values(&i128::MIN).is_err());
}
