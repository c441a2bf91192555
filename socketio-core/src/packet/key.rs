//! The key of a JSON object, as something to deserialise from.

use serde::{
    de::{Deserializer, Error as _, Visitor},
    forward_to_deserialize_any,
};
use serde_json::Error;

/// A key with its quotes. Where a map asks for numbers or booleans, what stands between the quotes
/// is read, as serde_json does.
#[derive(Clone, Copy)]
pub(super) struct Key<'de>(pub(super) &'de str);

impl<'de> Key<'de> {
    fn inner(self) -> &'de str {
        &self.0[1..self.0.len() - 1]
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            if !self.inner().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
                return self.deserialize_any(visitor);
            }
            let mut number = serde_json::Deserializer::from_str(self.inner());
            let value = (&mut number).$method(visitor)?;
            number.end().map_err(|_| Error::custom("expected a number as key"))?;
            Ok(value)
        })*
    };
}

macro_rules! strings {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            serde_json::Deserializer::from_str(self.0).$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    strings! {
        deserialize_any deserialize_bytes deserialize_byte_buf
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.inner() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// As a key, an enum is the name of a variant without data.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
