//! Writing packets.

use std::fmt::Write;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{EncodeError, Encoded, Payload, is_reserved, payload::Arity, writer::Writer};
use crate::base::Text;

/// An event with its arguments, which follow the rule of [`payload`](super::payload). With an `id`
/// it asks for an acknowledgement.
///
/// # Errors
///
/// When `name` is [reserved](super::RESERVED), or when `value` has no form in JSON.
pub fn event<T: Serialize + ?Sized>(
    namespace: &str,
    id: Option<u64>,
    name: &str,
    value: &T,
) -> Result<Encoded, EncodeError> {
    let mut writer = start_event(0, namespace, id, name, 64)?;
    match Arity::of::<T>() {
        Arity::None => writer.raw("]"),
        Arity::One => {
            writer.raw(",");
            writer.json(value)?;
            writer.raw("]");
        }
        Arity::Several => {
            // A tuple writes brackets of its own: the first becomes the comma behind the name, the
            // last ends the packet's array. There is no comma where nothing follows.
            let bracket = writer.buffer.len();
            writer.json(value)?;
            if writer.buffer.len() == bracket + "[]".len() {
                writer.buffer.remove(bracket);
            } else {
                writer.buffer[bracket] = b',';
            }
        }
    }
    if !writer.attachments.is_empty() {
        // Only now is it known that the packet is binary. Its text is short, its bytes are elsewhere.
        let head = format!("5{}-", writer.attachments.len());
        writer.buffer.splice(TYPE..=TYPE, head.bytes());
    }
    let (text, attachments) = writer.finish()?;
    Ok(Encoded {
        text: Text::from_buffer(text),
        attachments,
    })
}

/// As [`event`], with arguments that are encoded already: for many ids.
///
/// # Errors
///
/// When `name` is [reserved](super::RESERVED).
pub fn event_with(
    namespace: &str,
    id: Option<u64>,
    name: &str,
    payload: &Payload,
) -> Result<Encoded, EncodeError> {
    let elements = payload.elements();
    let attachments = payload.attachments().len();
    let mut writer = start_event(attachments, namespace, id, name, elements.len())?;
    if !elements.is_empty() {
        writer.raw(",");
        writer.raw(elements);
    }
    writer.raw("]");
    let (text, _) = writer.finish()?;
    Ok(Encoded {
        text: Text::from_buffer(text),
        attachments: payload.attachments().to_vec(),
    })
}

/// The acknowledgement of the event that came with `id`.
pub fn ack(namespace: &str, id: &str, payload: &Payload) -> Encoded {
    let attachments = payload.attachments().len();
    let kind = if attachments == 0 { '3' } else { '6' };
    let mut text = start(
        kind,
        attachments,
        namespace,
        id.len() + payload.json().len(),
    );
    text.push_str(id);
    text.push_str(payload.json());
    Encoded {
        text: Text::from_buffer(text),
        attachments: payload.attachments().to_vec(),
    }
}

/// The answer to a client that has joined a namespace.
pub fn connect(namespace: &str, sid: &str) -> Encoded {
    let mut text = start('0', 0, namespace, sid.len() + 10);
    text.push_str(r#"{"sid":"#);
    push_string(&mut text, sid);
    text.push('}');
    only_text(text)
}

/// The answer to a client that was refused.
pub fn connect_error(namespace: &str, message: &str, data: Option<&RawValue>) -> Encoded {
    let data = data.map_or("", RawValue::get);
    let mut text = start('4', 0, namespace, message.len() + data.len() + 24);
    text.push_str(r#"{"message":"#);
    push_string(&mut text, message);
    if !data.is_empty() {
        text.push_str(r#","data":"#);
        text.push_str(data);
    }
    text.push('}');
    only_text(text)
}

/// Leaves a namespace.
pub fn disconnect(namespace: &str) -> Encoded {
    only_text(start('1', 0, namespace, 0))
}

/// A client's wish to join a namespace.
///
/// # Errors
///
/// When `auth` is no JSON object, or holds binary data.
pub fn connect_request<T: Serialize + ?Sized>(
    namespace: &str,
    auth: Option<&T>,
) -> Result<Encoded, EncodeError> {
    let text = start('0', 0, namespace, 64);
    let Some(auth) = auth else {
        return Ok(only_text(text));
    };
    let mut writer = Writer::new(text);
    let brace = writer.buffer.len();
    writer.json(auth)?;
    if writer.buffer[brace..].first() != Some(&b'{') || !writer.attachments.is_empty() {
        return Err(EncodeError::auth());
    }
    let (text, _) = writer.finish()?;
    Ok(only_text(text))
}

/// Where the packet's type stands in a buffer of [`Text`], behind the type that Engine.IO adds.
const TYPE: usize = Text::TYPE.len_utf8();

/// A packet up to its namespace, with room for `len` bytes more.
fn start(kind: char, attachments: usize, namespace: &str, len: usize) -> String {
    let mut text = Text::buffer(namespace.len() + len + 8);
    text.push(kind);
    if attachments > 0 {
        _ = write!(text, "{attachments}-");
    }
    if namespace != "/" {
        text.push_str(namespace);
        text.push(',');
    }
    text
}

/// An event up to its name.
fn start_event(
    attachments: usize,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    len: usize,
) -> Result<Writer, EncodeError> {
    if is_reserved(name) {
        return Err(EncodeError::reserved(name));
    }
    let kind = if attachments == 0 { '2' } else { '5' };
    let mut text = start(kind, attachments, namespace, len + name.len() + 32);
    if let Some(id) = id {
        _ = write!(text, "{id}");
    }
    text.push('[');
    push_string(&mut text, name);
    Ok(Writer::new(text))
}

/// Appends a JSON string.
fn push_string(text: &mut String, value: &str) {
    let plain = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\');
    if value.bytes().all(plain) {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        // What `Value` displays is JSON.
        _ = write!(text, "{}", serde_json::Value::from(value));
    }
}

fn only_text(text: String) -> Encoded {
    Encoded {
        text: Text::from_buffer(text),
        attachments: Vec::new(),
    }
}
