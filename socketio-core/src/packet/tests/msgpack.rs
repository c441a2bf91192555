use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;

use crate::{
    admission::PacketLimits,
    base::{Data, Message, Text},
    packet::{Body, Codec, MsgPack, Packet, Parser},
};

fn encode(packet: Packet) -> Vec<u8> {
    match &MsgPack.encode(packet).unwrap()[..] {
        [Message::Binary(bytes)] => bytes.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn decode(bytes: impl Into<Bytes>) -> Result<Packet, String> {
    MsgPack
        .decoder(&PacketLimits::default())
        .decode(Message::Binary(bytes.into()))
        .map(|packet| packet.expect("each message is a packet"))
        .map_err(|error| error.to_string())
}

fn packet(namespace: &str, body: Body) -> Packet {
    Packet {
        namespace: namespace.to_owned(),
        body,
    }
}

fn event(arguments: Vec<Data>) -> Packet {
    let name = String::from("x");
    packet(
        "/",
        Body::Event {
            name,
            arguments,
            id: None,
        },
    )
}

/// An event of one argument, which is given as it is written.
fn argument(bytes: &[u8]) -> Result<Data, String> {
    let mut message = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1x".to_vec();
    message.extend(bytes);
    match decode(message)?.body {
        Body::Event { mut arguments, .. } => Ok(arguments.remove(0)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_packet_is_a_map_without_what_it_does_not_have() {
    let arguments = vec![1.into(), Bytes::from_static(b"\x01").into()];
    assert_eq!(
        encode(packet(
            "/a",
            Body::Event {
                name: "x".into(),
                arguments,
                id: Some(300)
            }
        )),
        b"\x84\xa4type\x02\xa4data\x93\xa1x\x01\xc4\x01\x01\xa3nsp\xa2/a\xa2id\xcd\x01\x2c"
    );
    assert_eq!(
        encode(packet("/", Body::Disconnect)),
        b"\x82\xa4type\x01\xa3nsp\xa1/"
    );
    assert_eq!(
        encode(packet(
            "/",
            Body::Ack {
                id: 0,
                arguments: vec![]
            }
        )),
        b"\x84\xa4type\x03\xa4data\x90\xa3nsp\xa1/\xa2id\x00"
    );
    let sid = Data::from(json!({"sid": "a"}));
    assert_eq!(
        encode(packet("/", Body::Connect(Some(sid)))),
        b"\x83\xa4type\x00\xa4data\x81\xa3sid\xa1a\xa3nsp\xa1/"
    );
    let why = Data::from(json!({"message": "no"}));
    assert_eq!(
        encode(packet("/", Body::ConnectError(why))),
        b"\x83\xa4type\x04\xa4data\x81\xa7message\xa2no\xa3nsp\xa1/"
    );
}

#[test]
fn a_float_of_32_bits_is_the_number_that_json_has_for_it() {
    let frames = Codec::new(MsgPack).event("/", None, "x", &(0.1_f32, [1.5_f32]));
    let Message::Binary(bytes) = frames.unwrap().into_messages().remove(0) else {
        panic!("MessagePack is binary");
    };
    let sent = event(vec![0.1_f64.into(), [1.5_f64].into()]);
    assert_eq!(decode(bytes), Ok(sent));
}

#[test]
fn packets_of_the_javascript_client_are_read() {
    // `undefined` where there is no auth, and `options` beside every packet.
    assert_eq!(
        decode(&b"\x83\xa4type\x00\xa4data\xd4\x00\x00\xa3nsp\xa1/"[..]).unwrap(),
        packet("/", Body::Connect(None))
    );
    assert_eq!(
        decode(
            &b"\x85\xa4type\x02\xa4data\x91\xa1x\xa7options\x81\xa8compress\xc3\xa2id\x05\xa3nsp\xa1/"[..]
        )
        .unwrap(),
        packet("/", Body::Event { name: "x".into(), arguments: vec![], id: Some(5) })
    );
}

#[test]
fn packets_of_the_python_client_are_read() {
    for (kind, body) in [(b'\x00', Body::Connect(None)), (b'\x01', Body::Disconnect)] {
        let mut message = b"\x83\xa4type\x00\xa4data\xc0\xa3nsp\xa5/chat".to_vec();
        message[6] = kind;
        assert_eq!(decode(message).unwrap(), packet("/chat", body));
    }
}

#[test]
fn values_of_every_form_are_read() {
    for (bytes, value) in [
        (&b"\xc0"[..], json!(null)),
        (b"\xc2", json!(false)),
        (b"\xc3", json!(true)),
        (b"\x7f", json!(127)),
        (b"\xcc\xff", json!(255)),
        (b"\xcd\xff\xff", json!(65_535)),
        (b"\xce\xff\xff\xff\xff", json!(u32::MAX)),
        (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", json!(u64::MAX)),
        (b"\xe0", json!(-32)),
        (b"\xd0\x80", json!(-128)),
        (b"\xd1\x80\x00", json!(-32_768)),
        (b"\xd2\x80\x00\x00\x00", json!(i32::MIN)),
        (b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", json!(i64::MIN)),
        (b"\xd3\x00\x00\x00\x00\x00\x00\x00\x07", json!(7)),
        (b"\xca\x3f\xc0\x00\x00", json!(1.5)),
        (b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", json!(1.5)),
        (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", json!(null)),
        (b"\xa2\xc3\xa9", json!("é")),
        (b"\xd9\x01a", json!("a")),
        (b"\xda\x00\x01a", json!("a")),
        (b"\xdb\x00\x00\x00\x01a", json!("a")),
        (b"\x92\x01\x91\x02", json!([1, [2]])),
        (b"\xdc\x00\x01\x01", json!([1])),
        (b"\xdd\x00\x00\x00\x01\x01", json!([1])),
        (b"\x81\xa1a\x01", json!({"a": 1})),
        (b"\xde\x00\x01\xa1a\x01", json!({"a": 1})),
        (b"\xdf\x00\x00\x00\x01\xa1a\x01", json!({"a": 1})),
        (b"\x82\x01\xa1a\xff\xa1b", json!({"1": "a", "-1": "b"})),
        (b"\x82\xa1a\x01\xa1a\x02", json!({"a": 2})),
    ] {
        assert_eq!(argument(bytes).unwrap(), value, "{bytes:x?}");
    }
}

#[test]
fn binary_data_and_array_buffers_are_read() {
    let binary = Data::from(Bytes::from_static(b"ab"));
    for bytes in [
        &b"\xc4\x02ab"[..],
        b"\xc5\x00\x02ab",
        b"\xc6\x00\x00\x00\x02ab",
        b"\xc7\x02\x00ab",
        b"\xc8\x00\x02\x00ab",
        b"\xc9\x00\x00\x00\x02\x00ab",
    ] {
        assert_eq!(argument(bytes).unwrap(), binary, "{bytes:x?}");
    }
}

#[test]
fn values_that_json_lacks_arrive_as_in_json() {
    let date = json!("2026-01-31T12:34:56.789Z");
    let mut millis = b"\xd7\x00".to_vec();
    millis.extend(1_769_862_896_789i64.to_be_bytes());
    assert_eq!(argument(&millis).unwrap(), date);
    let mut timestamp = b"\xd7\xff".to_vec();
    timestamp.extend((789_000_000u64 << 34 | 1_769_862_896).to_be_bytes());
    assert_eq!(argument(&timestamp).unwrap(), date);
    assert_eq!(argument(b"\xd4\x00\x00").unwrap(), json!(null));
    assert_eq!(argument(b"\x91\xd4\x00\x00").unwrap(), json!([null]));
    assert_eq!(
        argument(b"\x82\xa1a\xd4\x00\x00\xa1b\x01").unwrap(),
        json!({"b": 1})
    );
    assert_eq!(
        argument(b"\xd5\x05ab").unwrap(),
        Data::from([Data::from(5), Bytes::from_static(b"ab").into()])
    );
}

#[test]
fn an_invalid_packet_is_refused() {
    for message in [
        &b""[..],
        b"\xc0",
        b"\x90",
        b"\x80",
        b"\x81\xa4type\x02",
        b"\x82\xa4type\x02\xa3nsp\xa1/",
        b"\x82\xa4type\x05\xa3nsp\xa1/",
        b"\x82\xa4type\xff\xa3nsp\xa1/",
        b"\x82\xa4type\xa11\xa3nsp\xa1/",
        b"\x82\xa4type\x01\xa3nsp\x01",
        b"\x83\xa4type\x01\xa3nsp\xa1/\xa4data\x80",
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x90",
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xc0",
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x80",
        b"\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x90",
        b"\x84\xa4type\x03\xa3nsp\xa1/\xa4data\x90\xa2id\xff",
        b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa2id\xa11",
        b"\x82\xa4type\x01\xa3nsp\xa1/\x00",
    ] {
        decode(message).expect_err(&format!("{message:x?}"));
    }
    let text = Message::Text(Text::from("0"));
    let mut decoder = MsgPack.decoder(&PacketLimits::default());
    assert!(decoder.decode(text).is_err());
    for value in [&b"\xc1"[..], b"\x81\x90\x01", b"\xd9"] {
        argument(value).expect_err(&format!("{value:x?}"));
    }
}

#[test]
fn text_that_is_not_utf8_and_keys_that_are_not_text_are_converted() {
    for (value, expected) in [
        (&b"\xa1\xff"[..], json!("\u{fffd}")),
        (b"\xa4a\xed\xa0\xbd", json!("a\u{fffd}")),
        (b"\x81\xc0\x01", json!({"null": 1})),
        (b"\x82\xc2\x01\xc3\x02", json!({"false": 1, "true": 2})),
        (b"\x81\xc4\x01a\x01", json!({"a": 1})),
        (b"\x81\xcb\x7f\xf8\0\0\0\0\0\0\x01", json!({"null": 1})),
    ] {
        assert_eq!(argument(value).unwrap(), expected, "{value:x?}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        let mut bytes = vec![0x91; depth - 1];
        bytes.push(0x90);
        argument(&bytes)
    };
    assert!(nested(127).is_ok());
    assert_eq!(nested(128).unwrap_err(), "nested too deep");
    assert_eq!(nested(900_000).unwrap_err(), "nested too deep");
    let objects = b"\x81\xa1a".repeat(300_000);
    assert_eq!(argument(&objects).unwrap_err(), "nested too deep");
}

#[test]
fn announced_lengths_allocate_nothing() {
    for marker in [0xdbu8, 0xc6, 0xdd, 0xdf, 0xc9] {
        let mut bytes = [&[0xdd, 0xff, 0xff, 0xff, 0xff][..]; 100].concat();
        bytes.extend([marker, 0xff, 0xff, 0xff, 0xff, 1]);
        argument(&bytes).unwrap_err();
    }
}

#[test]
fn a_packet_that_takes_too_much_memory_is_refused() {
    let list = |element: &[u8], count: u32| {
        let mut bytes = vec![0xdd];
        bytes.extend(count.to_be_bytes());
        bytes.extend(element.repeat(count as usize));
        argument(&bytes).map(|_| ())
    };
    assert_eq!(list(b"\x01", 900_000), Ok(()));
    assert_eq!(list(b"\x82\xa1x\x01\xa1y\x02", 60_000), Ok(()));
    assert_eq!(
        list(b"\x81\xa0\xc0", 300_000).unwrap_err(),
        "the values take too much memory"
    );
}

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

/// Any value, to a depth.
fn arbitrary(dice: &mut Dice, depth: usize) -> Data {
    match dice.roll(if depth == 0 { 7 } else { 9 }) {
        0 => Data::Null,
        1 => (dice.roll(2) == 0).into(),
        2 => (dice.0 >> dice.roll(64)).into(),
        3 => ((dice.0 as i64) >> dice.roll(64)).into(),
        4 => f64::from_bits(dice.0).into(),
        5 => "é☕x".repeat(dice.roll(60)).into(),
        6 => Bytes::from(vec![7; [0, 1, 255, 256, 70_000][dice.roll(5)]]).into(),
        7 => (0..dice.roll(20))
            .map(|_| arbitrary(dice, depth - 1))
            .collect(),
        _ => (0..dice.roll(20))
            .map(|key| (format!("key {key}"), arbitrary(dice, depth - 1)))
            .collect(),
    }
}

#[test]
fn the_other_side_decodes_the_encoded_packets() {
    let mut dice = Dice(42);
    for _ in 0..300 {
        let sent = event((0..dice.roll(4)).map(|_| arbitrary(&mut dice, 2)).collect());
        assert_eq!(decode(encode(sent.clone())), Ok(sent));
    }
}

#[test]
fn no_prefix_and_no_mutation_of_a_packet_makes_it_panic() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let values = BTreeMap::from([
        (String::from("list"), Data::from(vec![1, -1, 70_000])),
        (String::from("text"), Data::from("é☕")),
        (
            String::from("bytes"),
            Bytes::from_static(b"\xd4\x00").into(),
        ),
        (String::from("float"), Data::from(0.5)),
    ]);
    let whole = encode(packet(
        "/chat",
        Body::Event {
            name: "event".into(),
            arguments: vec![values.into(), Data::Null],
            id: Some(70_000),
        },
    ));
    for end in 0..whole.len() {
        assert!(decode(whole[..end].to_vec()).is_err());
    }
    let limits = PacketLimits::default();
    let mut reader = Codec::new(MsgPack).reader(&limits);
    for _ in 0..50_000 {
        let mut bytes = whole.clone();
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(bytes.len());
            match dice.roll(3) {
                0 => bytes[at] = dice.0 as u8,
                1 => bytes.insert(at, 0xc0 | dice.0 as u8),
                _ => drop(bytes.remove(at)),
            }
        }
        let read = reader.read(Message::Binary(bytes.into()), &limits, |_| true);
        if let Ok(Some(packet)) = read {
            let mut arguments = packet.into_arguments();
            _ = arguments.clone().rest::<String>();
            _ = arguments
                .clone()
                .read::<(Data, Bytes, Vec<Data>, Option<u8>)>();
            arguments.finish().unwrap();
        }
    }
}
