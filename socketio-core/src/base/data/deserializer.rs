//! [`ValueDeserializer`]: reads a value of any form into any type.

use std::borrow::Cow;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    VariantAccess, Visitor, value::MapDeserializer,
};
use serde_json::Error;

use super::{
    key::{Key, unit_variant},
    source::{Elements, Entries, Source, Value, binary_unfit},
};

/// The name of the struct with which serde_json's `RawValue` requests and provides a value's text.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Deserializes a value that may be or contain binary data.
///
/// It behaves like serde_json, including the messages of errors. Binary data is read as serde's bytes; an array of
/// numbers is also read as bytes if a type asks for them.
pub(crate) struct ValueDeserializer<S>(pub(crate) S);

macro_rules! numbers {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.open()? {
                Value::Number(number) => number.$visit(visitor),
                value => Err(value.unfit(&visitor)),
            }
        })*
    };
}

macro_rules! strings {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.open()? {
                Value::String(text) => visit_text(text, visitor),
                value => Err(value.unfit(&visitor)),
            }
        })*
    };
}

impl<'de, S: Source<'de>> Deserializer<'de> for ValueDeserializer<S> {
    type Error = Error;

    numbers! {
        deserialize_i8 visit deserialize_i16 visit deserialize_i32 visit deserialize_i64 visit
        deserialize_u8 visit deserialize_u16 visit deserialize_u32 visit deserialize_u64 visit
        deserialize_f32 visit deserialize_f64 visit
        deserialize_i128 visit_i128 deserialize_u128 visit_u128
    }

    strings! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => number.visit(visitor),
            Value::String(text) => visit_text(text, visitor),
            Value::Binary(bytes) => visitor.visit_borrowed_bytes(bytes),
            Value::Array(elements) => visit_array(elements, visitor),
            Value::Object(entries) => visit_object(entries, visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Bool(value) => visitor.visit_bool(value),
            value => Err(value.unfit(&visitor)),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Binary(bytes) => visitor.visit_borrowed_bytes(bytes),
            value => visit_as_bytes(value, visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Binary(bytes) => visitor.visit_byte_buf(bytes.to_vec()),
            value => visit_as_bytes(value, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() {
            self.0.skip();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Null => visitor.visit_unit(),
            value => Err(value.unfit(&visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        match self.0.raw_json()? {
            Some(json) => {
                let entry = std::iter::once((RAW_VALUE, json));
                visitor.visit_map(MapDeserializer::new(entry))
            }
            None => Err(binary_unfit(&"JSON text", "")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Array(elements) => visit_array(elements, visitor),
            // The most frequent mistake is a `Vec<u8>` that should be `Bytes`.
            Value::Binary(_) => Err(binary_unfit(&visitor, " (`Bytes` takes binary data)")),
            value => Err(value.unfit(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Object(entries) => visit_object(entries, visitor),
            value => Err(value.unfit(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::Array(elements) => visit_array(elements, visitor),
            Value::Object(entries) => visit_object(entries, visitor),
            value => Err(value.unfit(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0.open()? {
            Value::String(variant) => visitor.visit_enum(unit_variant(variant)),
            Value::Object(mut entries) => {
                let value = visitor.visit_enum(Access(&mut entries))?;
                entries.end()?;
                Ok(value)
            }
            value @ Value::Binary(_) => Err(value.unfit(&visitor)),
            _ => Err(Error::custom("expected value")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.skip();
        visitor.visit_unit()
    }
}

fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, Error> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

/// Reads a value that is not binary data as bytes, if that is possible.
fn visit_as_bytes<'de, S: Source<'de>, V: Visitor<'de>>(
    value: Value<'de, S>,
    visitor: V,
) -> Result<V::Value, Error> {
    match value {
        Value::String(Cow::Borrowed(text)) => visitor.visit_borrowed_bytes(text.as_bytes()),
        Value::String(Cow::Owned(text)) => visitor.visit_byte_buf(text.into_bytes()),
        Value::Array(elements) => visit_array(elements, visitor),
        value => Err(value.unfit(&visitor)),
    }
}

fn visit_array<'de, V: Visitor<'de>>(
    mut elements: impl Elements<'de>,
    visitor: V,
) -> Result<V::Value, Error> {
    let value = visitor.visit_seq(Access(&mut elements))?;
    elements.end()?;
    Ok(value)
}

fn visit_object<'de, V: Visitor<'de>>(
    mut entries: impl Entries<'de>,
    visitor: V,
) -> Result<V::Value, Error> {
    let value = visitor.visit_map(Access(&mut entries))?;
    entries.end()?;
    Ok(value)
}

/// Gives a visitor the contents of an array, an object or an enum variant with data.
struct Access<'a, T>(&'a mut T);

impl<'de, E: Elements<'de>> SeqAccess<'de> for Access<'_, E> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let element = self.0.next_element()?;
        element
            .map(|element| seed.deserialize(ValueDeserializer(element)))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.len()
    }
}

impl<'de, E: Entries<'de>> MapAccess<'de> for Access<'_, E> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let key = self.0.next_key()?;
        key.map(|key| seed.deserialize(Key(key))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(ValueDeserializer(self.0.next_value()?))
    }
}

impl<'de, E: Entries<'de>> EnumAccess<'de> for Access<'_, E> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        match self.0.next_key()? {
            Some(name) => Ok((seed.deserialize(Key(name))?, self)),
            None => Err(Error::custom("expected the name of a variant")),
        }
    }
}

impl<'de, E: Entries<'de>> VariantAccess<'de> for Access<'_, E> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(ValueDeserializer(self.0.next_value()?))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(ValueDeserializer(self.0.next_value()?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        ValueDeserializer(self.0.next_value()?).deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        ValueDeserializer(self.0.next_value()?).deserialize_struct("", fields, visitor)
    }
}
