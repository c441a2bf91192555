//! From [`Data`] to any type, by the rules and in the words of the JSON that stands beside attachments.

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer,
    Unexpected, VariantAccess, Visitor,
    value::{MapDeserializer, SeqDeserializer, StrDeserializer},
};
use serde_json::{Error, Number};

use super::{Data, key::Key};

/// The name under which serde_json's `RawValue` asks for, and gives, a value's text.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";

impl Data {
    /// The error of a type that expected something else.
    fn unfit(&self, expected: &dyn Expected) -> Error {
        let unexpected = match self {
            Data::Null => Unexpected::Unit,
            Data::Bool(value) => Unexpected::Bool(*value),
            Data::Number(number) => number_found(number),
            Data::String(string) => Unexpected::Str(string),
            Data::Array(_) => Unexpected::Seq,
            Data::Object(_) => Unexpected::Map,
            Data::Binary(_) => return binary_found(expected, ""),
        };
        Error::invalid_type(unexpected, expected)
    }

    fn holds_binary(&self) -> bool {
        match self {
            Data::Binary(_) => true,
            Data::Array(elements) => elements.iter().any(Data::holds_binary),
            Data::Object(entries) => entries.values().any(Data::holds_binary),
            _ => false,
        }
    }
}

fn number_found(number: &Number) -> Unexpected<'_> {
    if let Some(value) = number.as_u64() {
        Unexpected::Unsigned(value)
    } else if let Some(value) = number.as_i64() {
        Unexpected::Signed(value)
    } else {
        Unexpected::Float(number.as_f64().unwrap_or_default())
    }
}

fn binary_found(expected: &dyn Expected, hint: &str) -> Error {
    Error::custom(format_args!(
        "invalid type: binary data, expected {expected}{hint}"
    ))
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self {
                Data::Number(number) => number.$method(visitor),
                _ => Err(self.unfit(&visitor)),
            }
        })*
    };
}

macro_rules! strings {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self {
                Data::String(string) => visitor.visit_borrowed_str(string),
                _ => Err(self.unfit(&visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for &'de Data {
    type Error = Error;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    strings! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Null => visitor.visit_unit(),
            Data::Bool(value) => visitor.visit_bool(*value),
            Data::Number(number) => number.deserialize_any(visitor),
            Data::String(string) => visitor.visit_borrowed_str(string),
            Data::Array(_) => self.deserialize_seq(visitor),
            Data::Object(_) => self.deserialize_map(visitor),
            Data::Binary(bytes) => visitor.visit_borrowed_bytes(bytes),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Bool(value) => visitor.visit_bool(*value),
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Number(number) => match number.as_i128() {
                Some(value) => visitor.visit_i128(value),
                None => number.deserialize_any(visitor),
            },
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Number(number) => match number.as_u128() {
                Some(value) => visitor.visit_u128(value),
                None if number.is_i64() => Err(Error::custom("number out of range")),
                None => number.deserialize_any(visitor),
            },
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Binary(bytes) => visitor.visit_borrowed_bytes(bytes),
            Data::String(string) => visitor.visit_borrowed_bytes(string.as_bytes()),
            Data::Array(_) => self.deserialize_seq(visitor),
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Binary(bytes) => visitor.visit_byte_buf(bytes.to_vec()),
            _ => self.deserialize_bytes(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Null => visitor.visit_unit(),
            _ => Err(self.unfit(&visitor)),
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
        if self.holds_binary() {
            return Err(binary_found(&"JSON text", ""));
        }
        let text = serde_json::to_string(self)?;
        visitor.visit_map(MapDeserializer::new(std::iter::once((RAW_VALUE, text))))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Data::Array(elements) => {
                let mut elements = SeqDeserializer::new(elements.iter());
                let value = visitor.visit_seq(&mut elements)?;
                elements.end().map_err(|_| too_many())?;
                Ok(value)
            }
            // Who meant bytes and wrote `Vec<u8>` comes here.
            Data::Binary(_) => Err(binary_found(&visitor, " (`Bytes` takes binary data)")),
            _ => Err(self.unfit(&visitor)),
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
        let Data::Object(entries) = self else {
            return Err(self.unfit(&visitor));
        };
        let keyed = entries.iter().map(|(key, value)| (Key(key), value));
        let mut entries = MapDeserializer::new(keyed);
        let value = visitor.visit_map(&mut entries)?;
        entries.end().map_err(|_| too_many())?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Data::Array(_) => self.deserialize_seq(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Data::String(variant) => visitor.visit_enum(variant.as_str().into_deserializer()),
            Data::Object(entries) => {
                let mut entries = entries.iter();
                let Some((variant, value)) = entries.next() else {
                    return Err(Error::custom("expected the name of a variant"));
                };
                let value = visitor.visit_enum(Variant { variant, value })?;
                match entries.next() {
                    None => Ok(value),
                    Some(_) => Err(too_many()),
                }
            }
            Data::Binary(_) => Err(self.unfit(&visitor)),
            _ => Err(Error::custom("expected value")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

fn too_many() -> Error {
    Error::custom("more elements than expected")
}

impl<'de> IntoDeserializer<'de, Error> for &'de Data {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A variant that has data.
struct Variant<'de> {
    variant: &'de str,
    value: &'de Data,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = &'de Data;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, &'de Data), Error> {
        let name: StrDeserializer<'de, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self.value))
    }
}

impl<'de> VariantAccess<'de> for &'de Data {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}
