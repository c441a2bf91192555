//! Arguments in a message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::InvalidMessage;
use crate::{
    base::{Data, EncodeError},
    packet::{Arguments, JsonPayload, payload_of},
};

/// Reads what [`EnvelopeHeader::write`](super::EnvelopeHeader::write) wrote, or a Python process.
///
/// There, a lone `null` is no argument; `exact` are those who mean what they write. ClientOperation is no array is one argument, as it was before
/// python-socketio 5.15.1.
pub(super) fn read_arguments(
    data: &RawValue,
    binary: bool,
    exact: bool,
) -> Result<JsonPayload, InvalidMessage> {
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

/// The array with placeholders, then what they stand for. It is written anew: what a client is sent has to be in order, whoever wrote
/// the message.
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

/// A client's answer, on its way to the process that asked. One that is not `extended` can't be told of binary data; it gets the
/// Base64 of it, which is more than silence.
pub(in crate::cluster) fn answer(
    mut arguments: Arguments,
    extended: bool,
) -> Result<JsonPayload, EncodeError> {
    let mut values: Vec<Data> = arguments
        .rest()
        .map_err(|error| EncodeError::parser(error.into()))?;
    if !extended {
        values.iter_mut().for_each(spell_out);
    }
    payload_of(&values)
}

fn spell_out(data: &mut Data) {
    match data {
        Data::Binary(bytes) => *data = Data::String(STANDARD.encode(bytes)),
        Data::Array(elements) => elements.iter_mut().for_each(spell_out),
        Data::Object(entries) => entries.values_mut().for_each(spell_out),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
    }
}
