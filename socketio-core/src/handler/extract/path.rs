//! [`Path`]: the parameters of a namespace, such as the `id` of `/job/{id}`.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

pub(crate) use socketio_names::parameters;

use super::{EventContext, FromEvent, Needs};
use crate::base::{BoxError, Forbidden};

/// The parameters of a namespace that is a pattern: for `/job/{id}`, the `id`. It dereferences to the value;
/// [`into_inner`](Path::into_inner) returns it.
///
/// `Path<u64>` is one parameter; a tuple takes several in their order, a struct or a map takes them by name. They are
/// read as text, numbers, `bool`, `char` or enums without fields.
///
/// If the text does not fit (`/job/x` for a number), `connect` refuses the client with `Invalid namespace`, and other events fail with
/// the same message. `build()` refuses a `Path` if the namespace has no parameters.
///
/// ```
/// use socketio_core::{Path, SocketIo};
///
/// #[derive(serde::Deserialize)]
/// struct Job {
///     project: String,
///     id: u64,
/// }
///
/// let io = SocketIo::bare()
///     .on_in("/{project}/job/{id}", "connect", |_: Path<(String, u64)>| async {})
///     .on_in("/{project}/job/{id}", "log", |job: Path<Job>| async move {
///         format!("{} of {}", job.id, job.project)
///     })
///     .build()
///     .unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path<T>(T);

impl<T> Path<T> {
    /// Returns the value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Path<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Path<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// For unit tests of handlers.
impl<T> From<T> for Path<T> {
    fn from(value: T) -> Self {
        Path(value)
    }
}

impl<T: DeserializeOwned> FromEvent for Path<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        let path = cx.socket().namespace();
        let parameters = Parameters(parameters(cx.pattern(), path).collect());
        let value = T::deserialize(parameters).map_err(|error| PathError {
            path: path.to_owned(),
            error,
            message: Forbidden::new("Invalid namespace"),
        })?;
        Ok(Path(value))
    }

    fn needs(needs: &mut Needs) {
        needs.path::<T>();
    }
}

/// The error when a parameter is of another type than the handler takes.
#[derive(Debug)]
struct PathError {
    path: String,
    error: Error,
    /// The message for the client, as for a namespace that does not exist.
    message: Forbidden,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the namespace {:?}: {}", self.path, self.error)
    }
}

impl std::error::Error for PathError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.message)
    }
}

/// All parameters, by name.
struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    /// Returns the only parameter.
    fn one(&self) -> Result<Parameter<'a>, Error> {
        match self.0[..] {
            [(_, value)] => Ok(Parameter(value)),
            _ => Err(serde::de::Error::custom(format_args!(
                "there are {} parameters, not one",
                self.0.len()
            ))),
        }
    }
}

macro_rules! of_one {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.one()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let pairs = self.0.into_iter();
        visitor.visit_map(MapDeserializer::new(
            pairs.map(|(name, value)| (name, Parameter(value))),
        ))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut values =
            SeqDeserializer::new(self.0.into_iter().map(|(_, value)| Parameter(value)));
        let value = visitor.visit_seq(&mut values)?;
        values.end()?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.one()?.deserialize_enum(name, variants, visitor)
    }

    of_one! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_option
    }

    forward_to_deserialize_any! { bytes byte_buf unit_struct identifier ignored_any }
}

/// The text of one parameter.
struct Parameter<'a>(&'a str);

impl<'de> IntoDeserializer<'de, Error> for Parameter<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $expected:literal)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(serde::de::Error::custom(format_args!(
                    concat!("{:?} is not ", $expected),
                    self.0
                ))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameter<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    parsed! {
        deserialize_bool visit_bool "`true` or `false`"
        deserialize_i8 visit_i8 "a number of this size"
        deserialize_i16 visit_i16 "a number of this size"
        deserialize_i32 visit_i32 "a number of this size"
        deserialize_i64 visit_i64 "a number of this size"
        deserialize_i128 visit_i128 "a number of this size"
        deserialize_u8 visit_u8 "a number of this size"
        deserialize_u16 visit_u16 "a number of this size"
        deserialize_u32 visit_u32 "a number of this size"
        deserialize_u64 visit_u64 "a number of this size"
        deserialize_u128 visit_u128 "a number of this size"
        deserialize_f32 visit_f32 "a number"
        deserialize_f64 visit_f64 "a number"
        deserialize_char visit_char "one character"
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(self.0))
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    fn read<T: DeserializeOwned>(pattern: &str, path: &str) -> Result<T, Error> {
        T::deserialize(Parameters(parameters(pattern, path).collect()))
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Id(u32);

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Part {
        Log,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Job {
        part: Part,
        id: Id,
        #[serde(default)]
        page: Option<u8>,
    }

    #[test]
    fn parameters_are_read_by_name() {
        let found: Vec<_> = parameters("/job/{id}/{part}/*", "/job/7/log/x").collect();
        assert_eq!(found, [("id", "7"), ("part", "log")]);
    }

    #[test]
    fn one_parameter_is_read_as_a_value() {
        assert_eq!(read::<u64>("/job/{id}", "/job/7").unwrap(), 7);
        assert_eq!(read::<Id>("/job/{id}", "/job/7").unwrap(), Id(7));
        assert_eq!(read::<String>("/job/{id}", "/job/7").unwrap(), "7");
        assert_eq!(read::<Part>("/{part}", "/log").unwrap(), Part::Log);
        assert_eq!(read::<Option<i8>>("/{n}", "/-7").unwrap(), Some(-7));
        assert_eq!(read::<(bool,)>("/{yes}", "/true").unwrap(), (true,));
    }

    #[test]
    fn several_parameters_are_read_as_a_tuple_a_list_a_struct_or_a_map() {
        let (pattern, path) = ("/job/{id}/{part}", "/job/7/log");
        assert_eq!(
            read::<(Id, Part)>(pattern, path).unwrap(),
            (Id(7), Part::Log)
        );
        assert_eq!(read::<Vec<String>>(pattern, path).unwrap(), ["7", "log"]);
        let job = Job {
            part: Part::Log,
            id: Id(7),
            page: None,
        };
        assert_eq!(read::<Job>(pattern, path).unwrap(), job);
        let map: BTreeMap<String, String> = read(pattern, path).unwrap();
        assert_eq!(map["part"], "log");
    }

    #[test]
    fn parameters_of_another_type_or_number_are_errors() {
        assert!(read::<u8>("/job/{id}", "/job/300").is_err());
        assert!(read::<u8>("/job/{id}", "/job/x").is_err());
        assert!(read::<u8>("/job/{id}/{part}", "/job/7/8").is_err());
        assert!(read::<(u8,)>("/job/{id}/{part}", "/job/7/8").is_err());
        assert!(read::<(u8, u8, u8)>("/job/{id}/{part}", "/job/7/8").is_err());
        assert!(read::<Part>("/{part}", "/error").is_err());
        assert!(read::<Job>("/{id}", "/7").is_err());
    }
}
