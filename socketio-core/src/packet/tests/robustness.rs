use bytes::Bytes;
use serde_json::{Value, value::RawValue};

use crate::{
    admission::PacketLimits,
    base::{Data, Text},
    packet::{Arguments, Assembler, Frames, Kind, ack, decode, event, payload_of},
};

/// Valid packets of every kind, to be taken apart.
const PACKETS: [&str; 12] = [
    "0",
    r#"0/chat?a=b,{"token":"é\u00e9"}"#,
    "1/chat,",
    r#"2["hello"]"#,
    r#"2/chat,12["caf\u00e9 ☕",1,-2.5e3,"\ud83d\ude00",{"a":[true,false,null]},[[]],{}]"#,
    r#"2[7,"seven"]"#,
    r#"31[{"_placeholder":true,"num":0}]"#,
    r#"3/é,4[]"#,
    r#"4{"message":"no","data":{}}"#,
    r#"52-/chat,1["up",{"_placeholder":true,"num":1},{"a":{"num":0,"_placeholder":true}}]"#,
    r#"51-["up",{"x":[{"_placeholder":true,"num":0,"é":"]}"}],"y":"\"_placeholder"}]"#,
    r#"61-3[{"_placeholder" : true , "num" : 0}]"#,
];

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

/// Reads arguments in all ways. Only checks that nothing panics.
fn exercise(arguments: &Arguments) {
    let whole = arguments.clone().finish();
    _ = arguments.clone().rest::<Data>();
    let values = arguments.clone().rest::<Value>();
    let raw = arguments.clone().rest::<Box<RawValue>>();
    _ = arguments.clone().rest::<Bytes>();
    _ = arguments.clone().rest::<String>();
    _ = arguments.clone().rest::<Option<f64>>();
    _ = arguments
        .clone()
        .read::<(Data, Bytes, Vec<Data>, Option<u8>)>();
    _ = format!("{arguments:?}");
    match whole {
        Ok(count) => {
            for length in [values.map(|list| list.len()), raw.map(|list| list.len())] {
                match length {
                    Ok(length) => assert_eq!(length, count),
                    Err(error) => assert!(!error.is_malformed(), "{error}"),
                }
            }
        }
        Err(error) => {
            assert!(raw.is_err(), "{error}");
        }
    }
}

fn take_apart(text: &str) {
    if let Ok(packet) = decode(Text::from(text), &PacketLimits::default()) {
        assert!(packet.namespace().starts_with('/'));
        assert!(text.ends_with(packet.payload()));
        _ = (packet.event().len(), packet.id(), format!("{packet:?}"));
        assert_eq!(packet.kind() == Kind::Ack, text.starts_with(['3', '6']));
        let attachments = vec![Bytes::from_static(b"attachment"); packet.attachments()];
        exercise(&packet.into_arguments(attachments));
    }
}

#[test]
fn no_prefix_of_a_packet_makes_it_panic() {
    for packet in PACKETS {
        for (end, _) in packet.char_indices() {
            take_apart(&packet[..end]);
        }
        take_apart(packet);
    }
}

#[test]
fn no_mutation_of_a_packet_makes_it_panic() {
    const SPICE: [&str; 28] = [
        "\"",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        " ",
        "/",
        "?",
        "-",
        "0",
        "9",
        "e",
        "é",
        "☕",
        "\u{0}",
        "\n",
        "null",
        "\"_placeholder\":true",
        "\"num\":1",
        "\\ud800",
        "1e999",
        "NaN",
        "-Infinity",
        "\\",
        "tru",
    ];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let mut text: Vec<char> = dice.pick(&PACKETS).chars().collect();
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(text.len() + 1);
            match dice.roll(4) {
                0 => drop(text.splice(at..at, dice.pick(&SPICE).chars())),
                1 => {
                    let end = (at + 1 + dice.roll(6)).min(text.len());
                    text.drain(at.min(end)..end);
                }
                2 => {
                    let end = (at + dice.roll(8)).min(text.len());
                    let copy = text[at..end].to_vec();
                    text.splice(at..at, copy);
                }
                _ => {
                    let end = (at + 1).min(text.len());
                    text.splice(at..end, dice.pick(&SPICE).chars());
                }
            }
        }
        take_apart(&String::from_iter(text));
    }
}

/// Any value, to a depth.
fn arbitrary(dice: &mut Dice, depth: usize) -> Data {
    const STRINGS: [&str; 8] = [
        "",
        "plain",
        "\"quoted\\",
        "_placeholder",
        "num",
        "é☕😀",
        "\u{0}\u{7f}\n",
        "]}",
    ];
    match dice.roll(if depth == 0 { 6 } else { 8 }) {
        0 => Data::Null,
        1 => Data::from(dice.roll(2) == 0),
        2 => Data::from(dice.0),
        3 => Data::from(dice.0 as i64),
        4 => Data::from(dice.pick(&STRINGS)),
        5 => Data::from(Bytes::copy_from_slice(
            &dice.0.to_be_bytes()[..dice.0 as usize % 9],
        )),
        6 => (0..dice.roll(4))
            .map(|_| arbitrary(dice, depth - 1))
            .collect(),
        _ => (0..dice.roll(4))
            .map(|_| (dice.pick(&STRINGS).to_owned(), arbitrary(dice, depth - 1)))
            .collect(),
    }
}

/// Sends a packet to the other side.
fn deliver(frames: Frames) -> (crate::packet::TextPacket, Arguments) {
    let limits = PacketLimits {
        max_attachments: usize::MAX,
        ..PacketLimits::default()
    };
    let (text, attachments) = super::parts(frames);
    let mut assembler = Assembler::new();
    let mut whole = assembler.text(text, &limits).unwrap();
    for attachment in attachments {
        assert!(whole.is_none());
        whole = assembler.binary(attachment, &limits).unwrap();
    }
    let (packet, attachments) = whole.unwrap();
    (packet.clone(), packet.into_arguments(attachments))
}

#[test]
fn the_other_side_decodes_the_encoded_packets() {
    let mut dice = Dice(42);
    for round in 0..2_000 {
        let values: Vec<Data> = (0..dice.roll(4)).map(|_| arbitrary(&mut dice, 3)).collect();
        // A mark that is `true` makes a placeholder, so that ours must not.
        if format!("{values:?}").contains(r#""_placeholder": Bool(true)"#) {
            continue;
        }
        let namespace = dice.pick(&["/", "/chat", "/é"]);
        let name = dice.pick(&["x", "chat message", "\"\\", "é☕", ""]);
        let payload = payload_of(&values).unwrap();

        let sent = crate::packet::event_with(namespace, Some(round), name, &payload).unwrap();
        let (packet, mut arguments) = deliver(sent);
        assert_eq!(packet.kind(), Kind::Event);
        assert_eq!(packet.namespace(), namespace);
        assert_eq!(packet.event(), name);
        assert_eq!(packet.id(), Some(&*round.to_string()));
        assert_eq!(arguments.rest::<Data>().unwrap(), values);
        assert_eq!(arguments.finish(), Ok(0));

        let (packet, mut arguments) = deliver(ack(namespace, "12", &payload));
        assert_eq!((packet.kind(), packet.id()), (Kind::Ack, Some("12")));
        assert_eq!(arguments.rest::<Data>().unwrap(), values);

        let (_, mut arguments) = deliver(event(namespace, None, name, &values).unwrap());
        assert_eq!(arguments.next::<Vec<Data>>().unwrap(), values);
        assert_eq!(arguments.finish(), Ok(0));
    }
}
