//! Encoded arguments, before it is known whom they go to.

use bytes::Bytes;
use serde::Serialize;

use super::{EncodeError, writer::Writer};
use crate::{
    base::{Data, Text, to_data},
    handler::Rest,
};

/// Encoded arguments: a JSON array and its attachments. Clones share their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The array. A `Text` for its cheap clones, although the packet around it is still missing.
    json: Text,
    attachments: Vec<Bytes>,
}

/// Encodes arguments: any value is one, a Rust tuple (or a reference to one) is several, `()` none.
/// Arrays, `Vec`s, tuple structs, `Option`s and boxes of tuples are one.
pub fn payload<T: Serialize + ?Sized>(value: &T) -> Result<Payload, EncodeError> {
    let mut writer = Writer::new(Text::buffer(64));
    match Arity::of::<T>() {
        Arity::None => writer.raw("[]"),
        Arity::One => {
            writer.raw("[");
            writer.json(value)?;
            writer.raw("]");
        }
        Arity::Several => writer.json(value)?,
    }
    Payload::finish(writer)
}

/// Encodes a list of arguments, for those who don't know their number beforehand.
pub fn payload_of<T: Serialize>(arguments: &[T]) -> Result<Payload, EncodeError> {
    let mut writer = Writer::new(Text::buffer(64));
    writer.json(arguments)?;
    Payload::finish(writer)
}

/// As [`payload`], for parsers that don't write JSON.
pub(crate) fn values<T: Serialize + ?Sized>(value: &T) -> Result<Vec<Data>, EncodeError> {
    let data = match Arity::of::<T>() {
        Arity::None => return Ok(Vec::new()),
        Arity::One | Arity::Several => to_data(value).map_err(EncodeError::value)?,
    };
    Ok(match (Arity::of::<T>(), data) {
        (Arity::Several, Data::Array(elements)) => elements,
        (_, data) => vec![data],
    })
}

impl Payload {
    /// What stands between the brackets, which must be valid; without binary data, placeholders are ordinary.
    pub(crate) fn of_elements(elements: &str) -> Self {
        let mut json = Text::buffer(elements.len() + 2);
        json.push('[');
        json.push_str(elements);
        json.push(']');
        Payload {
            json: Text::from_buffer(json),
            attachments: Vec::new(),
        }
    }

    /// Gives placeholders what they stand for. Whether each has something is seen when it is read.
    pub(crate) fn with(mut self, attachments: Vec<Bytes>) -> Self {
        self.attachments = attachments;
        self
    }

    fn finish(writer: Writer) -> Result<Self, EncodeError> {
        let (json, attachments) = writer.finish()?;
        Ok(Payload {
            json: Text::from_buffer(json),
            attachments,
        })
    }

    /// The JSON array.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What its placeholders stand for, in order.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// What stands between the brackets.
    pub(super) fn elements(&self) -> &str {
        &self.json[1..self.json.len() - 1]
    }

    pub(super) fn into_parts(self) -> (Text, Vec<Bytes>) {
        (self.json, self.attachments)
    }
}

/// No arguments.
impl Default for Payload {
    fn default() -> Self {
        Payload {
            json: Text::from("[]"),
            attachments: Vec::new(),
        }
    }
}

/// How many arguments a type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// `()`.
    None,
    /// Anything else.
    One,
    /// A Rust tuple, or a `Rest`: it serialises as an array of its elements.
    Several,
}

impl Arity {
    /// serde writes `(1, 2)` and `[1, 2]` alike. What tells them apart is the name of the type, whose
    /// form the standard library doesn't promise: a test does.
    pub(super) fn of<T: ?Sized>() -> Self {
        let mut name = std::any::type_name::<T>();
        while let Some(referent) = name.strip_prefix('&') {
            name = referent.strip_prefix("mut ").unwrap_or(referent);
        }
        if name == "()" {
            Arity::None
        } else if (name.starts_with('(') && name.ends_with(')'))
            || name.starts_with(Rest::<()>::TYPE_NAME)
        {
            Arity::Several
        } else {
            Arity::One
        }
    }
}
