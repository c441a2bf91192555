use bytes::Bytes;

use crate::{admission::PacketLimits, packet::Assembler};

const TWO: &str = r#"52-/chat,["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[test]
fn a_text_packet_is_whole_at_once() {
    let (packet, attachments) = Assembler::new()
        .text(r#"2["x"]"#.into(), &PacketLimits::default())
        .unwrap()
        .unwrap();
    assert_eq!(packet.event(), "x");
    assert!(attachments.is_empty());
}

#[test]
fn a_binary_packet_is_whole_when_its_attachments_have_come() {
    let limits = PacketLimits::default();
    let mut assembler = Assembler::new();
    assert!(assembler.text(TWO.into(), &limits).unwrap().is_none());
    assert!(assembler.binary(bytes("a"), &limits).unwrap().is_none());
    let (packet, attachments) = assembler.binary(bytes("b"), &limits).unwrap().unwrap();
    assert_eq!(packet.namespace(), "/chat");
    assert_eq!(
        packet.into_arguments(attachments).rest::<Bytes>().unwrap(),
        ["a", "b"]
    );
    assert!(
        assembler
            .text(r#"2["x"]"#.into(), &limits)
            .unwrap()
            .is_some()
    );
}

#[test]
fn text_is_refused_while_attachments_are_due() {
    let limits = PacketLimits::default();
    let mut assembler = Assembler::new();
    assembler.text(TWO.into(), &limits).unwrap();
    assert!(assembler.text(r#"2["x"]"#.into(), &limits).is_err());
}

#[test]
fn binary_data_is_refused_when_none_is_due() {
    let limits = PacketLimits::default();
    let mut assembler = Assembler::new();
    assert!(assembler.binary(bytes("a"), &limits).is_err());
    assembler.text(r#"51-["x"]"#.into(), &limits).unwrap();
    assembler.binary(bytes("a"), &limits).unwrap().unwrap();
    assert!(assembler.binary(bytes("a"), &limits).is_err());
}

#[test]
fn the_packet_is_checked_before_anything_is_collected() {
    let limits = PacketLimits::default();
    let mut assembler = Assembler::new();
    let joined =
        |name: &'static str| move |packet: &crate::packet::TextPacket| packet.namespace() == name;
    assert!(
        assembler
            .text_checked(TWO.into(), &limits, joined("/other"))
            .is_err()
    );
    assert!(
        assembler.binary(bytes("a"), &limits).is_err(),
        "nothing is due"
    );
    assert!(
        assembler
            .text_checked(TWO.into(), &limits, joined("/chat"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn the_bytes_of_one_packet_are_bounded_together() {
    let limits = PacketLimits {
        max_attachment_bytes: 3,
        ..PacketLimits::default()
    };
    let mut assembler = Assembler::new();
    assembler.text(TWO.into(), &limits).unwrap();
    assembler.binary(bytes("ab"), &limits).unwrap();
    assert!(assembler.binary(bytes("ab"), &limits).is_err());
    assembler.text(TWO.into(), &limits).unwrap();
    assembler.binary(bytes("ab"), &limits).unwrap();
    assert!(assembler.binary(bytes("a"), &limits).unwrap().is_some());
}

#[test]
fn a_pending_packet_for_a_namespace_that_was_left_is_freed_and_its_rest_discarded() {
    let limits = PacketLimits::default();
    let mut assembler = Assembler::new();
    assembler.text(TWO.into(), &limits).unwrap();
    let first = bytes("a").slice(..);
    assembler.binary(first, &limits).unwrap();
    assembler.clear("/other");
    assembler.clear("/chat");
    assert!(assembler.binary(bytes("b"), &limits).unwrap().is_none());
    assert!(
        assembler.binary(bytes("c"), &limits).is_err(),
        "no more than was due"
    );
    assert!(
        assembler
            .text(r#"2["x"]"#.into(), &limits)
            .unwrap()
            .is_some()
    );
}
