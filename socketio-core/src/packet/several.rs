//! Several arguments as one value.

use serde::{
    de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use super::ArgumentError;

/// What gives one argument after another.
pub(super) trait Next<'de> {
    /// Reads the next argument; an absent one is `null`.
    fn next_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ArgumentError>;

    /// Arguments read so far, absent ones included.
    fn count(&self) -> usize;
}

/// Reads arguments as the elements of a tuple.
pub(super) fn several<'de, T: Deserialize<'de>>(
    mut arguments: impl Next<'de>,
) -> Result<T, ArgumentError> {
    let mut fault = None;
    T::deserialize(Several {
        arguments: &mut arguments,
        fault: &mut fault,
    })
    .map_err(|error| fault.unwrap_or_else(|| ArgumentError::unfit(arguments.count(), &error)))
}

struct Several<'a, N> {
    arguments: &'a mut N,
    /// The error behind the one that serde carries.
    fault: &'a mut Option<ArgumentError>,
}

impl<'de, N: Next<'de>> Deserializer<'de> for Several<'_, N> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_seq(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, N: Next<'de>> SeqAccess<'de> for Several<'_, N> {
    type Error = serde_json::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Self::Error> {
        self.arguments.next_seed(seed).map(Some).map_err(|error| {
            let carried = serde::de::Error::custom(&error);
            *self.fault = Some(error);
            carried
        })
    }
}
