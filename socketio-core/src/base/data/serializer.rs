//! Converts any value to [`Data`], as serde_json would, except that bytes stay binary data.

use std::{collections::BTreeMap, fmt::Display, io::Write};

use bytes::Bytes;
use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::{Error, Number};

use super::{Data, deserializer::RAW_VALUE};

/// Converts a value into [`Data`].
///
/// # Errors
///
/// If the value has no form in JSON, or is an integer that 64 bits can't hold.
pub(crate) fn to_data<T: Serialize + ?Sized>(value: &T) -> Result<Data, Error> {
    value.serialize(ToData)
}

struct ToData;

impl Serializer for ToData {
    type Ok = Data;
    type Error = Error;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Variant<Elements>;
    type SerializeMap = Entries;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Variant<Entries>;

    fn serialize_bool(self, value: bool) -> Result<Data, Error> {
        Ok(Data::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_i128(self, value: i128) -> Result<Data, Error> {
        Number::from_i128(value).map_or_else(too_large, |number| Ok(number.into()))
    }

    fn serialize_u8(self, value: u8) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_u128(self, value: u128) -> Result<Data, Error> {
        Number::from_u128(value).map_or_else(too_large, |number| Ok(number.into()))
    }

    fn serialize_f32(self, value: f32) -> Result<Data, Error> {
        Ok(decimal(value).into())
    }

    fn serialize_f64(self, value: f64) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_char(self, value: char) -> Result<Data, Error> {
        Ok(Data::String(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Data, Error> {
        Ok(value.into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Data, Error> {
        Ok(Data::Binary(Bytes::copy_from_slice(value)))
    }

    fn serialize_none(self) -> Result<Data, Error> {
        Ok(Data::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Data, Error> {
        to_data(value)
    }

    fn serialize_unit(self) -> Result<Data, Error> {
        Ok(Data::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Data, Error> {
        Ok(Data::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Data, Error> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Data, Error> {
        to_data(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Data, Error> {
        Ok(tagged(variant, to_data(value)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Elements, Error> {
        Ok(Elements(Vec::with_capacity(len.unwrap_or_default())))
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Elements, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Variant<Elements>, Error> {
        Ok(Variant(variant, self.serialize_seq(Some(len))?))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Entries, Error> {
        Ok(Entries::default())
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Fields, Error> {
        Ok(if name == RAW_VALUE {
            Fields::Raw(Data::Null)
        } else {
            Fields::Named(Entries::default())
        })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Variant<Entries>, Error> {
        Ok(Variant(variant, Entries::default()))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<Data, Error> {
        Ok(Data::String(value.to_string()))
    }
}

/// Returns the shortest decimal that reads back as the same `f32`, as serde_json writes it. Widening would turn `0.1`
/// into `0.10000000149011612`.
fn decimal(value: f32) -> f64 {
    let widened = f64::from(value);
    if !value.is_finite() || (value.fract() == 0.0 && value.abs() < EXACT) {
        return widened;
    }
    let mut text = [0_u8; 24];
    let mut rest = &mut text[..];
    if write!(rest, "{value:e}").is_err() {
        return widened;
    }
    let unused = rest.len();
    let text = str::from_utf8(&text[..text.len() - unused]);
    text.ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(widened)
}

/// Every integer up to this one is an exact `f32`.
const EXACT: f32 = 16_777_216.0;

fn too_large() -> Result<Data, Error> {
    Err(Error::custom("integer out of range: more than 64 bits"))
}

/// Returns the JSON object of a variant with data.
fn tagged(variant: &str, data: Data) -> Data {
    Data::Object(BTreeMap::from([(variant.to_owned(), data)]))
}

/// Returns the text of a key, as serde_json writes it.
///
/// # Errors
///
/// If the key is neither a string, a number nor a boolean.
fn key_text<T: Serialize + ?Sized>(key: &T) -> Result<String, Error> {
    match to_data(key) {
        Ok(Data::String(text)) => Ok(text),
        Ok(Data::Number(number)) => Ok(number.to_string()),
        Ok(Data::Bool(value)) => Ok(value.to_string()),
        Ok(_) => Err(no_text()),
        // `Data` has no integers of 128 bits, but a key is only text.
        Err(_) => {
            let json = serde_json::to_string(key)?;
            let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
            is_number.then_some(json).ok_or_else(no_text)
        }
    }
}

fn no_text() -> Error {
    Error::custom("key must be a string")
}

/// An array under construction.
struct Elements(Vec<Data>);

impl Elements {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.push(to_data(value)?);
        Ok(())
    }
}

macro_rules! elements {
    ($($access:ident::$method:ident),*) => {
        $(impl $access for Elements {
            type Ok = Data;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<Data, Error> {
                Ok(Data::Array(self.0))
            }
        })*
    };
}

elements! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field
}

/// An object under construction.
#[derive(Default)]
struct Entries {
    entries: BTreeMap<String, Data>,
    /// A key whose value has not been serialized yet.
    key: Option<String>,
}

impl SerializeMap for Entries {
    type Ok = Data;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(key_text(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self
            .key
            .take()
            .ok_or_else(|| Error::custom("a value without a key"))?;
        self.entries.insert(key, to_data(value)?);
        Ok(())
    }

    fn end(self) -> Result<Data, Error> {
        Ok(Data::Object(self.entries))
    }
}

/// A struct under construction.
enum Fields {
    Named(Entries),
    /// A `RawValue` of serde_json: a struct whose only field is JSON text.
    Raw(Data),
}

impl SerializeStruct for Fields {
    type Ok = Data;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        match self {
            Fields::Named(entries) => {
                entries.entries.insert(name.to_owned(), to_data(value)?);
            }
            Fields::Raw(raw) => {
                if let Data::String(json) = to_data(value)? {
                    *raw = serde_json::from_str(&json)?;
                }
            }
        }
        Ok(())
    }

    fn end(self) -> Result<Data, Error> {
        Ok(match self {
            Fields::Named(entries) => Data::Object(entries.entries),
            Fields::Raw(raw) => raw,
        })
    }
}

/// The data of a variant under construction.
struct Variant<T>(&'static str, T);

impl SerializeTupleVariant for Variant<Elements> {
    type Ok = Data;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.1.push(value)
    }

    fn end(self) -> Result<Data, Error> {
        Ok(tagged(self.0, Data::Array(self.1.0)))
    }
}

impl SerializeStructVariant for Variant<Entries> {
    type Ok = Data;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.1.entries.insert(name.to_owned(), to_data(value)?);
        Ok(())
    }

    fn end(self) -> Result<Data, Error> {
        Ok(tagged(self.0, Data::Object(self.1.entries)))
    }
}
