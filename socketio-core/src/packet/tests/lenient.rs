//! Values that Python and JavaScript write although JSON, or a Rust string, can't hold them.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{arguments, attached, packet};
use crate::{
    base::Data,
    packet::{Arguments, Payload, repair},
};

#[derive(Debug, Deserialize)]
struct Reading {
    name: String,
    value: f64,
    more: Option<Value>,
}

#[test]
fn numbers_that_json_lacks_are_floats() {
    for (written, number) in [
        ("NaN", f64::NAN),
        ("Infinity", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
        ("1e999", f64::INFINITY),
        ("-1e999", f64::NEG_INFINITY),
    ] {
        let text = format!(
            r#"2["x",{written},{{"name":"NaN","value":{written},"more":[{written}]}},[ {written} , 1 ],2]"#
        );
        let fresh = || arguments(&text);
        let same = |read: f64| read.total_cmp(&number).is_eq();

        let mut typed = fresh();
        assert!(same(typed.next::<f64>().unwrap()), "{written}");
        assert!(typed.has_non_finite());
        let reading: Reading = typed.next().unwrap();
        assert!(same(reading.value), "{written}");
        assert_eq!((&*reading.name, reading.more), ("NaN", Some(json!([null]))));
        assert!(same(typed.next::<Vec<f64>>().unwrap()[0]));
        assert_eq!(typed.next::<u8>().unwrap(), 2);
        assert_eq!(typed.finish(), Ok(0));

        assert!(same(fresh().next::<Option<f64>>().unwrap().unwrap()));
        assert_eq!(fresh().next::<Value>().unwrap(), Value::Null);
        assert_eq!(fresh().rest::<Data>().unwrap()[2], json!([null, 1]));
        assert!(same(fresh().read::<(f64, Value)>().unwrap().0));
        assert_eq!(fresh().finish(), Ok(4), "{written} is passed over");
    }
}

#[test]
fn a_number_that_json_lacks_is_not_an_integer() {
    for written in ["NaN", "Infinity", "1e999"] {
        let mut typed = arguments(&format!(r#"2["x",{written},1]"#));
        let error = typed.next::<u64>().unwrap_err();
        assert!(!error.is_malformed());
        let text = error.to_string();
        assert!(
            text.starts_with("argument 1: invalid type: floating point"),
            "{text}"
        );
        assert_eq!(typed.next::<u64>().unwrap(), 1);
    }
}

#[test]
fn raw_json_stays_json() {
    let mut raw = arguments(r#"31[{"a":NaN,"b":[-Infinity,"NaN"]},"\ud83d",1e999]"#);
    let mut next = || raw.next::<Box<RawValue>>().unwrap().get().to_owned();
    assert_eq!(next(), r#"{"a":null,"b":[null,"NaN"]}"#);
    assert_eq!(next(), r#""\ud83d""#);
    assert_eq!(next(), "1e999");
}

#[test]
fn half_a_surrogate_pair_is_the_replacement_character() {
    let text = r#"2["x","abc\ud83d",{"\udc00k":["\ud83d\ude00","\ud83dx"]},1]"#;
    let mut typed = arguments(text);
    assert_eq!(typed.next::<String>().unwrap(), "abc\u{fffd}");
    assert_eq!(
        typed.next::<Value>().unwrap(),
        json!({"\u{fffd}k": ["😀", "\u{fffd}x"]})
    );
    assert!(!typed.has_non_finite());
    assert_eq!(typed.next::<u8>().unwrap(), 1);
    assert_eq!(typed.finish(), Ok(0));
    let (string, data): (String, Data) = arguments(text).read().unwrap();
    assert_eq!(string, "abc\u{fffd}");
    assert_eq!(data, json!({"\u{fffd}k": ["😀", "\u{fffd}x"]}));
    let mut other = arguments(text);
    assert!(!other.next::<u8>().unwrap_err().is_malformed());
}

#[test]
fn binary_packets_are_read_leniently_too() {
    let text = r#"51-["x",{"n":NaN,"s":"\ud83d","b":{"_placeholder":true,"num":0}},Infinity]"#;
    let mut typed = attached(text, &[b"\x01"]);
    let data: Data = typed.next().unwrap();
    assert!(data.get("n").unwrap().is_null());
    assert_eq!(data.get("s").unwrap().as_str(), Some("\u{fffd}"));
    assert_eq!(
        data.get("b").unwrap().as_bytes(),
        Some(&Bytes::from_static(b"\x01"))
    );
    assert_eq!(typed.next::<f64>().unwrap(), f64::INFINITY);
}

#[test]
fn auth_is_read_leniently() {
    #[derive(Deserialize)]
    struct Auth {
        token: String,
        age: f64,
    }
    let packet = packet(r#"0{"token":"t\ud83d","age":NaN}"#).unwrap();
    let payload = Payload::Json(packet.object());
    let auth: Auth = payload.object().unwrap();
    assert_eq!(auth.token, "t\u{fffd}");
    assert!(auth.age.is_nan());
    assert_eq!(
        payload.object::<Value>().unwrap(),
        json!({"token": "t\u{fffd}", "age": null})
    );
}

#[test]
fn a_value_that_is_not_json_leaves_the_packet_intact() {
    for (text, shown) in [
        (r#"2["x",]"#, r#""]""#),
        (r#"2["x",1,]"#, r#""]""#),
        (r#"2["x",1 2]"#, r#""2""#),
        (r#"2["x",1x]"#, r#""1x""#),
        (r#"2["x",{"a"}]"#, r#""{\"a\"}""#),
        (r#"2["x",{1:2}]"#, r#""{1:2}""#),
        (r#"2["x",{"a":undefined}]"#, r#""{\"a\":undefined}""#),
        (r#"2["x",tru]"#, r#""tru""#),
        (r#"2["x",01]"#, r#""01""#),
        (r#"2["x",nan]"#, r#""nan""#),
        (r#"2["x",-NaN5]"#, r#""-NaN5""#),
        (r#"2["x",NaN NaN]"#, r#""NaN""#),
        (r#"2["x","\x"]"#, r#""\"\\x\"""#),
        (r#"2["x",'a']"#, r#""'a'""#),
        (r#"2["x",é]"#, r#""é""#),
        (r#"2["x",[1,]]"#, r#""[1,]""#),
        (r#"2["x",,1]"#, r#"",""#),
        ("2[\"x\",\"\n\"]", r#""\"\n\"""#),
        ("31[,]", r#"",""#),
        ("31[1,]", r#""]""#),
        ("31[1:2]", r#"":2""#),
    ] {
        let fresh = || arguments(text);
        let read = |mut arguments: Arguments| {
            std::iter::repeat_with(|| arguments.next::<Data>())
                .take(3)
                .find_map(Result::err)
        };
        for error in [
            fresh().finish().unwrap_err(),
            read(fresh()).unwrap(),
            fresh().rest::<Box<RawValue>>().unwrap_err(),
            fresh().read::<(Data, Data, Data)>().unwrap_err(),
        ] {
            assert!(!error.is_malformed(), "{text}: {error}");
            assert!(
                error
                    .to_string()
                    .ends_with(&format!("is not valid JSON: {shown}")),
                "{text}: {error}"
            );
        }
        let mut typed = fresh();
        let first = typed.finish().unwrap_err();
        assert_eq!(
            typed.next::<Data>().unwrap_err(),
            first,
            "{text}: and it stays so"
        );
    }
}

#[test]
fn an_invalid_value_is_quoted_in_part() {
    let error = arguments(&format!(r#"2["x",{}]"#, "é".repeat(10_000)));
    let error = error.clone().finish().unwrap_err().to_string();
    assert!(error.len() < 200 && error.ends_with("…\""), "{error}");
}

#[test]
fn many_numbers_that_json_lacks_are_read_in_linear_time() {
    let text = format!("31[{}0]", "NaN,".repeat(200_000));
    assert_eq!(arguments(&text).finish(), Ok(200_001));
    assert_eq!(arguments(&text).rest::<f64>().unwrap().len(), 200_001);
    let one = format!("31[[{}0]]", "NaN,".repeat(200_000));
    assert_eq!(arguments(&one).next::<Vec<f64>>().unwrap().len(), 200_001);
    let deep = format!("31[{}NaN{}]", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(arguments(&deep).finish(), Ok(1));
}

#[test]
fn a_text_is_repaired_for_readers_of_any_type() {
    for (text, repaired) in [
        (r#"{"a":NaN}"#, Some(r#"{"a":null}"#)),
        (r#"[-Infinity,Infinity]"#, Some("[null,null]")),
        (r#""NaN \ud83d\u0041""#, Some(r#""NaN \ufffd\u0041""#)),
        (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
        (r#""\\ud83d""#, None),
        (r#""\ud83d\ude00""#, None),
        (r#"{"NaN":1}"#, None),
        (r#""\ud8"#, None),
        ("\"\\", None),
        ("\"\\é\"", None),
    ] {
        assert_eq!(repair(text).as_deref(), repaired, "{text}");
    }
}
