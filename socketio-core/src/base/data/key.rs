//! [`Key`]: the keys of objects as a source of the deserializer.

use std::borrow::Cow;

use serde::{
    de::{
        Deserializer, EnumAccess, Error as _, IntoDeserializer, Visitor, value::CowStrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::Error;

use super::number::Number;

fn starts_number(first: char) -> bool {
    first == '-' || first.is_ascii_digit()
}

/// Deserializes a key. If a map has numbers or booleans as keys, they are read from the text, as in serde_json.
pub(super) struct Key<'de>(pub(super) Cow<'de, str>);

macro_rules! numbers {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            if !self.0.starts_with(starts_number) {
                return self.deserialize_any(visitor);
            }
            let number = Number::parse(&self.0);
            number
                .map_err(|_| Error::custom("expected a number as key"))?
                .$visit(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    numbers! {
        deserialize_i8 visit deserialize_i16 visit deserialize_i32 visit deserialize_i64 visit
        deserialize_u8 visit deserialize_u16 visit deserialize_u32 visit deserialize_u64 visit
        deserialize_f32 visit deserialize_f64 visit
        deserialize_i128 visit_i128 deserialize_u128 visit_u128
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &*self.0 {
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

    /// An enum as a key is the name of a variant without data.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(unit_variant(self.0))
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// Reads an enum from the name of a variant without data.
pub(super) fn unit_variant<'de>(name: Cow<'de, str>) -> impl EnumAccess<'de, Error = Error> {
    let name: CowStrDeserializer<'de, Error> = name.into_deserializer();
    name
}
