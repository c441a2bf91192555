//! The arguments of an event or an ack in a message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::InvalidMessage;
use crate::{
    base::{Data, EncodeError},
    packet::{Arguments, JsonPayload, MAX_DEPTH, is_deeper_than, payload_of},
};

/// Reads arguments as a Python node or [`EnvelopeHeader::write`](super::EnvelopeHeader::write) writes them.
///
/// For no arguments, Python writes an array with a lone `null`, and a node that is `exact` writes an empty array. A value that is not an
/// array is one argument, as before python-socketio 5.15.1.
pub(super) fn read_arguments(
    data: &RawValue,
    binary: bool,
    exact: bool,
) -> Result<JsonPayload, InvalidMessage> {
    if is_deeper_than(data.get(), MAX_DEPTH) {
        return Err("arguments that are nested too deep".into());
    }
    if binary {
        return read_binary(data);
    }
    let json = data.get().trim();
    let Some(elements) = json
        .strip_prefix('[')
        .and_then(|json| json.strip_suffix(']'))
    else {
        return Ok(if json == "null" {
            JsonPayload::default()
        } else {
            JsonPayload::of_elements(json)
        });
    };
    let elements = elements.trim();
    Ok(if elements == "null" && !exact {
        JsonPayload::default()
    } else {
        JsonPayload::of_elements(elements)
    })
}

/// Reads the array with placeholders and the attachments that follow it. The arguments are encoded again, so that clients
/// receive a valid packet even if the node has written an invalid one.
fn read_binary(data: &RawValue) -> Result<JsonPayload, InvalidMessage> {
    let parts: Vec<&RawValue> = serde_json::from_str(data.get())?;
    let (first, attachments) = parts.split_first().ok_or("`data` is empty")?;
    let attachments = attachments
        .iter()
        .map(|part| {
            let text: &str = serde_json::from_str(part.get())?;
            Ok(Bytes::from(STANDARD.decode(text)?))
        })
        .collect::<Result<Vec<_>, InvalidMessage>>()?;
    let json = first.get().trim();
    let elements = json
        .strip_prefix('[')
        .and_then(|json| json.strip_suffix(']'));
    let payload = JsonPayload::of_elements(elements.unwrap_or(json).trim()).with(attachments);
    let values: Vec<Data> = Arguments::from(payload).rest()?;
    Ok(payload_of(&values)?)
}

/// Encodes a client's ack for the node that requested it. A node that is not `extended` can't read binary data and gets it as
/// Base64 text.
pub(in crate::cluster) fn ack_payload(
    mut arguments: Arguments,
    extended: bool,
) -> Result<JsonPayload, EncodeError> {
    let mut values: Vec<Data> = arguments
        .rest()
        .map_err(|error| EncodeError::parser(error.into()))?;
    if !extended {
        values.iter_mut().for_each(binary_to_base64);
    }
    payload_of(&values)
}

fn binary_to_base64(data: &mut Data) {
    match data {
        Data::Binary(bytes) => *data = Data::String(STANDARD.encode(bytes)),
        Data::Array(elements) => elements.iter_mut().for_each(binary_to_base64),
        Data::Object(entries) => entries.values_mut().for_each(binary_to_base64),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
    }
}
