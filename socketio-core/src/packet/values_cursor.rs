//! Arguments that a parser has decoded into values.

use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed};

use super::cursor::Cursor;
use crate::base::{ArgumentError, Data, ValueDeserializer};

/// The value that an absent argument is read from.
static ABSENT: Data = Data::Null;

/// Reads arguments from values. A parser has decoded the whole packet, so there is nothing left to check.
pub(super) struct ValuesCursor<'a, 'de> {
    pub(super) values: &'de [Data],
    /// Arguments read so far, absent ones included.
    pub(super) count: &'a mut u32,
}

impl<'de> Cursor<'de> for ValuesCursor<'_, 'de> {
    fn next<T: Deserialize<'de>>(&mut self) -> Result<T, ArgumentError> {
        self.next_seed(PhantomData)
    }

    fn next_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ArgumentError> {
        let value = self.values.get(self.count());
        *self.count += 1;
        seed.deserialize(ValueDeserializer(value.unwrap_or(&ABSENT)))
            .map_err(|error| match value {
                Some(_) => ArgumentError::unfit(self.count(), &error),
                None => ArgumentError::missing(self.count(), &error),
            })
    }

    fn advance(&mut self) -> Result<bool, ArgumentError> {
        Ok(self.count() < self.values.len())
    }

    fn skip(&mut self) -> Result<(), ArgumentError> {
        *self.count += 1;
        Ok(())
    }

    fn count(&self) -> usize {
        *self.count as usize
    }
}
