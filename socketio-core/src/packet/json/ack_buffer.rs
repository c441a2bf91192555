//! [`AckBuffer`]: the arguments of an acknowledgement, behind room for the head of its packet.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use serde::Serialize;

use super::{JsonPayload, encode::ack, payload::write_arguments, writer::Writer};
use crate::{
    base::{EncodeError, Message, Text},
    packet::Frames,
};

/// The room for the head of the packet, in bytes. With a longer head, the packet is copied.
const ROOM: usize = 64;

/// Arguments of an acknowledgement, in a buffer that has room for the head of the packet in front of them, so that a response is
/// not copied into a payload first. It is the thread's buffer for its next text: meant to be sent at once.
#[derive(Clone)]
pub(crate) struct AckBuffer {
    /// The room, filled with [`Text::TYPE`], and the JSON array.
    text: Vec<u8>,
    attachments: Vec<Bytes>,
}

impl AckBuffer {
    /// Encodes a response by the rule of [`payload`](super::payload).
    ///
    /// # Errors
    ///
    /// If `value` has no form in JSON.
    pub(crate) fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let mut text = Text::buffer(ROOM + 64).into_bytes();
        text.resize(ROOM, Text::TYPE as u8);
        let mut writer = Writer::behind(text);
        write_arguments(&mut writer, value)?;
        writer.check_placeholders()?;
        Ok(AckBuffer {
            text: writer.buffer,
            attachments: writer.attachments,
        })
    }

    /// Returns whether there are no arguments in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.text[ROOM..] == *b"[]"
    }

    /// Returns the number of attachments.
    pub(crate) fn attachments(&self) -> usize {
        self.attachments.len()
    }

    /// Returns the arguments without a packet.
    ///
    /// # Errors
    ///
    /// If they are not UTF-8.
    pub(crate) fn into_payload(self) -> Result<JsonPayload, EncodeError> {
        let text = Text::from_bytes(self.text, ROOM - Text::TYPE.len_utf8());
        let text = text.map_err(EncodeError::not_utf8)?;
        Ok(JsonPayload::new(text, self.attachments))
    }

    /// Returns the acknowledgement of the event that came with `id`.
    ///
    /// # Errors
    ///
    /// If the arguments are not UTF-8.
    pub(crate) fn into_packet(mut self, namespace: &str, id: &str) -> Result<Frames, EncodeError> {
        let types = match self.attachments.len() {
            0 => Cow::Borrowed("43"),
            attachments => Cow::Owned(format!("46{attachments}-")),
        };
        let head = match namespace {
            "/" => [&*types, "", "", id],
            _ => [&*types, namespace, ",", id],
        };
        let length: usize = head.iter().map(|part| part.len()).sum();
        let Some(start) = ROOM.checked_sub(length) else {
            return Ok(ack(namespace, id, &self.into_payload()?));
        };
        let mut place = start;
        for part in head {
            self.text[place..place + part.len()].copy_from_slice(part.as_bytes());
            place += part.len();
        }
        let text = Text::from_bytes(self.text, start).map_err(EncodeError::not_utf8)?;
        let attachments = self.attachments.into_iter().map(Message::Binary);
        Ok(Frames::text(text, attachments.collect()))
    }
}

impl fmt::Debug for AckBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AckBuffer")
            .field("json", &String::from_utf8_lossy(&self.text[ROOM..]))
            .field("attachments", &self.attachments.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_bytes::ByteBuf;

    use super::*;
    use crate::packet::json::payload;

    fn assert_alike<T: Serialize>(namespace: &str, id: &str, value: &T) {
        let written = AckBuffer::new(value).unwrap();
        let copied = payload(value).unwrap();
        assert_eq!(written.attachments(), copied.attachments().len());
        assert_eq!(written.is_empty(), copied.json() == "[]");
        assert_eq!(written.clone().into_payload().unwrap(), copied);
        let packet = written.into_packet(namespace, id).unwrap();
        assert_eq!(packet, ack(namespace, id, &copied));
    }

    #[test]
    fn a_packet_in_its_buffer_is_the_same_as_one_that_is_copied() {
        let long = ["x".repeat(20_000), "é".repeat(40)];
        let bytes = vec![ByteBuf::from([1, 2]); 11];
        // The head fits, fits exactly, and does not fit.
        let namespaces = [1, 2, ROOM - 6, ROOM - 5, ROOM - 4, ROOM].map(|length| {
            let slash = String::from("/");
            slash + &"n".repeat(length - 1)
        });
        for namespace in &namespaces {
            for id in ["0", "12", "18446744073709551615"] {
                assert_alike(namespace, id, &());
                assert_alike(namespace, id, &"ok");
                assert_alike(namespace, id, &(1, "two"));
                assert_alike(namespace, id, &long);
                assert_alike(namespace, id, &bytes[0]);
                assert_alike(namespace, id, &bytes);
            }
        }
    }

    #[test]
    fn a_forged_placeholder_is_refused() {
        let placeholder = serde_json::json!({"_placeholder": true, "num": 0});
        assert!(AckBuffer::new(&(ByteBuf::from([1]), &placeholder)).is_err());
        assert!(AckBuffer::new(&placeholder).is_ok());
    }
}
