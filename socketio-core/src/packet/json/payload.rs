//! Arguments and objects that are JSON.

use bytes::Bytes;
use serde::Serialize;

use super::writer::Writer;
use crate::{
    base::{EncodeError, Text},
    packet::arity::Arity,
};

/// JSON and its attachments: encoded arguments, or what follows the head of a packet that was read. Clones share their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPayload {
    /// The text that contains the JSON; for encoded arguments, it is the JSON. A [`Text`], since its clones are cheap.
    pub(super) text: Text,
    /// Where the JSON begins.
    pub(in crate::packet) start: u32,
    pub(super) attachments: Box<[Bytes]>,
}

/// Encodes arguments: a Rust tuple (or a reference to one) or a [`Rest`](crate::Rest) is one argument for each element, `()`
/// is none, any other value is one. Arrays, `Vec`s, tuple structs, `Option`s and boxes of tuples are one.
///
/// # Errors
///
/// If `value` has no form in JSON.
pub fn payload<T: Serialize + ?Sized>(value: &T) -> Result<JsonPayload, EncodeError> {
    let mut writer = Writer::new(Text::buffer(64));
    write_arguments(&mut writer, value)?;
    JsonPayload::finish(writer)
}

/// Writes arguments as an array.
pub(super) fn write_arguments<T: Serialize + ?Sized>(
    writer: &mut Writer<Bytes>,
    value: &T,
) -> Result<(), EncodeError> {
    match Arity::of::<T>() {
        Arity::None => writer.raw("[]"),
        Arity::One => {
            writer.raw("[");
            writer.json(value)?;
            writer.raw("]");
        }
        Arity::Many => writer.json(value)?,
    }
    Ok(())
}

/// Encodes a list of arguments whose number is not known at compile time.
///
/// # Errors
///
/// If an argument has no form in JSON.
pub fn payload_of<T: Serialize>(arguments: &[T]) -> Result<JsonPayload, EncodeError> {
    let mut writer = Writer::new(Text::buffer(64));
    writer.json(arguments)?;
    JsonPayload::finish(writer)
}

impl JsonPayload {
    /// Makes a payload of the text between the brackets of an array, which must be valid JSON. Without attachments,
    /// placeholders in it are ordinary objects.
    pub(crate) fn of_elements(elements: &str) -> Self {
        let mut json = Text::buffer(elements.len() + 2);
        json.push('[');
        json.push_str(elements);
        json.push(']');
        JsonPayload::new(Text::from_buffer(json), Vec::new())
    }

    /// Adds the attachments of the placeholders. A placeholder without an attachment is found when it is read.
    pub(crate) fn with(mut self, attachments: Vec<Bytes>) -> Self {
        self.attachments = attachments.into();
        self
    }

    pub(super) fn new(text: Text, attachments: Vec<Bytes>) -> Self {
        JsonPayload {
            text,
            start: 0,
            attachments: attachments.into(),
        }
    }

    fn finish(writer: Writer<Bytes>) -> Result<Self, EncodeError> {
        writer.check_placeholders()?;
        let (text, attachments) = writer.finish()?;
        Ok(JsonPayload::new(text, attachments))
    }

    /// Returns the JSON: an array of arguments, or an object.
    pub fn json(&self) -> &str {
        &self.text[self.start as usize..]
    }

    /// Returns whether the text is short enough to be read: positions have 32 bits.
    pub(in crate::packet) fn is_addressable(&self) -> bool {
        u32::try_from(self.text.len()).is_ok()
    }

    /// Returns the attachments of the placeholders, in order.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// Returns the text between the brackets of encoded arguments.
    pub(super) fn elements(&self) -> &str {
        let json = self.json();
        &json[1..json.len() - 1]
    }
}

/// No arguments.
impl Default for JsonPayload {
    fn default() -> Self {
        JsonPayload::new(Text::from("[]"), Vec::new())
    }
}
