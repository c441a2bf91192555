//! Socket.IO packets as a client reads and writes them. Implements only the part of the protocol that the model needs, without
//! the server's own code.

use serde_json::Value;

/// A packet of the server, without its attachments.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) kind: char,
    pub(crate) attachments: usize,
    pub(crate) namespace: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

impl Packet {
    /// Reads what follows the `4` of an Engine.IO message.
    pub(crate) fn read(text: &str) -> Option<Packet> {
        let mut rest = text;
        let kind = rest.chars().next()?;
        rest = &rest[1..];
        let mut attachments = 0;
        if matches!(kind, '5' | '6') {
            let (count, after) = rest.split_once('-')?;
            attachments = count.parse().ok()?;
            rest = after;
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (id, data) = rest.split_at(digits);
        Some(Packet {
            kind,
            attachments,
            namespace: namespace.to_owned(),
            id: id.parse().ok(),
            data: match data {
                "" => Value::Null,
                data => serde_json::from_str(data).ok()?,
            },
        })
    }
}

/// Writes a packet, without the `4` in front.
pub(crate) fn write(kind: &str, namespace: &str, id: Option<u64>, data: Option<&Value>) -> String {
    let namespace = match namespace {
        "/" => String::new(),
        other => format!("{other},"),
    };
    let id = id.map_or(String::new(), |id| id.to_string());
    let data = data.map_or(String::new(), Value::to_string);
    format!("{kind}{namespace}{id}{data}")
}
