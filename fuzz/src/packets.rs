//! Packets of Socket.IO with either parser.

use bytes::Bytes;
use socketio_core::{
    Data, Message,
    parser::{Codec, PacketLimits},
    protocol::Kind,
};

/// Splits an input into messages: each begins with a byte for its kind (odd: binary) and two for its length.
pub fn messages(mut input: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while let [kind, low, high, rest @ ..] = input {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (payload, after) = rest.split_at(length);
        let message = match kind % 2 {
            0 => Message::Text((&*String::from_utf8_lossy(payload)).into()),
            _ => Message::Binary(Bytes::copy_from_slice(payload)),
        };
        messages.push(message);
        input = after;
    }
    messages
}

/// Decodes messages, and checks that each packet is the same after it is encoded and decoded again.
pub fn round_trip(codec: &Codec, messages: Vec<Message>) {
    let limits = PacketLimits::default();
    let mut reader = codec.reader(&limits);
    for message in messages {
        let Ok(decoded) = reader.read(message, &limits, |_| true) else {
            return;
        };
        let Some(packet) = decoded else {
            continue;
        };
        let (kind, namespace) = (packet.kind(), packet.namespace().to_owned());
        let (name, id) = (packet.event().to_owned(), packet.id());
        if kind == Kind::Connect {
            let _ = packet.payload::<Data>();
        }
        let Ok(arguments) = packet.into_arguments().rest::<Data>() else {
            continue;
        };
        let Ok(payload) = codec
            .form()
            .payload(&socketio_core::Rest(arguments.clone()))
        else {
            continue;
        };
        let encoded = match (kind, id.and_then(|id| id.parse::<u64>().ok())) {
            (Kind::Event, id) => {
                let Ok(frames) = codec.event_with(&namespace, id, &name, &payload) else {
                    continue;
                };
                frames
            }
            (Kind::Ack, Some(id)) => codec.ack(&namespace, &id.to_string(), Some(&payload)),
            _ => continue,
        };
        let mut again = codec.reader(&limits);
        let mut result = None;
        for message in encoded.into_messages() {
            result = again
                .read(message, &limits, |_| true)
                .expect("what was encoded");
        }
        let result = result.expect("a whole packet");
        assert_eq!(result.kind(), kind);
        assert_eq!(result.event(), name);
        assert_eq!(result.namespace(), namespace);
        let arguments_again = result.into_arguments().rest::<Data>().expect("values");
        assert_eq!(arguments_again, arguments);
    }
}
