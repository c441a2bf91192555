//! Writing JSON and collecting the attachments that don't fit into it.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde_json::ser::Formatter;

use super::EncodeError;

/// JSON under construction. What serde calls bytes is put aside, at any depth, and a placeholder
/// stands in its place.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) buffer: Vec<u8>,
    pub(super) attachments: Vec<Bytes>,
}

impl Writer {
    /// Goes on where `buffer` ends.
    pub(super) fn new(buffer: String) -> Self {
        Writer {
            buffer: buffer.into_bytes(),
            attachments: Vec::new(),
        }
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    pub(super) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let formatter = Placeholders {
            attachments: &mut self.attachments,
        };
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.buffer, formatter);
        value.serialize(&mut serializer).map_err(EncodeError::value)
    }

    /// The text, and the attachments in the order of their numbers.
    pub(super) fn finish(self) -> Result<(String, Vec<Bytes>), EncodeError> {
        let text = String::from_utf8(self.buffer).map_err(EncodeError::not_utf8)?;
        Ok((text, self.attachments))
    }
}

/// Compact JSON in which bytes are placeholders.
struct Placeholders<'a> {
    attachments: &'a mut Vec<Bytes>,
}

impl Formatter for Placeholders<'_> {
    fn write_byte_array<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        value: &[u8],
    ) -> io::Result<()> {
        write!(
            writer,
            r#"{{"_placeholder":true,"num":{}}}"#,
            self.attachments.len()
        )?;
        self.attachments.push(Bytes::copy_from_slice(value));
        Ok(())
    }
}
