use super::packet;
use crate::{
    admission::PacketLimits,
    packet::{Kind, RESERVED, decode},
};

#[test]
fn a_packet_without_a_namespace_is_for_the_default_one() {
    let packet = packet(r#"2["hello",1]"#).unwrap();
    assert_eq!(packet.kind(), Kind::Event);
    assert_eq!(packet.namespace(), "/");
    assert_eq!(packet.id(), None);
    assert_eq!(packet.event(), "hello");
    assert_eq!(packet.attachments(), 0);
    assert_eq!(packet.payload(), r#"["hello",1]"#);
}

#[test]
fn namespace_id_and_attachments_are_read_in_their_order() {
    let packet = packet(r#"52-/chat,17["up",{"_placeholder":true,"num":0}]"#).unwrap();
    assert_eq!(packet.kind(), Kind::Event);
    assert_eq!(packet.attachments(), 2);
    assert_eq!(packet.namespace(), "/chat");
    assert_eq!(packet.id(), Some("17"));
    assert_eq!(packet.event(), "up");
}

#[test]
fn a_query_is_not_part_of_the_namespace() {
    for text in [
        "0/chat?token=1&x=/y,",
        "0/chat?token=1",
        "0/chat,{}",
        "0/chat",
    ] {
        assert_eq!(packet(text).unwrap().namespace(), "/chat", "{text}");
    }
    assert_eq!(packet("0/?a=b,{}").unwrap().namespace(), "/");
    assert_eq!(packet("0/?a=b,{}").unwrap().payload(), "{}");
}

#[test]
fn an_id_is_kept_as_the_client_wrote_it() {
    for id in [
        "0",
        "007",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        assert_eq!(packet(&format!(r#"2{id}["x"]"#)).unwrap().id(), Some(id));
    }
    assert!(packet(&format!(r#"2{}["x"]"#, "1".repeat(65))).is_err());
}

#[test]
fn any_json_string_is_an_event_name() {
    for (written, name) in [
        (r#""""#, ""),
        (r#""chat message""#, "chat message"),
        (r#""caf\u00e9""#, "café"),
        (r#""café ☕""#, "café ☕"),
        (r#""\ud83d\ude00""#, "😀"),
        (r#""a\"b\\c\/d\n""#, "a\"b\\c/d\n"),
        (r#""half \ud83d""#, "half \u{fffd}"),
        (r#""constructor""#, "constructor"),
        (r#""error""#, "error"),
    ] {
        assert_eq!(packet(&format!("2[{written}]")).unwrap().event(), name);
        assert_eq!(
            packet(&format!("2 [ {written} , 1 ] ")).unwrap().event(),
            name
        );
    }
}

#[test]
fn a_number_names_an_event_by_its_text() {
    assert_eq!(packet("2[12,1]").unwrap().event(), "12");
    assert_eq!(packet("2[-1.5e3]").unwrap().event(), "-1.5e3");
    for text in ["2[01]", "2[-]", "2[1e]", "2[1.]", "2[--1]"] {
        assert!(packet(text).is_err(), "{text}");
    }
}

#[test]
fn a_reserved_name_is_refused_however_it_is_written() {
    for name in RESERVED {
        assert!(packet(&format!(r#"2["{name}"]"#)).is_err(), "{name}");
    }
    assert!(packet(r#"2["\u0063onnect"]"#).is_err());
    assert!(packet(r#"51-["disconnect",{"_placeholder":true,"num":0}]"#).is_err());
}

#[test]
fn an_event_is_an_array_that_begins_with_its_name() {
    for text in [
        "2",
        "2[",
        "2[]",
        "2[null]",
        "2[{}]",
        "2[[]]",
        "2[true]",
        "2{}",
        r#"2"x""#,
        r#"2["x"#,
        r#"2["x""#,
        r#"2["x"1]"#,
        r#"2["x":1]"#,
        r#"2["x"}"#,
        "2[\"a\u{1}b\"]",
        r#"2["\x"]"#,
        r#"2["\u12"]"#,
        "2['x']",
        "2/chat",
        "2/chat,",
    ] {
        assert!(packet(text).is_err(), "{text}");
    }
}

#[test]
fn an_ack_needs_an_id_and_an_array() {
    let ack = packet("3/chat,4[1]").unwrap();
    assert_eq!(
        (ack.kind(), ack.id(), ack.namespace()),
        (Kind::Ack, Some("4"), "/chat")
    );
    assert_eq!(packet("61-4[]").unwrap().attachments(), 1);
    for text in ["3", "3[]", "34", "34{}", "34null", "6-4[]"] {
        assert!(packet(text).is_err(), "{text}");
    }
}

#[test]
fn the_payload_of_connect_is_an_object_or_absent() {
    assert_eq!(packet("0").unwrap().payload(), "");
    assert_eq!(packet("0/chat,").unwrap().payload(), "");
    assert_eq!(packet(r#"0{"a":[1]}"#).unwrap().payload(), r#"{"a":[1]}"#);
    for text in [
        "0null",
        "0[]",
        r#"0"x""#,
        "0{",
        r#"0{"a":1}x"#,
        "0{'a':1}",
        "0/chat,{]",
    ] {
        assert!(packet(text).is_err(), "{text}");
    }
}

#[test]
fn a_refusal_is_an_object_or_a_string() {
    assert_eq!(
        packet(r#"4{"message":"no"}"#).unwrap().kind(),
        Kind::ConnectError
    );
    assert_eq!(packet(r#"4/chat,"no""#).unwrap().payload(), r#""no""#);
    assert!(packet("41").is_ok(), "an id, which means nothing here");
    assert!(packet("4[]").is_err());
    assert!(packet(r#"4"no"#).is_err());
}

#[test]
fn a_disconnect_carries_nothing() {
    assert_eq!(packet("1").unwrap().kind(), Kind::Disconnect);
    assert_eq!(packet("1/chat,").unwrap().namespace(), "/chat");
    assert!(packet("1{}").is_err());
}

#[test]
fn unknown_types_are_refused() {
    for text in ["", " ", "7", "8[]", "9", "a", "-", "é", "\u{0}", "[", "10["] {
        assert!(packet(text).is_err(), "{text:?}");
    }
}

#[test]
fn the_number_of_attachments_is_between_one_and_the_limit() {
    assert_eq!(packet(r#"510-["x"]"#).unwrap().attachments(), 10);
    for count in [
        "",
        "0",
        "00",
        "11",
        "-1",
        "1.5",
        "1e1",
        "99999999999999999999999999999",
        " 1",
    ] {
        assert!(packet(&format!(r#"5{count}-["x"]"#)).is_err(), "{count:?}");
    }
    assert!(packet(r#"51["x"]"#).is_err());
}

#[test]
fn limits_are_those_that_are_documented() {
    let limits = PacketLimits::default();
    assert_eq!(limits.max_attachments, 10);
    assert_eq!(limits.max_attachment_bytes, 1_000_000);
    assert_eq!(limits.max_namespace_len, 256);
    assert_eq!(limits.max_event_len, 1_024);
    assert_eq!(limits.max_id_len, 64);
    assert_eq!(limits.max_expansion, 64);
}

#[test]
fn long_names_are_refused() {
    let limits = PacketLimits {
        max_namespace_len: 5,
        max_event_len: 4,
        ..PacketLimits::default()
    };
    assert!(decode("0/chat,".into(), &limits).is_ok());
    assert!(decode("0/chat?query=long,".into(), &limits).is_ok());
    assert!(decode("0/chats,".into(), &limits).is_err());
    assert!(decode(r#"2["ab"]"#.into(), &limits).is_ok());
    assert!(decode(r#"2["abc"]"#.into(), &limits).is_err());
}

#[test]
fn control_characters_in_namespaces_are_refused() {
    for namespace in ["/a\u{1e}", "/a\n", "/\u{0}", "/a\u{7f}b"] {
        assert!(packet(&format!("0{namespace},")).is_err(), "{namespace:?}");
        assert!(packet(&format!("0{namespace}")).is_err(), "{namespace:?}");
    }
    assert!(packet("0/é ü,").is_ok());
}
