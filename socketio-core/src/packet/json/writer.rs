//! Writing JSON and collecting its attachments.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde_json::ser::Formatter;

use super::placeholders::has_more_placeholders;
use crate::base::{EncodeError, Text};

/// JSON under construction. Values that serde calls bytes become attachments, at any depth, and a placeholder is written in their place.
///
/// `A` is the type of the attachments: [`Bytes`] for arguments, [`Message`](crate::Message) for a packet.
#[derive(Debug)]
pub(super) struct Writer<A> {
    pub(super) buffer: Vec<u8>,
    /// Where the JSON begins.
    start: usize,
    pub(super) attachments: Vec<A>,
}

impl<A: From<Bytes>> Writer<A> {
    /// Continues a buffer that [`Text::buffer`] began.
    pub(super) fn new(buffer: String) -> Self {
        Writer::behind(buffer.into_bytes())
    }

    /// Continues a buffer, whose text so far is not JSON.
    pub(super) fn behind(buffer: Vec<u8>) -> Self {
        Writer {
            start: buffer.len(),
            buffer,
            attachments: Vec::new(),
        }
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    pub(super) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let formatter = PlaceholderFormatter {
            count: self.attachments.len(),
            attach: &mut |bytes| self.attachments.push(bytes.into()),
        };
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.buffer, formatter);
        value.serialize(&mut serializer).map_err(EncodeError::value)
    }

    /// Fails if the text has binary data and another object that looks like a placeholder, which clients would replace by an attachment.
    pub(super) fn check_placeholders(&self) -> Result<(), EncodeError> {
        if self.attachments.is_empty() {
            return Ok(());
        }
        // Text that is not UTF-8 is refused later.
        let json = str::from_utf8(&self.buffer[self.start..]).unwrap_or_default();
        match has_more_placeholders(json, self.attachments.len()) {
            true => Err(EncodeError::placeholder()),
            false => Ok(()),
        }
    }

    /// Returns the text, and the attachments in the order of their numbers.
    pub(super) fn finish(self) -> Result<(Text, Vec<A>), EncodeError> {
        let text = Text::from_bytes(self.buffer, 0).map_err(EncodeError::not_utf8)?;
        Ok((text, self.attachments))
    }
}

/// Writes compact JSON in which placeholders replace bytes. Not generic over the attachments: one serializer for each type
/// that is written is enough.
struct PlaceholderFormatter<'a> {
    count: usize,
    attach: &'a mut dyn FnMut(Bytes),
}

impl Formatter for PlaceholderFormatter<'_> {
    fn write_byte_array<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        value: &[u8],
    ) -> io::Result<()> {
        write!(writer, r#"{{"_placeholder":true,"num":{}}}"#, self.count)?;
        self.count += 1;
        (self.attach)(Bytes::copy_from_slice(value));
        Ok(())
    }
}
