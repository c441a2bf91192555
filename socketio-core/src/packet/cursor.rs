//! Reading one argument after another.

use serde::{
    de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use crate::base::ArgumentError;

/// A place among the arguments of a [`Payload`](super::Payload), and how they are read in its form.
pub(super) trait Cursor<'de> {
    /// Reads the next argument; an absent one is `null`.
    fn next<T: Deserialize<'de>>(&mut self) -> Result<T, ArgumentError>;

    /// Reads the next argument as [`next`](Cursor::next) does, with a seed.
    fn next_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ArgumentError>;

    /// Moves to the next argument; `false` if there is none.
    fn advance(&mut self) -> Result<bool, ArgumentError>;

    /// Checks and passes over the argument that [`advance`](Cursor::advance) has found.
    fn skip(&mut self) -> Result<(), ArgumentError>;

    /// Returns the number of arguments read so far, absent ones included.
    fn count(&self) -> usize;

    /// Reads all arguments that are left.
    fn rest<T: Deserialize<'de>>(&mut self) -> Result<Vec<T>, ArgumentError> {
        let mut rest = Vec::new();
        while self.advance()? {
            rest.push(self.next()?);
        }
        Ok(rest)
    }

    /// Passes over all arguments that are left and returns their number.
    fn finish(&mut self) -> Result<usize, ArgumentError> {
        let mut count = 0;
        while self.advance()? {
            self.skip()?;
            count += 1;
        }
        Ok(count)
    }

    /// Reads arguments as the elements of a tuple.
    fn tuple<T: Deserialize<'de>>(&mut self) -> Result<T, ArgumentError>
    where
        Self: Sized,
    {
        let mut failure = None;
        T::deserialize(Tuple {
            arguments: self,
            failure: &mut failure,
        })
        .map_err(|error| failure.unwrap_or_else(|| ArgumentError::unfit(self.count(), &error)))
    }
}

/// Arguments as the elements of one value.
struct Tuple<'a, C> {
    arguments: &'a mut C,
    /// The error of an argument. The error that serde returns has only its text.
    failure: &'a mut Option<ArgumentError>,
}

impl<'de, C: Cursor<'de>> Deserializer<'de> for Tuple<'_, C> {
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

impl<'de, C: Cursor<'de>> SeqAccess<'de> for Tuple<'_, C> {
    type Error = serde_json::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Self::Error> {
        self.arguments.next_seed(seed).map(Some).map_err(|error| {
            let carried = serde::de::Error::custom(&error);
            *self.failure = Some(error);
            carried
        })
    }
}
