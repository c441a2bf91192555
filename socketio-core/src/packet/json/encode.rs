//! Encoding packets.

use std::fmt::Write;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{JsonPayload, writer::Writer};
use crate::{
    base::{EncodeError, Message, Text},
    packet::{Frames, arity::Arity, check_name},
};

/// Encodes an event with its arguments, which follow the rule of [`payload`](crate::protocol::payload). With an `id` it asks for an
/// acknowledgement.
///
/// # Errors
///
/// If `name` is [reserved](crate::protocol::RESERVED), or if `value` has no form in JSON.
pub fn event<T: Serialize + ?Sized>(
    namespace: &str,
    id: Option<u64>,
    name: &str,
    value: &T,
) -> Result<Frames, EncodeError> {
    let mut writer = start_event(0, namespace, id, name, 64)?;
    match Arity::of::<T>() {
        Arity::None => writer.raw("]"),
        Arity::One => {
            writer.raw(",");
            writer.json(value)?;
            writer.raw("]");
        }
        Arity::Many => {
            // A tuple writes brackets of its own: the first becomes the comma after the name, the last ends the packet's
            // array. An empty one leaves no comma.
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
        writer.check_placeholders()?;
        // Whether the packet is binary is known only after its values were written. Its text is short, since the bytes are not in it.
        match u8::try_from(writer.attachments.len()) {
            Ok(count) if count < 10 => {
                let head = [b'5', b'0' + count, b'-'];
                writer.buffer.splice(TYPE..=TYPE, head);
            }
            _ => {
                let head = format!("5{}-", writer.attachments.len());
                writer.buffer.splice(TYPE..=TYPE, head.bytes());
            }
        }
    }
    let (text, attachments) = writer.finish()?;
    Ok(Frames::text(text, attachments))
}

/// Encodes an event as [`event`] does, with arguments that are encoded already, so that they can be sent under many ids.
///
/// # Errors
///
/// If `name` is [reserved](crate::protocol::RESERVED).
pub fn event_with(
    namespace: &str,
    id: Option<u64>,
    name: &str,
    payload: &JsonPayload,
) -> Result<Frames, EncodeError> {
    let elements = payload.elements();
    let attachments = payload.attachments().len();
    let mut writer = start_event(attachments, namespace, id, name, elements.len())?;
    if !elements.is_empty() {
        writer.raw(",");
        writer.raw(elements);
    }
    writer.raw("]");
    let (text, _) = writer.finish()?;
    Ok(Frames::text(text, messages(payload)))
}

/// Encodes the acknowledgement of the event that came with `id`.
pub fn ack(namespace: &str, id: &str, payload: &JsonPayload) -> Frames {
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
    Frames::text(Text::from_buffer(text), messages(payload))
}

/// Encodes the response to a client that has joined a namespace.
pub fn connect(namespace: &str, sid: &str) -> Frames {
    let mut text = start('0', 0, namespace, sid.len() + 10);
    text.push_str(r#"{"sid":"#);
    push_string(&mut text, sid);
    text.push('}');
    only_text(text)
}

/// Encodes the response to a client that has joined a namespace, and whose session can be recovered with `pid`.
pub(in crate::packet) fn connect_recoverable(namespace: &str, sid: &str, pid: &str) -> Frames {
    let mut text = start('0', 0, namespace, sid.len() + pid.len() + 20);
    text.push_str(r#"{"sid":"#);
    push_string(&mut text, sid);
    text.push_str(r#","pid":"#);
    push_string(&mut text, pid);
    text.push('}');
    only_text(text)
}

/// Encodes the response to an old client that has joined a namespace.
pub(in crate::packet) fn connect_without_sid(namespace: &str) -> Frames {
    only_text(start('0', 0, namespace, 0))
}

/// Encodes the response to an old client that is refused: the data, or else the message.
pub(in crate::packet) fn error(namespace: &str, message: &str, data: Option<&RawValue>) -> Frames {
    let data = data.map(RawValue::get).filter(|data| *data != "null");
    let data = data.unwrap_or_default();
    let mut text = start('4', 0, namespace, message.len() + data.len() + 2);
    if data.is_empty() {
        push_string(&mut text, message);
    } else {
        text.push_str(data);
    }
    only_text(text)
}

/// Encodes the response to a client that is refused.
pub fn connect_error(namespace: &str, message: &str, data: Option<&RawValue>) -> Frames {
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

/// Encodes the packet that leaves a namespace.
pub fn disconnect(namespace: &str) -> Frames {
    only_text(start('1', 0, namespace, 0))
}

/// Encodes a client's request to join a namespace.
///
/// # Errors
///
/// If `auth` is not a JSON object, or holds binary data.
pub fn connect_request<T: Serialize + ?Sized>(
    namespace: &str,
    auth: Option<&T>,
) -> Result<Frames, EncodeError> {
    let text = start('0', 0, namespace, 64);
    let Some(auth) = auth else {
        return Ok(only_text(text));
    };
    let mut writer = Writer::<Message>::new(text);
    let brace = writer.buffer.len();
    writer.json(auth)?;
    if writer.buffer[brace..].first() != Some(&b'{') || !writer.attachments.is_empty() {
        return Err(EncodeError::auth());
    }
    let (text, _) = writer.finish()?;
    Ok(Frames::text(text, Vec::new()))
}

/// Where the packet's type is in a buffer of [`Text`]: after the type that Engine.IO adds.
const TYPE: usize = Text::TYPE.len_utf8();

/// Begins a packet, up to its namespace, with room for `len` bytes more.
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

/// Begins an event, up to its name.
fn start_event(
    attachments: usize,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    len: usize,
) -> Result<Writer<Message>, EncodeError> {
    check_name(name)?;
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

fn only_text(text: String) -> Frames {
    Frames::text(Text::from_buffer(text), Vec::new())
}

/// The attachments of a payload, as messages.
fn messages(payload: &JsonPayload) -> Vec<Message> {
    let attachments = payload.attachments().iter();
    attachments.cloned().map(Message::Binary).collect()
}
