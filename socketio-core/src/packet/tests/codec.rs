use bytes::Bytes;
use serde_json::{json, value::RawValue};

use crate::{
    admission::PacketLimits,
    base::{BoxError, Data, Message, Text},
    packet::{self, Kind},
    packet::{Body, Codec, Decoder, Form, Frames, Json, Packet, Parser},
};

/// The default parser behind the interface of all others.
struct Wrapped;

impl Parser for Wrapped {
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError> {
        Json.encode(packet)
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Json.decoder(limits)
    }
}

/// Decodes every message as its packet.
struct Says(Packet);

impl Parser for Says {
    fn encode(&self, _packet: Packet) -> Result<Vec<Message>, BoxError> {
        Err("it never writes".into())
    }

    fn decoder(&self, _limits: &PacketLimits) -> Box<dyn Decoder> {
        Box::new(Says(self.0.clone()))
    }
}

impl Decoder for Says {
    fn decode(&mut self, _message: Message) -> Result<Option<Packet>, BoxError> {
        Ok(Some(self.0.clone()))
    }
}

fn codecs() -> [Codec; 2] {
    [Codec::default(), Codec::new(Wrapped)]
}

fn texts(frames: Frames) -> Vec<String> {
    let text = |message| match message {
        Message::Text(text) => text.to_string(),
        Message::Binary(bytes) => format!("{bytes:?}"),
    };
    frames.into_messages().into_iter().map(text).collect()
}

#[test]
fn json_given_as_a_parser_is_the_default() {
    assert_eq!(Codec::new(Json).form(), Form::Json);
    assert_eq!(Codec::new(Wrapped).form(), Form::Values);
}

#[test]
fn a_parser_that_wraps_json_writes_the_same_messages() {
    let refusal = RawValue::from_string("[1]".into()).unwrap();
    let written = codecs().map(|codec| {
        let payload = (1, Bytes::from_static(b"b"), json!({"a": "é"}));
        let values = codec.form().payload(&payload).unwrap();
        [
            codec.event("/chat", Some(7), "x", &payload).unwrap(),
            codec.event("/", None, "x", &()).unwrap(),
            codec.event_with("/chat", Some(7), "x", &values).unwrap(),
            codec.ack("/chat", "7", Some(&values)),
            codec.ack("/", "7", None),
            codec.connect("/", "abc"),
            codec.connect_error("/chat", "no", Some(&refusal)),
            codec.connect_error("/", "no", None),
            codec.disconnect("/chat"),
            codec.connect_request::<()>("/", None).unwrap(),
            codec
                .connect_request("/chat", Some(&json!({"token": 1})))
                .unwrap(),
        ]
        .map(|frames| {
            let (bytes, count) = (frames.bytes(), frames.count());
            let messages = frames.clone().into_messages();
            assert_eq!(count, messages.len());
            assert_eq!(bytes, messages.iter().map(Message::len).sum::<usize>());
            texts(frames)
        })
    });
    assert_eq!(written[0], written[1]);
    assert_eq!(
        written[0][0],
        [
            r#"52-/chat,7["x",1,{"_placeholder":true,"num":0},{"a":"é"}]"#
                .replace("52-", "51-")
                .as_str(),
            "b\"b\"",
        ]
    );
}

#[test]
fn a_parser_that_wraps_json_reads_the_same_packets() {
    let limits = PacketLimits::default();
    for messages in [
        vec!["0/chat?a=b,{\"token\":1}"],
        vec!["0"],
        vec!["1/chat,"],
        vec![r#"2/chat,7["x",1,"two"]"#],
        vec![r#"51-["x",{"_placeholder":true,"num":0}]"#, ""],
        vec![r#"37[{"a":1}]"#],
        vec![r#"4{"message":"no"}"#],
    ] {
        let read = codecs().map(|codec| {
            let mut reader = codec.reader(&limits);
            let mut read = messages.iter().map(|message| {
                let message = match *message {
                    "" => Message::Binary(Bytes::from_static(b"b")),
                    text => Message::Text(Text::from(text)),
                };
                reader.read(message, &limits, |_| true).unwrap()
            });
            let packet = read.find_map(|packet| packet).unwrap();
            let payload = match packet.kind() {
                Kind::Connect | Kind::ConnectError => Some(packet.payload::<Data>().unwrap()),
                _ => None,
            };
            let namespace = packet.namespace().to_owned();
            let head = (
                packet.kind(),
                namespace,
                packet.id(),
                packet.event().to_owned(),
            );
            let arguments = packet.into_arguments().rest::<Data>().unwrap();
            (head, payload, arguments)
        });
        assert_eq!(read[0], read[1], "{messages:?}");
    }
}

#[test]
fn invalid_packets_are_refused_with_every_parser() {
    let limits = PacketLimits::default();
    let read = |namespace: &str, body| {
        let packet = Packet {
            namespace: namespace.to_owned(),
            body,
        };
        let mut reader = Codec::new(Says(packet)).reader(&limits);
        let read = reader.read(Message::Text(Text::from("")), &limits, |_| true);
        read.map(|packet| packet.unwrap().namespace().to_owned())
            .map_err(|error| error.to_string())
    };
    let event = |name: String| Body::Event {
        name,
        arguments: vec![],
        id: None,
    };
    for name in packet::RESERVED {
        let error = read("/", event(name.into())).unwrap_err();
        assert_eq!(error, "a reserved event name");
    }
    assert!(read("/", event("x".repeat(1_025))).is_err());
    assert!(read(&format!("/{}", "x".repeat(256)), Body::Disconnect).is_err());
    assert!(read("/", Body::Connect(Some(Data::from("token")))).is_err());
    assert_eq!(read("", event("x".into())).unwrap(), "/");
    assert_eq!(read("/chat?a=b", Body::Disconnect).unwrap(), "/chat");
    assert_eq!(read("?a=b", Body::Disconnect).unwrap(), "/");
}

#[test]
fn an_event_that_the_parser_cannot_write_is_an_error_and_an_acknowledgement_is_not_sent() {
    let codec = Codec::new(Says(Packet {
        namespace: String::from("/"),
        body: Body::Disconnect,
    }));
    let error = codec.event("/", None, "x", &1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the parser can't encode the packet: it never writes"
    );
    assert!(
        codec
            .event("/", None, "connect", &1)
            .unwrap_err()
            .is_reserved_name()
    );
    assert_eq!(codec.connect("/", "abc").count(), 0);
    assert_eq!(codec.ack("/", "1", None).into_messages(), []);
}

#[test]
fn a_client_connects_with_an_object_or_nothing_under_every_parser() {
    for codec in codecs() {
        assert!(codec.connect_request("/", Some("token")).is_err());
        assert!(codec.connect_request("/", Some(&json!([1]))).is_err());
        assert!(codec.connect_request("/", Some(&json!({}))).is_ok());
    }
}
