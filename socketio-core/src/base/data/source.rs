//! [`Source`]: the interface between the forms of values and the deserializer.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::{Error as _, Expected, Unexpected};
use serde_json::Error;

use super::number::Number;

/// One value that may be or contain binary data, in any form: [`Data`](super::Data), or JSON with attachments.
///
/// [`ValueDeserializer`](super::ValueDeserializer) reads every form through this trait, so that all of them follow the
/// same rules.
pub(crate) trait Source<'de>: Sized {
    /// The elements of an array.
    type Elements: Elements<'de>;
    /// The entries of an object.
    type Entries: Entries<'de>;

    /// Returns whether the value is `null`, without skipping it.
    fn is_null(&self) -> bool;

    /// Reads a scalar, or enters an array or object.
    fn open(self) -> Result<Value<'de, Self>, Error>;

    /// Skips the value.
    fn skip(self);

    /// Returns the JSON of the value, or `None` if it is or contains binary data.
    fn raw_json(self) -> Result<Option<Cow<'de, str>>, Error>;
}

/// A value that has been opened: a scalar, or an array or object to be read.
pub(crate) enum Value<'de, S: Source<'de>> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'de, str>),
    Binary(&'de Bytes),
    Array(S::Elements),
    Object(S::Entries),
}

/// The elements of an array, in order.
pub(crate) trait Elements<'de> {
    /// The form of an element.
    type Source: Source<'de>;

    /// Returns the next element; `None` at the end.
    fn next_element(&mut self) -> Result<Option<Self::Source>, Error>;

    /// Returns how many elements are left, if that is known.
    fn len(&self) -> Option<usize>;

    /// Ends the array, with an error if elements are left.
    fn end(self) -> Result<(), Error>;
}

/// The entries of an object, in order.
pub(crate) trait Entries<'de> {
    /// The form of a value.
    type Source: Source<'de>;

    /// Returns the next key; `None` at the end.
    fn next_key(&mut self) -> Result<Option<Cow<'de, str>>, Error>;

    /// Returns the value of the last key.
    fn next_value(&mut self) -> Result<Self::Source, Error>;

    /// Ends the object, with an error if entries are left.
    fn end(self) -> Result<(), Error>;
}

impl<'de, S: Source<'de>> Value<'de, S> {
    /// Parses a JSON number.
    pub(crate) fn number(text: &str) -> Result<Self, Error> {
        Number::parse(text).map(Value::Number)
    }

    /// Returns the error of a type that expected something else.
    pub(super) fn unfit(&self, expected: &dyn Expected) -> Error {
        let unexpected = match self {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => number.unexpected(),
            Value::String(string) => Unexpected::Str(string),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
            Value::Binary(_) => return binary_unfit(expected, ""),
        };
        Error::invalid_type(unexpected, expected)
    }
}

/// Returns the error of a type that can't be read from binary data. `hint` is added after the expected type.
pub(super) fn binary_unfit(expected: &dyn Expected, hint: &str) -> Error {
    Error::custom(format_args!(
        "invalid type: binary data, expected {expected}{hint}"
    ))
}

/// Returns the error of a visitor that leaves elements or entries unread.
pub(crate) fn too_many() -> Error {
    Error::custom("more elements than expected")
}
