use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json, value::RawValue};

use super::arguments;
use crate::{
    base::Data,
    packet::{Arguments, payload},
};

#[derive(Debug, Deserialize, PartialEq)]
struct Pair(u8, u8);

#[test]
fn arguments_are_read_one_by_one_in_the_types_that_are_asked_for() {
    let mut arguments = arguments(r#"2["x", 1 ,"two",{"three":3},[4,5]]"#);
    assert_eq!(arguments.next::<u64>().unwrap(), 1);
    assert_eq!(arguments.next::<String>().unwrap(), "two");
    assert_eq!(
        arguments.next::<HashMap<String, i8>>().unwrap(),
        [("three".into(), 3)].into()
    );
    assert_eq!(arguments.next::<Pair>().unwrap(), Pair(4, 5));
    assert_eq!(arguments.finish().unwrap(), 0);
}

#[test]
fn an_ack_has_no_name_in_front() {
    assert_eq!(arguments("31[1,2]").rest::<u8>().unwrap(), [1, 2]);
    assert!(arguments("31[]").rest::<u8>().unwrap().is_empty());
    assert_eq!(arguments("31[ ]").finish().unwrap(), 0);
}

#[test]
fn a_missing_argument_is_null() {
    let mut arguments = arguments(r#"2["x"]"#);
    assert_eq!(arguments.next::<Option<u8>>().unwrap(), None);
    arguments.next::<()>().unwrap();
    assert_eq!(arguments.next::<Value>().unwrap(), Value::Null);
    let error = arguments.next::<u64>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument 4 is missing: invalid type: null, expected u64"
    );
    assert!(!error.is_malformed());
    assert_eq!(arguments.finish().unwrap(), 0);
}

#[test]
fn surplus_arguments_are_counted() {
    let mut arguments = arguments(r#"2["x",1,[2,{"a":"]"}],"3"]"#);
    assert_eq!(arguments.next::<u8>().unwrap(), 1);
    assert_eq!(arguments.finish().unwrap(), 2);
    assert_eq!(arguments.finish().unwrap(), 0);
}

#[test]
fn a_value_of_another_type_says_what_was_expected_and_the_next_can_be_read() {
    let mut arguments = arguments(r#"2["x","x",2]"#);
    let error = arguments.next::<u64>().unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"argument 1: invalid type: string "x", expected u64"#
    );
    assert_eq!(error.index(), 1);
    assert!(!error.is_malformed());
    assert_eq!(arguments.next::<u64>().unwrap(), 2);
    assert_eq!(arguments.finish().unwrap(), 0);
}

#[test]
fn an_error_does_not_send_a_long_argument_back() {
    let long = "é".repeat(100_000);
    let error = arguments(&format!(r#"2["x","{long}"]"#))
        .next::<u64>()
        .unwrap_err()
        .to_string();
    assert!(error.len() < 300, "{}", error.len());
    assert!(
        error.starts_with("argument 1: invalid type: string") && error.ends_with("expected u64")
    );
}

#[test]
fn an_array_that_is_not_complete_is_malformed() {
    for text in [
        r#"2["x",1"#,
        r#"2["x",1,"#,
        r#"2["x",1]]"#,
        r#"2["x",1],"#,
        r#"2["x",1]x"#,
        r#"2["x",tru]]"#,
        r#"2["x",{"a":1]"#,
        r#"2["x",{"a":NaN]"#,
        r#"2["x","a]"#,
        r#"2["x",1}"#,
        "31[1",
        "31[1,",
        "31[",
        "31[]]",
    ] {
        assert!(
            arguments(text).finish().unwrap_err().is_malformed(),
            "{text}"
        );
        let mut typed = arguments(text);
        let error = std::iter::repeat_with(|| typed.next::<String>())
            .take(4)
            .filter_map(Result::err)
            .find(|error| error.is_malformed() || error.to_string().contains("missing"));
        assert!(error.is_some_and(|error| error.is_malformed()), "{text}");
        assert!(
            typed.finish().unwrap_err().is_malformed(),
            "{text}: and it stays broken"
        );
    }
}

#[test]
fn the_end_of_the_array_is_checked_even_when_all_was_read() {
    let mut arguments = arguments(r#"2["x",1]garbage"#);
    assert_eq!(arguments.next::<u8>().unwrap(), 1);
    assert!(arguments.finish().unwrap_err().is_malformed());
}

#[test]
fn a_tuple_reads_several_unit_none_and_all_else_the_first() {
    let fresh = || arguments(r#"2["x",1,"b",[3]]"#);
    assert_eq!(fresh().read::<(u8, String)>().unwrap(), (1, "b".into()));
    assert_eq!(
        fresh().read::<(u8, String, Vec<u8>, Option<u8>)>().unwrap(),
        (1, "b".into(), vec![3], None)
    );
    assert_eq!(fresh().read::<(u8,)>().unwrap(), (1,));
    assert_eq!(fresh().read::<u8>().unwrap(), 1);
    let mut unit = fresh();
    unit.read::<()>().unwrap();
    assert_eq!(unit.finish().unwrap(), 3);
    assert_eq!(arguments("31[[1,2],3]").read::<[u8; 2]>().unwrap(), [1, 2]);
    assert_eq!(arguments("31[[1,2],3]").read::<Pair>().unwrap(), Pair(1, 2));
    assert_eq!(
        arguments("31[[1,2],3]").read::<((u8, u8), u8)>().unwrap(),
        ((1, 2), 3)
    );
    assert_eq!(arguments("31[]").read::<Option<(u8, u8)>>().unwrap(), None);
    arguments(r#"31["anything"]"#).read::<()>().unwrap();
}

#[test]
fn a_tuple_says_which_of_its_arguments_is_wrong() {
    let error = arguments(r#"31[1,"b"]"#).read::<(u8, u8)>().unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"argument 2: invalid type: string "b", expected u8"#
    );
    let error = arguments("31[1]").read::<(u8, u8)>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument 2 is missing: invalid type: null, expected u8"
    );
    assert!(
        arguments("31[1,")
            .read::<(u8, u8)>()
            .unwrap_err()
            .is_malformed()
    );
}

#[test]
fn numbers_are_exact_as_far_as_the_type_goes() {
    let text = format!("31[{},{},{},1e400,0.1]", u64::MAX, i128::MIN, u128::MAX);
    let mut arguments = arguments(&text);
    assert_eq!(arguments.next::<u64>().unwrap(), u64::MAX);
    assert_eq!(arguments.next::<i128>().unwrap(), i128::MIN);
    assert_eq!(arguments.next::<u128>().unwrap(), u128::MAX);
    let mut huge = arguments.clone();
    assert_eq!(arguments.next::<Box<RawValue>>().unwrap().get(), "1e400");
    assert_eq!(arguments.next::<f64>().unwrap(), 0.1);
    assert_eq!(huge.next::<f64>().unwrap(), f64::INFINITY);
    assert_eq!(huge.next::<f64>().unwrap(), 0.1);
}

#[test]
fn raw_values_keep_the_text() {
    let mut arguments = arguments(r#"2["x", { "a" : 1.50 } , 2]"#);
    assert_eq!(
        arguments.next::<Box<RawValue>>().unwrap().get(),
        r#"{ "a" : 1.50 }"#
    );
    assert_eq!(arguments.next::<Box<RawValue>>().unwrap().get(), "2");
    assert_eq!(arguments.next::<Box<RawValue>>().unwrap().get(), "null");
}

#[test]
fn values_are_read_to_a_depth_of_127() {
    let nested = |depth| format!("31[{}{}]", "[".repeat(depth), "]".repeat(depth));
    assert!(arguments(&nested(127)).next::<Value>().is_ok());
    let mut deep = arguments(&nested(128));
    assert!(!deep.clone().next::<Value>().unwrap_err().is_malformed());
    assert_eq!(
        deep.finish().unwrap(),
        1,
        "what is passed over may be deeper"
    );
    assert_eq!(arguments(&nested(200_000)).finish().unwrap(), 1);
}

#[test]
fn a_placeholder_in_a_text_packet_is_ordinary_data() {
    let placeholder = json!({"_placeholder": true, "num": 7});
    let text = format!("31[{placeholder},{placeholder}]");
    assert_eq!(arguments(&text).next::<Value>().unwrap(), placeholder);
    assert_eq!(arguments(&text).next::<Data>().unwrap(), placeholder);
    assert_eq!(
        arguments(&text).read::<(Value, Value)>().unwrap().1,
        placeholder
    );
}

#[test]
fn a_type_that_reads_nothing_still_takes_its_argument() {
    struct Anything;
    impl<'de> Deserialize<'de> for Anything {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Anything)
        }
    }
    let mut arguments = arguments(r#"31[{"a":1},2]"#);
    arguments.next::<Anything>().unwrap();
    assert_eq!(arguments.next::<u8>().unwrap(), 2);
}

#[test]
fn no_arguments_are_the_default() {
    let mut none = Arguments::default();
    assert_eq!(none.next::<Option<u8>>().unwrap(), None);
    assert_eq!(none.finish().unwrap(), 0);
    assert_eq!(format!("{none:?}"), "Arguments { left: [] }");
}

#[test]
fn a_payload_can_be_read_where_it_was_made() {
    let mut arguments = Arguments::from(payload(&(1, "two")).unwrap());
    assert_eq!(arguments.read::<(u8, String)>().unwrap(), (1, "two".into()));
    assert_eq!(arguments.finish().unwrap(), 0);
}
