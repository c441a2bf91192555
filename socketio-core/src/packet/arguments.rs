//! The arguments of an event or an acknowledgement.

use std::fmt;

use serde::de::DeserializeOwned;

use super::{
    arity::Arity,
    cursor::Cursor,
    json::{JsonCursor, JsonPayload, Progress},
    payload::Payload,
    values_cursor::ValuesCursor,
};
use crate::base::{ArgumentError, Data};

/// The arguments of an event or an acknowledgement, which are read one by one, each as the type that is asked for.
///
/// A clone continues at the same argument.
#[derive(Clone, Default)]
pub struct Arguments {
    payload: Payload,
    progress: Progress,
}

/// Calls a method of the cursor for the form of the payload.
macro_rules! cursor {
    ($arguments:ident.$method:ident()) => {
        match &$arguments.payload {
            Payload::Json(payload) => JsonCursor {
                payload,
                progress: &mut $arguments.progress,
            }
            .$method(),
            Payload::Values(values) => ValuesCursor {
                values,
                count: &mut $arguments.progress.count,
            }
            .$method(),
        }
    };
}

impl Arguments {
    /// Arguments in the JSON of a packet, from a place in it on.
    pub(super) fn of_packet(payload: JsonPayload, progress: Progress) -> Self {
        Arguments {
            payload: Payload::Json(payload),
            progress,
        }
    }

    /// Reads the next argument. An absent argument is `null`.
    ///
    /// # Errors
    ///
    /// If the argument is not a `T`, or not valid JSON.
    #[expect(
        clippy::should_implement_trait,
        reason = "each argument has a type of its own, an iterator has one"
    )]
    #[inline]
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        cursor!(self.next())
    }

    /// Reads a value the way [`payload`](crate::protocol::payload) writes it: a Rust tuple takes one argument for each element, `()`
    /// takes none, any other type takes the next one. Absent arguments are `null`, surplus ones stay.
    ///
    /// # Errors
    ///
    /// If an argument is of another type, or not valid JSON.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        match Arity::of::<T>() {
            Arity::One => self.next(),
            Arity::None | Arity::Many => cursor!(self.tuple()),
        }
    }

    /// Reads all arguments that are left.
    ///
    /// # Errors
    ///
    /// If one of them is not a `T`, or not valid JSON.
    pub fn rest<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, ArgumentError> {
        cursor!(self.rest())
    }

    /// Returns whether a number was read that JSON lacks: `NaN`, an infinity, or one beyond the range of `f64`.
    pub(crate) fn has_non_finite(&self) -> bool {
        self.progress.non_finite
    }

    /// Passes over the arguments that are left and returns their number. Only then has the whole packet been checked.
    ///
    /// # Errors
    ///
    /// If they are not valid JSON.
    pub fn finish(&mut self) -> Result<usize, ArgumentError> {
        cursor!(self.finish())
    }
}

impl From<Payload> for Arguments {
    fn from(payload: Payload) -> Self {
        let progress = match &payload {
            Payload::Json(json) if json.is_addressable() => Progress::in_array(json.start + 1),
            Payload::Json(_) => Progress::too_large(),
            Payload::Values(_) => Progress::default(),
        };
        Arguments { payload, progress }
    }
}

impl From<JsonPayload> for Arguments {
    fn from(payload: JsonPayload) -> Self {
        Payload::Json(payload).into()
    }
}

impl From<Vec<Data>> for Arguments {
    fn from(values: Vec<Data>) -> Self {
        Payload::Values(values.into()).into()
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arguments = f.debug_struct("Arguments");
        match &self.payload {
            Payload::Json(payload) => arguments
                .field("left", &self.progress.left(payload))
                .field("attachments", &payload.attachments().len()),
            Payload::Values(values) => arguments.field(
                "left",
                &values
                    .get(self.progress.count as usize..)
                    .unwrap_or_default(),
            ),
        }
        .finish()
    }
}
