//! The arguments of an event or an ack.

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{
    ArgumentError, Payload, data_arguments::DataArguments, json_arguments::JsonArguments,
    payload::Arity,
};
use crate::base::{Data, Text};

/// The arguments of an event or an ack, read one by one in the types that want them.
///
/// A clone reads on from where the original stood.
#[derive(Clone)]
pub struct Arguments(Source);

/// What they are read from. To the types that read it makes no difference.
#[derive(Clone)]
enum Source {
    /// The text of the packet.
    Json(JsonArguments),
    /// Values that a parser has made.
    Data(DataArguments),
}

/// Asks the source.
macro_rules! source {
    ($arguments:ident.$method:ident()) => {
        match &mut $arguments.0 {
            Source::Json(arguments) => arguments.$method(),
            Source::Data(arguments) => arguments.$method(),
        }
    };
}

impl Arguments {
    /// What stands in an array behind its first element, which ends at `position`.
    pub(super) fn behind_name(text: Text, position: usize, attachments: Vec<Bytes>) -> Self {
        let json = JsonArguments::behind_name(text, position, attachments);
        Arguments(Source::Json(json))
    }

    /// What stands in an array whose bracket was at `position - 1`.
    pub(super) fn of_array(text: Text, position: usize, attachments: Vec<Bytes>) -> Self {
        let json = JsonArguments::of_array(text, position, attachments);
        Arguments(Source::Json(json))
    }

    /// Reads the next argument. One that is absent is `null`.
    #[expect(
        clippy::should_implement_trait,
        reason = "each argument has a type of its own, an iterator has one"
    )]
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        source!(self.next())
    }

    /// Reads a value the way [`payload`](super::payload) writes it: a Rust tuple takes several
    /// arguments, `()` none, anything else the next one. Absent ones are `null`, surplus ones stay.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        match Arity::of::<T>() {
            Arity::One => self.next(),
            Arity::None | Arity::Several => source!(self.several()),
        }
    }

    /// Reads all arguments that are left.
    pub fn rest<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, ArgumentError> {
        source!(self.rest())
    }

    /// Passes over the arguments that are left, which must be valid, and returns how many they were.
    /// Only then has the whole packet been checked.
    pub fn finish(&mut self) -> Result<usize, ArgumentError> {
        source!(self.finish())
    }
}

/// None.
impl Default for Arguments {
    fn default() -> Self {
        Arguments(Source::Json(JsonArguments::default()))
    }
}

impl From<Payload> for Arguments {
    fn from(payload: Payload) -> Self {
        let (json, attachments) = payload.into_parts();
        Self::of_array(json, 1, attachments)
    }
}

impl From<Vec<Data>> for Arguments {
    fn from(values: Vec<Data>) -> Self {
        Arguments(Source::Data(DataArguments::new(values)))
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Json(arguments) => arguments.fmt(f),
            Source::Data(arguments) => arguments.fmt(f),
        }
    }
}
