//! Arguments in the text of a packet.

use std::{fmt, marker::PhantomData};

use bytes::Bytes;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny};

use super::{
    ArgumentError,
    attached::Attached,
    placeholders::{Placeholders, skip_whitespace},
    several::{Next, several},
};
use crate::base::Text;

const NOT_JSON: &str = "not valid JSON";
const NO_ATTACHMENT: &str = "a placeholder without an attachment";

/// Arguments that are read straight from the text of their packet: nothing is scanned before it is
/// read, and nothing twice unless it does not fit.
#[derive(Clone, Default)]
pub(super) struct JsonArguments {
    source: Source,
    progress: Progress,
}

/// What is read; stays as it is.
#[derive(Clone, Default)]
struct Source {
    text: Option<Text>,
    attachments: Vec<Bytes>,
}

/// How far it has been read.
#[derive(Clone, Default)]
struct Progress {
    position: usize,
    place: Place,
    /// Arguments read so far.
    count: usize,
}

/// What may stand at the position.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// The first value of the array, or its end.
    Opened,
    /// A comma and a value, or the end of the array.
    BehindValue,
    /// A value.
    AtValue,
    /// Nothing: the array has ended.
    #[default]
    Ended,
    /// Anything: what was met is no JSON.
    Broken(&'static str),
}

impl JsonArguments {
    /// What stands in an array behind its first element, which ends at `position`.
    pub(super) fn behind_name(text: Text, position: usize, attachments: Vec<Bytes>) -> Self {
        Self::at(text, position, Place::BehindValue, attachments)
    }

    /// What stands in an array whose bracket was at `position - 1`.
    pub(super) fn of_array(text: Text, position: usize, attachments: Vec<Bytes>) -> Self {
        Self::at(text, position, Place::Opened, attachments)
    }

    fn at(text: Text, position: usize, place: Place, attachments: Vec<Bytes>) -> Self {
        JsonArguments {
            source: Source {
                text: Some(text),
                attachments,
            },
            progress: Progress {
                position,
                place,
                count: 0,
            },
        }
    }

    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        self.source.next(&mut self.progress)
    }

    /// Reads the elements of a tuple, or of what is like one.
    pub(super) fn several<T: DeserializeOwned>(&mut self) -> Result<T, ArgumentError> {
        several(Cursor {
            source: &self.source,
            progress: &mut self.progress,
        })
    }

    pub(super) fn rest<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, ArgumentError> {
        let mut rest = Vec::new();
        while self.progress.enter(self.source.json())? {
            rest.push(self.source.next(&mut self.progress)?);
        }
        Ok(rest)
    }

    pub(super) fn finish(&mut self) -> Result<usize, ArgumentError> {
        let before = self.progress.count;
        while self.progress.enter(self.source.json())? {
            self.source.pass(&mut self.progress)?;
        }
        Ok(self.progress.count - before)
    }
}

impl Source {
    fn json(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    fn next<T: DeserializeOwned>(&self, progress: &mut Progress) -> Result<T, ArgumentError> {
        if !self.attachments.is_empty() {
            return self.next_seed(progress, PhantomData);
        }
        if !progress.enter(self.json())? {
            return absent(progress, PhantomData);
        }
        let rest = &self.json()[progress.position..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<T>();
        match values.next() {
            Some(Ok(value)) => {
                match values.byte_offset() {
                    // `T` did not look at it.
                    0 => _ = self.pass(progress)?,
                    len => progress.passed(len),
                }
                Ok(value)
            }
            Some(Err(error)) => {
                self.pass(progress)?;
                Err(ArgumentError::unfit(progress.count, &error))
            }
            None => Err(progress.broken(NOT_JSON)),
        }
    }

    /// As [`next`](Source::next), in two passes.
    fn next_seed<'de, S: DeserializeSeed<'de>>(
        &'de self,
        progress: &mut Progress,
        seed: S,
    ) -> Result<S::Value, ArgumentError> {
        if !progress.enter(self.json())? {
            return absent(progress, seed);
        }
        let (json, placeholders) = self.pass(progress)?;
        let value = if self.attachments.is_empty() {
            seed.deserialize(&mut serde_json::Deserializer::from_str(json))
        } else {
            seed.deserialize(&mut Attached::new(json, placeholders, &self.attachments))
        };
        value.map_err(|error| ArgumentError::unfit(progress.count, &error))
    }

    /// Passes over the value at the position, checking it, and returns its text.
    fn pass(&self, progress: &mut Progress) -> Result<(&str, Placeholders), ArgumentError> {
        let rest = &self.json()[progress.position..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        let Some(Ok(IgnoredAny)) = values.next() else {
            return Err(progress.broken(NOT_JSON));
        };
        let json = &rest[..values.byte_offset()];
        // In a text packet a placeholder is ordinary data.
        let placeholders = if self.attachments.is_empty() {
            Placeholders::default()
        } else {
            Placeholders::find(json, self.attachments.len())
                .ok_or_else(|| progress.broken(NO_ATTACHMENT))?
        };
        progress.passed(json.len());
        Ok((json, placeholders))
    }
}

/// Reads from `null`, for an argument that is not there.
fn absent<'de, S: DeserializeSeed<'de>>(
    progress: &mut Progress,
    seed: S,
) -> Result<S::Value, ArgumentError> {
    progress.count += 1;
    seed.deserialize(&mut serde_json::Deserializer::from_str("null"))
        .map_err(|error| ArgumentError::missing(progress.count, &error))
}

/// The source and how far it has been read.
struct Cursor<'a, 'de> {
    source: &'de Source,
    progress: &'a mut Progress,
}

impl<'de> Next<'de> for Cursor<'_, 'de> {
    fn next_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ArgumentError> {
        self.source.next_seed(self.progress, seed)
    }

    fn count(&self) -> usize {
        self.progress.count
    }
}

impl fmt::Debug for JsonArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments")
            .field("left", &&self.source.json()[self.progress.position..])
            .field("attachments", &self.source.attachments.len())
            .finish()
    }
}

impl Progress {
    /// Moves to the next value; `false` at the end of the array.
    fn enter(&mut self, json: &str) -> Result<bool, ArgumentError> {
        match self.place {
            Place::Broken(what) => return Err(self.broken(what)),
            Place::Ended => return Ok(false),
            Place::AtValue => return Ok(true),
            Place::Opened | Place::BehindValue => {}
        }
        let position = skip_whitespace(json, self.position);
        match json.as_bytes().get(position) {
            Some(b']') if skip_whitespace(json, position + 1) == json.len() => {
                self.position = json.len();
                self.place = Place::Ended;
                Ok(false)
            }
            Some(b',') if self.place == Place::BehindValue => {
                self.position = skip_whitespace(json, position + 1);
                self.place = Place::AtValue;
                Ok(true)
            }
            Some(_) if self.place == Place::Opened => {
                self.position = position;
                self.place = Place::AtValue;
                Ok(true)
            }
            _ => Err(self.broken(NOT_JSON)),
        }
    }

    /// The value at the position ends after `len` bytes.
    fn passed(&mut self, len: usize) {
        self.position += len;
        self.count += 1;
        self.place = Place::BehindValue;
    }

    fn broken(&mut self, what: &'static str) -> ArgumentError {
        self.place = Place::Broken(what);
        ArgumentError::malformed(self.count + 1, what)
    }
}
