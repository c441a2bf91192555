//! A tuple struct whose fields are arguments.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};

/// A tuple struct as the arguments of an event: one for each field, as serde writes and reads them.
#[derive(Clone, Copy, Debug)]
pub struct Several<T>(pub T);

/// How `std::any::type_name` begins for [`Several`]: [`Arity`](super::arity::Arity) goes by names.
pub(super) const TYPE_NAME: &str = concat!(module_path!(), "::Several<");

impl<T: Serialize> Serialize for Several<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(ListSerializer(serializer))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Several)
    }
}

/// Passes on lists only, since the packet is written around one: a tuple struct may have any implementation of `Serialize`.
struct ListSerializer<S>(S);

fn no_list<E: Error>() -> E {
    E::custom(
        "a tuple struct that is an event must be written as a list, one element for each argument",
    )
}

macro_rules! refused {
    ($($method:ident($($type:ty),*))*) => {$(
        fn $method(self, $(_: $type),*) -> Result<S::Ok, S::Error> {
            Err(no_list())
        }
    )*};
}

type Name = &'static str;

impl<S: Serializer> Serializer for ListSerializer<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = S::SerializeStructVariant;

    fn serialize_seq(self, len: Option<usize>) -> Result<S::SerializeSeq, S::Error> {
        self.0.serialize_seq(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<S::SerializeTuple, S::Error> {
        self.0.serialize_tuple(len)
    }

    fn serialize_tuple_struct(
        self,
        name: Name,
        len: usize,
    ) -> Result<S::SerializeTupleStruct, S::Error> {
        self.0.serialize_tuple_struct(name, len)
    }

    refused! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_f32(f32) serialize_f64(f64) serialize_char(char) serialize_str(&str)
        serialize_bytes(&[u8]) serialize_none() serialize_unit() serialize_unit_struct(Name)
        serialize_unit_variant(Name, u32, Name)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, _: &T) -> Result<S::Ok, S::Error> {
        Err(no_list())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: Name,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: Name,
        _: u32,
        _: Name,
        _: &T,
    ) -> Result<S::Ok, S::Error> {
        Err(no_list())
    }

    fn serialize_tuple_variant(
        self,
        _: Name,
        _: u32,
        _: Name,
        _: usize,
    ) -> Result<S::SerializeTupleVariant, S::Error> {
        Err(no_list())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<S::SerializeMap, S::Error> {
        Err(no_list())
    }

    fn serialize_struct(self, _: Name, _: usize) -> Result<S::SerializeStruct, S::Error> {
        Err(no_list())
    }

    fn serialize_struct_variant(
        self,
        _: Name,
        _: u32,
        _: Name,
        _: usize,
    ) -> Result<S::SerializeStructVariant, S::Error> {
        Err(no_list())
    }

    fn collect_str<T: ?Sized + Display>(self, _: &T) -> Result<S::Ok, S::Error> {
        Err(no_list())
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{event, payload};

    #[derive(Serialize, Deserialize)]
    struct Moved(u8, String);

    /// A tuple struct that serde writes as something else.
    struct Strange(u8, u8);

    impl Serialize for Strange {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u16(u16::from(self.0) * 10 + u16::from(self.1))
        }
    }

    #[test]
    fn the_fields_of_a_tuple_struct_are_arguments() {
        let moved = Several(Moved(1, "x".into()));
        assert_eq!(payload(&moved).unwrap().json(), r#"[1,"x"]"#);
        assert_eq!(payload(&&moved).unwrap().json(), r#"[1,"x"]"#);
    }

    #[test]
    fn a_tuple_struct_that_is_not_written_as_a_list_is_an_error() {
        assert!(payload(&Several(Strange(4, 2))).is_err());
        assert!(event("/", None, "strange", &Several(Strange(4, 2))).is_err());
    }
}
