//! The differences for clients of Socket.IO 3 and 4, the versions before the current one: the responses to CONNECT, and its
//! query. Events, acknowledgements and their attachments are the same.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::value::RawValue;

use super::{Body, Codec, Frames, Payload, Received, json};
use crate::base::{Data, ProtocolVersion, Text};

/// The number of parameters of a query that are read, as in Node.
const MAX_PARAMETERS: usize = 1_000;

impl Codec {
    /// Encodes the response to a client that has joined a namespace. Old clients receive no id. With `pid` the client can recover
    /// its session; that needs the default parser.
    pub(crate) fn joined(
        &self,
        version: ProtocolVersion,
        namespace: &str,
        sid: &str,
        pid: Option<&str>,
    ) -> Frames {
        match (version, pid) {
            (ProtocolVersion::Eio3, _) => self.response(namespace, Body::Connect(None), || {
                json::connect_without_sid(namespace)
            }),
            (ProtocolVersion::Eio4, None) => self.connect(namespace, sid),
            (ProtocolVersion::Eio4, Some(pid)) => json::connect_recoverable(namespace, sid, pid),
        }
    }

    /// Encodes the response to a client that is refused. Old clients get the data, or else the message, without an object
    /// around it.
    pub(crate) fn refused(
        &self,
        version: ProtocolVersion,
        namespace: &str,
        message: &str,
        data: Option<&RawValue>,
    ) -> Frames {
        if version == ProtocolVersion::Eio4 {
            return self.connect_error(namespace, message, data);
        }
        let why = match data.map(|data| serde_json::from_str(data.get())) {
            Some(Ok(data)) if data != Data::Null => data,
            _ => Data::from(message),
        };
        self.response(namespace, Body::ConnectError(why), || {
            json::error(namespace, message, data)
        })
    }
}

impl Received {
    /// Returns the query behind the namespace of a CONNECT packet as the `auth` of the client.
    pub(crate) fn query_as_auth(&self) -> Payload {
        match self {
            Received::Json(packet, _) => {
                query_as_auth(form_urlencoded::parse(packet.query().as_bytes()))
            }
            Received::Parsed(_) => self.auth(),
        }
    }
}

/// Returns the parameters of a query as one object; a repeated one is an array. Without parameters, the payload is empty.
pub(crate) fn query_as_auth<'a>(
    query: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Payload {
    let mut object = BTreeMap::<String, Data>::new();
    for (name, value) in query.take(MAX_PARAMETERS) {
        let value = Data::from(value.into_owned());
        match object.get_mut(&*name) {
            None => {
                object.insert(name.into_owned(), value);
            }
            Some(Data::Array(values)) => values.push(value),
            Some(first) => *first = Data::Array(vec![std::mem::take(first), value]),
        }
    }
    if object.is_empty() {
        return Payload::default();
    }
    Payload::Values([object.into_iter().collect::<Data>()].into())
}

