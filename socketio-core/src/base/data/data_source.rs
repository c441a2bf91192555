//! [`Data`] as a source of the deserializer.

use std::{borrow::Cow, collections::btree_map, slice};

use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde_json::Error;

use super::{
    Data,
    deserializer::ValueDeserializer,
    source::{Elements, Entries, Source, Value, too_many},
};

impl Data {
    fn holds_binary(&self) -> bool {
        match self {
            Data::Binary(_) => true,
            Data::Array(elements) => elements.iter().any(Data::holds_binary),
            Data::Object(entries) => entries.values().any(Data::holds_binary),
            _ => false,
        }
    }
}

impl<'de> Source<'de> for &'de Data {
    type Elements = slice::Iter<'de, Data>;
    type Entries = DataEntries<'de>;

    fn is_null(&self) -> bool {
        Data::is_null(self)
    }

    fn open(self) -> Result<Value<'de, Self>, Error> {
        Ok(match self {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.into()),
            Data::String(string) => Value::String(Cow::Borrowed(string)),
            Data::Binary(bytes) => Value::Binary(bytes),
            Data::Array(elements) => Value::Array(elements.iter()),
            Data::Object(entries) => Value::Object(DataEntries {
                entries: entries.iter(),
                value: None,
            }),
        })
    }

    fn skip(self) {}

    fn raw_json(self) -> Result<Option<Cow<'de, str>>, Error> {
        if self.holds_binary() {
            return Ok(None);
        }
        serde_json::to_string(self).map(|json| Some(Cow::Owned(json)))
    }
}

impl<'de> Elements<'de> for slice::Iter<'de, Data> {
    type Source = &'de Data;

    fn next_element(&mut self) -> Result<Option<&'de Data>, Error> {
        Ok(self.next())
    }

    fn len(&self) -> Option<usize> {
        Some(ExactSizeIterator::len(self))
    }

    fn end(self) -> Result<(), Error> {
        match self.as_slice() {
            [] => Ok(()),
            _ => Err(too_many()),
        }
    }
}

/// The entries of an object.
pub(crate) struct DataEntries<'de> {
    entries: btree_map::Iter<'de, String, Data>,
    /// The value of the last key, until it is read.
    value: Option<&'de Data>,
}

impl<'de> Entries<'de> for DataEntries<'de> {
    type Source = &'de Data;

    fn next_key(&mut self) -> Result<Option<Cow<'de, str>>, Error> {
        Ok(self.entries.next().map(|(key, value)| {
            self.value = Some(value);
            Cow::Borrowed(&**key)
        }))
    }

    fn next_value(&mut self) -> Result<&'de Data, Error> {
        let value = self.value.take();
        value.ok_or_else(|| Error::custom("a value without a key"))
    }

    fn end(mut self) -> Result<(), Error> {
        match self.entries.next() {
            None => Ok(()),
            Some(_) => Err(too_many()),
        }
    }
}

macro_rules! delegate {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Error> {
            ValueDeserializer(self).$method($($argument,)* visitor)
        })*
    };
}

/// Reads a value into any type: `T::deserialize(&data)`.
impl<'de> Deserializer<'de> for &'de Data {
    type Error = Error;

    delegate! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32()
        deserialize_i64() deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32()
        deserialize_u64() deserialize_u128() deserialize_f32() deserialize_f64() deserialize_char()
        deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str) deserialize_seq()
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }
}

impl<'de> IntoDeserializer<'de, Error> for &'de Data {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
