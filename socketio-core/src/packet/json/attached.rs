//! JSON that serde_json can't read: with attachments, or lenient.

use std::{borrow::Cow, cell::Cell};

use bytes::Bytes;
use serde::de::Error as _;
use serde_json::Error;

use super::{
    lenient::{finite, unescape},
    placeholders::{MAX_DEPTH, Placeholders, skip_whitespace, value_end},
};
use crate::base::{Elements, Entries, Source, Value, too_many};

/// One argument of a binary packet, or one that is only JSON in the lenient sense of `lenient.rs`, and the place in it that is
/// read next.
///
/// Whether an object is a placeholder must be known before its first key is read, because it decides what a visitor is
/// given. A wrapper around serde_json's deserializer would have to read ahead and keep what it read. This one walks over
/// arrays and objects itself, so that it knows its offset.
pub(super) struct Attached<'de> {
    /// One value, known to be JSON in the lenient sense.
    json: &'de str,
    placeholders: Placeholders,
    attachments: &'de [Bytes],
    position: Cell<usize>,
    depth: Cell<usize>,
    /// A number was read that JSON lacks.
    non_finite: Cell<bool>,
}

impl<'de> Attached<'de> {
    pub(super) fn new(
        json: &'de str,
        placeholders: Placeholders,
        attachments: &'de [Bytes],
    ) -> Self {
        Attached {
            json,
            placeholders,
            attachments,
            position: Cell::new(0),
            depth: Cell::new(0),
            non_finite: Cell::new(false),
        }
    }

    /// Returns whether a number was read that JSON lacks.
    pub(super) fn is_non_finite(&self) -> bool {
        self.non_finite.get()
    }

    /// Returns the next byte that is not white space.
    fn peek(&self) -> Option<u8> {
        let position = skip_whitespace(self.json, self.position.get());
        self.position.set(position);
        self.json.as_bytes().get(position).copied()
    }

    /// Passes over the next value and returns its text.
    fn value(&self) -> &'de str {
        self.peek();
        let start = self.position.get();
        let end = value_end(self.json, start);
        self.position.set(end);
        &self.json[start..end]
    }

    /// Passes over the placeholder that is next, if one is, and returns its attachment.
    fn attachment(&self) -> Option<&'de Bytes> {
        self.peek();
        let number = self.placeholders.at(self.position.get())?;
        let attachment = self.attachments.get(number)?;
        self.value();
        Some(attachment)
    }

    /// Passes over one byte, which must be `expected`.
    fn pass(&self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.position.set(self.position.get() + 1);
        }
        found
    }

    /// Steps into an array or object.
    fn enter(&self, close: u8) -> Result<Inside<'_, 'de>, Error> {
        let depth = self.depth.get();
        if depth == MAX_DEPTH {
            return Err(Error::custom("recursion limit exceeded"));
        }
        self.depth.set(depth + 1);
        self.position.set(self.position.get() + 1);
        Ok(Inside {
            json: self,
            close,
            first: true,
        })
    }
}

impl<'a, 'de> Source<'de> for &'a Attached<'de> {
    type Elements = Inside<'a, 'de>;
    type Entries = Inside<'a, 'de>;

    fn is_null(&self) -> bool {
        self.peek() == Some(b'n')
    }

    fn open(self) -> Result<Value<'de, Self>, Error> {
        if let Some(attachment) = self.attachment() {
            return Ok(Value::Binary(attachment));
        }
        Ok(match self.peek() {
            Some(b'[') => Value::Array(self.enter(b']')?),
            Some(b'{') => Value::Object(self.enter(b'}')?),
            Some(b'"') => Value::String(unquoted(self.value())?),
            _ => match self.value() {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                number => {
                    let value = Value::number(number)?;
                    if matches!(&value, Value::Number(number) if number.is_non_finite()) {
                        self.non_finite.set(true);
                    }
                    value
                }
            },
        })
    }

    fn skip(self) {
        self.value();
    }

    fn raw_json(self) -> Result<Option<Cow<'de, str>>, Error> {
        self.peek();
        let start = self.position.get();
        let json = self.value();
        let is_binary = self.placeholders.any_in(start..self.position.get());
        if is_binary {
            return Ok(None);
        }
        let finite = finite(json);
        if matches!(finite, Cow::Owned(_)) {
            self.non_finite.set(true);
        }
        Ok(Some(finite))
    }
}

/// Returns the text of a JSON string.
fn unquoted(json: &str) -> Result<Cow<'_, str>, Error> {
    if json.contains('\\') {
        return unescape(json).map(Cow::Owned);
    }
    Ok(Cow::Borrowed(&json[1..json.len() - 1]))
}

/// The inside of an array or object.
pub(super) struct Inside<'a, 'de> {
    json: &'a Attached<'de>,
    close: u8,
    first: bool,
}

impl Inside<'_, '_> {
    /// Moves to the next element or entry; `false` at the end. A comma is missing only where a visitor has left the value
    /// before it unread.
    fn advance(&mut self) -> Result<bool, Error> {
        if self.json.peek() == Some(self.close) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) && !self.json.pass(b',') {
            return Err(unread());
        }
        Ok(true)
    }

    fn leave(self) -> Result<(), Error> {
        if !self.json.pass(self.close) {
            return Err(too_many());
        }
        self.json.depth.set(self.json.depth.get() - 1);
        Ok(())
    }
}

fn unread() -> Error {
    Error::custom("a value was not read")
}

impl<'a, 'de> Elements<'de> for Inside<'a, 'de> {
    type Source = &'a Attached<'de>;

    fn next_element(&mut self) -> Result<Option<Self::Source>, Error> {
        Ok(self.advance()?.then_some(self.json))
    }

    fn len(&self) -> Option<usize> {
        None
    }

    fn end(self) -> Result<(), Error> {
        self.leave()
    }
}

impl<'a, 'de> Entries<'de> for Inside<'a, 'de> {
    type Source = &'a Attached<'de>;

    fn next_key(&mut self) -> Result<Option<Cow<'de, str>>, Error> {
        if !self.advance()? {
            return Ok(None);
        }
        let key = unquoted(self.json.value())?;
        match self.json.pass(b':') {
            true => Ok(Some(key)),
            false => Err(unread()),
        }
    }

    fn next_value(&mut self) -> Result<Self::Source, Error> {
        Ok(self.json)
    }

    fn end(self) -> Result<(), Error> {
        self.leave()
    }
}
