//! Arguments that a parser has read already.

use std::{fmt, marker::PhantomData, sync::Arc};

use serde::de::{DeserializeOwned, DeserializeSeed};

use super::{
    ArgumentError,
    several::{Next, several},
};
use crate::base::Data;

/// What stands for an argument that is not there.
static ABSENT: Data = Data::Null;

/// Arguments that are values.
#[derive(Clone)]
pub(super) struct DataArguments {
    /// Shared, so that a clone for the error handler costs nothing.
    values: Arc<[Data]>,
    /// Arguments read so far, absent ones included.
    count: usize,
}

impl DataArguments {
    pub(super) fn new(values: Vec<Data>) -> Self {
        DataArguments {
            values: values.into(),
            count: 0,
        }
    }

    fn cursor(&mut self) -> Cursor<'_> {
        Cursor {
            values: &self.values,
            count: &mut self.count,
        }
    }

    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        self.cursor().next_seed(PhantomData)
    }

    /// Reads the elements of a tuple, or of what is like one.
    pub(super) fn several<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        several(self.cursor())
    }

    pub(super) fn rest<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, ArgumentError> {
        let mut rest = Vec::new();
        while self.count < self.values.len() {
            rest.push(self.next()?);
        }
        Ok(rest)
    }

    /// There is nothing left to be checked: a parser makes values of whole packets only.
    pub(super) fn finish(&mut self) -> Result<usize, ArgumentError> {
        let left = self.left().len();
        self.count += left;
        Ok(left)
    }

    fn left(&self) -> &[Data] {
        self.values.get(self.count..).unwrap_or_default()
    }
}

/// The values and how many have been read.
struct Cursor<'a> {
    values: &'a [Data],
    count: &'a mut usize,
}

impl<'a> Next<'a> for Cursor<'a> {
    fn next_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, ArgumentError> {
        let value = self.values.get(*self.count);
        *self.count += 1;
        seed.deserialize(value.unwrap_or(&ABSENT))
            .map_err(|error| match value {
                Some(_) => ArgumentError::unfit(*self.count, &error),
                None => ArgumentError::missing(*self.count, &error),
            })
    }

    fn count(&self) -> usize {
        *self.count
    }
}

impl fmt::Debug for DataArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments")
            .field("left", &self.left())
            .finish()
    }
}
