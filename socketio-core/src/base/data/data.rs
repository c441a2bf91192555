//! [`Data`]: any value that a client can send.

use std::{collections::BTreeMap, error::Error, fmt};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};

/// Any value that a client can send: JSON that may contain binary data at any depth.
///
/// For handlers that take arguments of any type. A [`serde_json::Value`] can't contain binary data: an argument with
/// binary data is an error there. To read it as another type, use `T::deserialize(&data)`.
///
/// An untagged enum can't tell strings from binary data, because serde reads strings from bytes and bytes from strings:
/// match on `Data` instead. The enum is exhaustive, since every parser maps its values to those of JSON and binary data.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Data>),
    /// An object, ordered by its keys.
    Object(BTreeMap<String, Data>),
    /// Binary data.
    Binary(Bytes),
}

impl Data {
    /// Returns whether the value is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Data::Null)
    }

    /// Returns the value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Data::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the number if it is an integer that fits into an `i64`.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Data::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// Returns the number if it is an integer that fits into a `u64`.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Data::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// Returns the number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Data::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// Returns the string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Data::String(string) => Some(string),
            _ => None,
        }
    }

    /// Returns the binary data.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Data::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the elements of an array.
    pub fn as_array(&self) -> Option<&[Data]> {
        match self {
            Data::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Returns the entries of an object.
    pub fn as_object(&self) -> Option<&BTreeMap<String, Data>> {
        match self {
            Data::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns an entry of an object; `None` if there is no such entry, or if the value is not an object.
    pub fn get(&self, key: &str) -> Option<&Data> {
        self.as_object()?.get(key)
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Data::Null => serializer.serialize_unit(),
            Data::Bool(value) => serializer.serialize_bool(*value),
            Data::Number(number) => number.serialize(serializer),
            Data::String(string) => serializer.serialize_str(string),
            Data::Array(elements) => elements.serialize(serializer),
            Data::Object(entries) => entries.serialize(serializer),
            Data::Binary(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyData)
    }
}

struct AnyData;

impl<'de> Visitor<'de> for AnyData {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Data, E> {
        Ok(value.into())
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Data, E> {
        Ok(Data::Binary(Bytes::copy_from_slice(value)))
    }

    fn visit_byte_buf<E>(self, value: Vec<u8>) -> Result<Data, E> {
        Ok(Data::Binary(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Data::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            entries.insert(key, value);
        }
        Ok(Data::Object(entries))
    }
}

macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {
        $(impl From<$source> for Data {
            fn from(value: $source) -> Self {
                Data::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Bool,
    i8 => Number, i16 => Number, i32 => Number, i64 => Number, isize => Number,
    u8 => Number, u16 => Number, u32 => Number, u64 => Number, usize => Number,
    Number => Number,
    &str => String, String => String,
    BTreeMap<String, Data> => Object,
    Bytes => Binary,
}

impl From<()> for Data {
    fn from((): ()) -> Self {
        Data::Null
    }
}

/// A float that JSON can't represent (`NaN`, infinity) becomes `null`, as in JavaScript.
impl From<f64> for Data {
    fn from(value: f64) -> Self {
        Number::from_f64(value).map_or(Data::Null, Data::Number)
    }
}

/// Creates an array. A `Vec<u8>` becomes an array of numbers; binary data is created from [`Bytes`].
impl<T: Into<Data>> From<Vec<T>> for Data {
    fn from(elements: Vec<T>) -> Self {
        elements.into_iter().collect()
    }
}

impl<T: Into<Data>, const N: usize> From<[T; N]> for Data {
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<T: Into<Data>> From<Option<T>> for Data {
    fn from(value: Option<T>) -> Self {
        value.map_or(Data::Null, Into::into)
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(value),
            Value::Number(number) => Data::Number(number),
            Value::String(string) => Data::String(string),
            Value::Array(elements) => elements.into_iter().collect(),
            Value::Object(entries) => entries.into_iter().collect(),
        }
    }
}

impl<T: Into<Data>> FromIterator<T> for Data {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Data::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Data>> FromIterator<(String, T)> for Data {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(entries: I) -> Self {
        Data::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key, value.into()))
                .collect(),
        )
    }
}

impl TryFrom<Data> for Value {
    type Error = BinaryInJson;

    fn try_from(data: Data) -> Result<Self, BinaryInJson> {
        Ok(match data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(value),
            Data::Number(number) => Value::Number(number),
            Data::String(string) => Value::String(string),
            Data::Array(elements) => elements
                .into_iter()
                .map(Value::try_from)
                .collect::<Result<_, _>>()?,
            Data::Object(entries) => entries
                .into_iter()
                .map(|(key, value)| Ok((key, Value::try_from(value)?)))
                .collect::<Result<_, _>>()?,
            Data::Binary(_) => return Err(BinaryInJson),
        })
    }
}

impl PartialEq<Value> for Data {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Data::Null, Value::Null) => true,
            (Data::Bool(a), Value::Bool(b)) => a == b,
            (Data::Number(a), Value::Number(b)) => a == b,
            (Data::String(a), Value::String(b)) => a == b,
            (Data::Array(a), Value::Array(b)) => a == b,
            (Data::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, value)| b.get(key).is_some_and(|b| value == b))
            }
            _ => false,
        }
    }
}

/// The error of converting [`Data`] that contains binary data into a [`serde_json::Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinaryInJson;

impl fmt::Display for BinaryInJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON can't hold binary data")
    }
}

impl Error for BinaryInJson {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_without_binary_data_converts_to_a_value_and_back() {
        let value = json!({"a": [1, -2, 0.5, "b", null, true, {}], "max": u64::MAX});
        let data = Data::from(value.clone());
        assert_eq!(data, value);
        assert_eq!(serde_json::to_value(&data).unwrap(), value);
        assert_eq!(serde_json::from_value::<Data>(value.clone()).unwrap(), data);
        assert_eq!(Value::try_from(data).unwrap(), value);
    }

    #[test]
    fn data_with_binary_data_does_not_convert_to_a_value() {
        let data: Data = [Data::from(1), Bytes::from_static(b"x").into()].into();
        assert_eq!(Value::try_from(data), Err(BinaryInJson));
    }

    #[test]
    fn accessors_return_values_of_their_own_kind_only() {
        let data: Data = [("n".to_owned(), 1), ("m".to_owned(), -1)]
            .into_iter()
            .collect();
        assert_eq!(data.get("n").and_then(Data::as_u64), Some(1));
        assert_eq!(data.get("m").and_then(Data::as_i64), Some(-1));
        assert_eq!(data.get("m").and_then(Data::as_u64), None);
        assert_eq!(data.get("m").and_then(Data::as_f64), Some(-1.0));
        assert!(data.get("o").is_none() && data.as_array().is_none() && data.as_str().is_none());
        assert!(Data::from(f64::NAN).is_null() && Data::from(()).is_null());
        assert_eq!(Data::from(Some("a")).as_str(), Some("a"));
        assert_eq!(
            Data::from(Bytes::from_static(b"b")).as_bytes().unwrap(),
            "b"
        );
    }

    #[test]
    fn a_list_of_numbers_is_not_binary_data() {
        assert_eq!(Data::from(vec![1u8, 2]), json!([1, 2]));
    }
}
