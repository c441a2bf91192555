//! Payloads and packets as bytes, for stores that outlive them.

use bytes::{Buf, BufMut, Bytes};

use super::{
    arguments::Arguments,
    frames::Frames,
    json::JsonPayload,
    payload::{Form, Payload},
};
use crate::base::{BoxError, Data, Message, Text};

/// The first byte of a record: its format.
const VERSION: u8 = 1;

/// The kinds of messages in the record of a packet.
const TEXT: u8 = 0;
const BINARY: u8 = 1;

impl Payload {
    /// Encodes the payload as a record: the number of attachments, each with its length in front, and JSON.
    ///
    /// # Errors
    ///
    /// If a value has no form in JSON.
    pub(crate) fn to_record(&self) -> Result<Bytes, BoxError> {
        let payload = self.to_json()?;
        let attachments = payload.attachments().iter().map(|one| one.len() + 4);
        let size = 5 + attachments.sum::<usize>() + payload.json().len();
        let mut record = Vec::with_capacity(size);
        record.put_u8(VERSION);
        record.put_u32(u32::try_from(payload.attachments().len())?);
        for attachment in payload.attachments() {
            record.put_u32(u32::try_from(attachment.len())?);
            record.put_slice(attachment);
        }
        record.put_slice(payload.json().as_bytes());
        Ok(record.into())
    }

    /// Decodes a record for a parser of this form.
    ///
    /// # Errors
    ///
    /// If it is not a record.
    pub(crate) fn of_record(mut record: Bytes, form: Form) -> Result<Payload, BoxError> {
        const INVALID: &str = "an invalid record of a payload";
        if record.try_get_u8() != Ok(VERSION) {
            return Err(INVALID.into());
        }
        let mut attachments = Vec::new();
        for _ in 0..record.try_get_u32().map_err(|_| INVALID)? {
            let length = record.try_get_u32().map_err(|_| INVALID)? as usize;
            if length > record.remaining() {
                return Err(INVALID.into());
            }
            attachments.push(record.split_to(length));
        }
        let json = std::str::from_utf8(&record)?;
        let elements = json
            .strip_prefix('[')
            .and_then(|json| json.strip_suffix(']'));
        let payload = JsonPayload::of_elements(elements.ok_or(INVALID)?).with(attachments);
        Ok(match form {
            Form::Json => Payload::Json(payload),
            Form::Values => {
                let values: Vec<Data> = Arguments::from(payload).rest()?;
                Payload::Values(values.into())
            }
        })
    }
}

impl Frames {
    /// Writes the packet as a record: each message with its kind and length in front.
    ///
    /// # Errors
    ///
    /// If a message has 4 GiB or more.
    pub(crate) fn write_record(&self, record: &mut Vec<u8>) -> Result<(), BoxError> {
        for message in self.messages() {
            record.put_u8(match message {
                Message::Text(_) => TEXT,
                Message::Binary(_) => BINARY,
            });
            record.put_u32(u32::try_from(message.len())?);
            record.put_slice(message.as_bytes());
        }
        Ok(())
    }

    /// Reads what [`write_record`](Self::write_record) has written.
    ///
    /// # Errors
    ///
    /// If it is not a record.
    pub(crate) fn read_record(mut record: Bytes) -> Result<Frames, BoxError> {
        const INVALID: &str = "an invalid record of a packet";
        let mut messages = Vec::new();
        while let Ok(kind) = record.try_get_u8() {
            let length = record.try_get_u32().map_err(|_| INVALID)? as usize;
            if length > record.remaining() {
                return Err(INVALID.into());
            }
            let message = record.split_to(length);
            messages.push(match kind {
                TEXT => Message::Text(Text::from(std::str::from_utf8(&message)?)),
                BINARY => Message::Binary(message),
                _ => return Err(INVALID.into()),
            });
        }
        Ok(match messages.first() {
            Some(Message::Text(text)) => Frames::text(text.clone(), messages.split_off(1)),
            _ => Frames::from(messages),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_the_same_after_it_was_a_record() {
        let attached = Data::Binary(Bytes::from_static(&[0, 255, 7]));
        for form in [Form::Json, Form::Values] {
            let values = form.payload(&("receipt", attached.clone(), 7)).unwrap();
            let read = Payload::of_record(values.to_record().unwrap(), form).unwrap();
            let read: (String, Data, u8) = Arguments::from(read).read().unwrap();
            assert_eq!(read, ("receipt".into(), attached.clone(), 7));
        }
    }

    #[test]
    fn an_invalid_record_is_an_error() {
        let records: [&[u8]; 7] = [
            &[],
            &[2],
            &[1],
            &[1, 0, 0, 0, 0],
            &[1, 255, 255, 255, 255],
            &[1, 0, 0, 0, 1, 0, 0, 0, 9, b'[', b']'],
            b"\x01\0\0\0\0[\xff]",
        ];
        for record in records {
            let record = Bytes::from_static(record);
            assert!(
                Payload::of_record(record.clone(), Form::Json).is_err(),
                "{record:?}"
            );
        }
    }
}