/// Rewrites a packet of the default parser as ASCII: the strings of JSON can spell all characters so. For clients 1.x, which
/// misread others in the responses to polls, if they can't take binary ones.
pub(crate) fn to_ascii(packet: &Text) -> Text {
    let json = json::payload_start(packet);
    let mut text = Text::buffer(packet.len() * 2);
    text.push_str(&packet[..json]);
    for char in packet[json..].chars() {
        if char.is_ascii() {
            text.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            text.push_str("\\u");
            for shift in [12, 8, 4, 0] {
                let digit = u32::from(*unit >> shift & 0xf);
                text.extend(char::from_digit(digit, 16));
            }
        }
    }
    Text::from_buffer(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        admission::PacketLimits,
        base::Message,
        packet::{decode, parser::Parser},
    };

    const OLD: ProtocolVersion = ProtocolVersion::Eio3;

    fn text(frames: Frames) -> String {
        match &frames.into_messages()[..] {
            [Message::Text(text)] => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn old_clients_receive_no_id() {
        let codec = Codec::default();
        assert_eq!(text(codec.joined(OLD, "/", "x", None)), "0");
        assert_eq!(text(codec.joined(OLD, "/chat", "x", None)), "0/chat,");
        let new = codec.joined(ProtocolVersion::Eio4, "/chat", "x", None);
        assert_eq!(text(new), r#"0/chat,{"sid":"x"}"#);
    }

    #[test]
    fn old_clients_get_the_message_or_the_data_alone() {
        let codec = Codec::default();
        let data = serde_json::value::to_raw_value(&json!({"code": 7})).unwrap();
        let refused = |version, data| text(codec.refused(version, "/chat", "no \"way\"", data));
        assert_eq!(refused(OLD, None), r#"4/chat,"no \"way\"""#);
        assert_eq!(refused(OLD, Some(&*data)), r#"4/chat,{"code":7}"#);
        let null = serde_json::value::to_raw_value(&()).unwrap();
        assert_eq!(refused(OLD, Some(&*null)), refused(OLD, None));
        assert_eq!(
            refused(ProtocolVersion::Eio4, None),
            r#"4/chat,{"message":"no \"way\""}"#
        );
        assert_eq!(text(codec.refused(OLD, "/", "no", None)), r#"4"no""#);
    }

    #[test]
    fn a_custom_parser_writes_the_same_values() {
        #[derive(Debug)]
        struct Debugging;
        impl Parser for Debugging {
            fn encode(
                &self,
                packet: crate::packet::Packet,
            ) -> Result<Vec<Message>, crate::BoxError> {
                Ok(vec![Message::Text(Text::from(&*format!("{packet:?}")))])
            }
            fn decoder(&self, _: &PacketLimits) -> Box<dyn crate::packet::Decoder> {
                unreachable!()
            }
        }
        let codec = Codec::new(Debugging);
        assert!(text(codec.joined(OLD, "/", "x", None)).contains("Connect(None)"));
        let refused = text(codec.refused(OLD, "/", "no", None));
        assert!(
            refused.contains("ConnectError(String(\"no\"))"),
            "{refused}"
        );
    }

    fn auth(packet: &str) -> serde_json::Value {
        let packet = decode(packet.into(), &PacketLimits::default()).unwrap();
        let packet = Received::Json(packet, Vec::new());
        packet.query_as_auth().object().unwrap()
    }

    #[test]
    fn the_query_of_a_connect_packet_is_an_object() {
        assert_eq!(
            auth("0/chat?token=a%20b&x=1&x=2&x=3,"),
            json!({"token": "a b", "x": ["1", "2", "3"]})
        );
        assert_eq!(auth("0/chat?a"), json!({"a": ""}));
        assert_eq!(auth("0/?a=b"), json!({"a": "b"}));
        for none in ["0", "0/chat", "0/chat,", "0/chat?", "0/chat?,"] {
            assert_eq!(auth(none), json!(null), "{none}");
        }
    }

    #[test]
    fn a_query_has_no_more_parameters_than_in_node() {
        let packet = format!("0/chat?{}", "a&".repeat(5_000));
        assert_eq!(auth(&packet)["a"].as_array().unwrap().len(), 1_000);
    }

    #[test]
    fn a_packet_as_ascii_means_the_same() {
        for (packet, ascii) in [
            (r#"2["é","😀"]"#, r#"2["\u00e9","\ud83d\ude00"]"#),
            (r#"51-/ü[,7["\n€"]"#, r#"51-/ü[,7["\n\u20ac"]"#),
            (r#"4"ß""#, r#"4"\u00df""#),
            (r#"2["a"]"#, r#"2["a"]"#),
            ("1/ü,", "1/ü,"),
            ("1/ü", "1/ü"),
            ("", ""),
        ] {
            assert_eq!(&*to_ascii(&packet.into()), ascii);
        }
    }
}
