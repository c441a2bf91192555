//! Arguments in the text of a packet.

use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{Deserialize, DeserializeSeed, IgnoredAny};

use super::{
    JsonPayload,
    attached::Attached,
    lenient,
    placeholders::{Placeholders, skip_whitespace, value_end},
    text_packet::position,
};
use crate::{
    base::{ArgumentError, ValueDeserializer},
    packet::cursor::Cursor,
};

/// How many bytes the placeholders of a packet may refer to, as a multiple of the bytes of its attachments. Each placeholder is a copy for
/// the handler, and takes fewer than 40 bytes in the text. Official encoders name each attachment once.
const MAX_COPIES: usize = 4;

/// Reads arguments directly from the text of their packet. Values are not scanned before they are read; only a value of another type is read
/// twice.
pub(in crate::packet) struct JsonCursor<'a, 'de> {
    pub(in crate::packet) payload: &'de JsonPayload,
    pub(in crate::packet) progress: &'a mut Progress,
}

/// The progress of reading the arguments of a payload. Small, since it is moved with every event: see [`TextPacket`](super::TextPacket).
#[derive(Clone, Debug, Default)]
pub(in crate::packet) struct Progress {
    position: u32,
    /// The number of arguments read so far.
    pub(in crate::packet) count: u32,
    /// A number was read that JSON lacks: `NaN`, `Infinity` or `1e999`.
    pub(in crate::packet) non_finite: bool,
    place: Place,
    /// The bytes of attachments that the placeholders so far have named, each as often as it was named.
    named: u32,
}

/// What may follow at the position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// A value that is not JSON, in an array that is complete.
    Invalid,
    /// Values that would take too much memory.
    TooLarge,
    /// Invalid text: the array is not complete, or a placeholder has no attachment.
    Broken(Defect),
}

/// The defect of a packet. An enum instead of a text, so that a [`Progress`] is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    NotJson,
    NoAttachment,
    NamedTooOften,
}

impl Defect {
    fn text(self) -> &'static str {
        match self {
            Defect::NotJson => "not valid JSON",
            Defect::NoAttachment => "a placeholder without an attachment",
            Defect::NamedTooOften => "placeholders that name attachments too often",
        }
    }
}

impl<'de> Cursor<'de> for JsonCursor<'_, 'de> {
    fn next<T: Deserialize<'de>>(&mut self) -> Result<T, ArgumentError> {
        if !self.payload.attachments.is_empty() {
            return self.next_seed(PhantomData);
        }
        if !self.advance()? {
            return self.absent(PhantomData);
        }
        let mut values = serde_json::Deserializer::from_str(self.unread()).into_iter::<T>();
        match values.next() {
            Some(Ok(value)) => {
                match values.byte_offset() {
                    // `T` did not read the value.
                    0 => self.skip()?,
                    len => self.progress.passed(len),
                }
                Ok(value)
            }
            Some(Err(error)) => self.reread(&error),
            None => Err(self.progress.invalid(self.payload)),
        }
    }

    /// Reads in two passes: the deserializer of a seed does not tell where the value ends.
    fn next_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ArgumentError> {
        if !self.advance()? {
            return self.absent(seed);
        }
        let unread = self.unread();
        if let Some((placeholder, len)) =
            Placeholders::usual(unread, self.payload.attachments.len())
        {
            self.progress.passed(len);
            return self.attached(&unread[..len], Some(placeholder), seed);
        }
        let (json, strict) = self.pass()?;
        if self.payload.attachments.is_empty() && strict && !lenient::may_need(json) {
            return seed
                .deserialize(&mut serde_json::Deserializer::from_str(json))
                .map_err(|error| ArgumentError::unfit(self.progress.count as usize, &error));
        }
        self.attached(json, None, seed)
    }

    fn advance(&mut self) -> Result<bool, ArgumentError> {
        self.progress.advance(self.payload)
    }

    fn skip(&mut self) -> Result<(), ArgumentError> {
        let (json, _) = self.pass()?;
        // In a text packet a placeholder is an ordinary object.
        if !self.payload.attachments.is_empty() {
            self.placeholders(json, None)?;
        }
        Ok(())
    }

    fn count(&self) -> usize {
        self.progress.count as usize
    }
}

impl<'de> JsonCursor<'_, 'de> {
    /// Returns the text from the position on.
    fn unread(&self) -> &'de str {
        &self.payload.text[self.progress.position as usize..]
    }

    /// Passes over the value at the position, checking it. Returns its text, and whether it is JSON in the strict sense.
    fn pass(&mut self) -> Result<(&'de str, bool), ArgumentError> {
        let rest = self.unread();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        let (len, strict) = match values.next() {
            Some(Ok(IgnoredAny)) => (values.byte_offset(), true),
            _ => match lenient::value_len(rest) {
                Some(len) => (len, false),
                None => return Err(self.progress.invalid(self.payload)),
            },
        };
        self.progress.passed(len);
        Ok((&rest[..len], strict))
    }

    /// Reads a value that serde_json has refused: leniently, unless it is only of another type.
    #[cold]
    fn reread<T: Deserialize<'de>>(
        &mut self,
        error: &serde_json::Error,
    ) -> Result<T, ArgumentError> {
        let (json, _) = self.pass()?;
        if error.is_data() {
            return Err(ArgumentError::unfit(self.progress.count as usize, error));
        }
        self.attached(json, None, PhantomData)
    }

    /// Reads the value that was passed last, which may have attachments or be lenient JSON. `only` is set if it is a placeholder.
    fn attached<S: DeserializeSeed<'de>>(
        &mut self,
        json: &'de str,
        only: Option<Placeholders>,
        seed: S,
    ) -> Result<S::Value, ArgumentError> {
        let attachments = &*self.payload.attachments;
        let placeholders = match attachments {
            [] => Placeholders::default(),
            _ => self.placeholders(json, only)?,
        };
        let attached = Attached::new(json, placeholders, attachments);
        let value = seed.deserialize(ValueDeserializer(&attached));
        self.progress.non_finite |= attached.is_non_finite();
        value.map_err(|error| ArgumentError::unfit(self.progress.count as usize, &error))
    }

    /// Finds the placeholders in the value that was passed last.
    fn placeholders(
        &mut self,
        json: &str,
        only: Option<Placeholders>,
    ) -> Result<Placeholders, ArgumentError> {
        let attachments = &*self.payload.attachments;
        let found = only.or_else(|| Placeholders::find(json, attachments.len()));
        let Some(placeholders) = found else {
            self.progress.count -= 1;
            return Err(self.progress.broken(Defect::NoAttachment));
        };
        let named = placeholders.bytes(attachments);
        self.progress.named = self.progress.named.saturating_add(position(named));
        let received: usize = attachments.iter().map(Bytes::len).sum();
        let limit = position(received.saturating_mul(MAX_COPIES)).min(u32::MAX - 1);
        if self.progress.named > limit {
            self.progress.count -= 1;
            return Err(self.progress.broken(Defect::NamedTooOften));
        }
        Ok(placeholders)
    }

    /// Reads from `null`, for an argument that is absent.
    fn absent<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ArgumentError> {
        self.progress.count += 1;
        seed.deserialize(&mut serde_json::Deserializer::from_str("null"))
            .map_err(|error| ArgumentError::missing(self.progress.count as usize, &error))
    }
}

impl Progress {
    /// In an array, after its first element, which ends at `position`.
    pub(super) fn behind_name(position: u32) -> Self {
        Progress {
            position,
            place: Place::BehindValue,
            ..Progress::default()
        }
    }

    /// In an array, after its bracket at `position - 1`.
    pub(in crate::packet) fn in_array(position: u32) -> Self {
        Progress {
            position,
            place: Place::Opened,
            ..Progress::default()
        }
    }

    /// In an array of which nothing is read.
    pub(in crate::packet) fn too_large() -> Self {
        Progress {
            place: Place::TooLarge,
            ..Progress::default()
        }
    }

    /// Returns the number of the next argument, counted from 1.
    fn next_number(&self) -> usize {
        self.count as usize + 1
    }

    /// Returns the text that is left, for debugging.
    pub(in crate::packet) fn left<'a>(&self, payload: &'a JsonPayload) -> &'a str {
        payload
            .text
            .get(self.position as usize..)
            .unwrap_or_default()
    }

    /// Moves to the next value; `false` at the end of the array.
    fn advance(&mut self, payload: &JsonPayload) -> Result<bool, ArgumentError> {
        let json = &*payload.text;
        match self.place {
            Place::TooLarge => return Err(ArgumentError::too_large(self.next_number())),
            Place::Invalid => return Err(self.invalid_value(json)),
            Place::Broken(defect) => return Err(self.broken(defect)),
            Place::Ended => return Ok(false),
            Place::AtValue => return Ok(true),
            Place::Opened | Place::BehindValue => {}
        }
        let at = skip_whitespace(json, self.position as usize);
        match json.as_bytes().get(at) {
            Some(b']') if skip_whitespace(json, at + 1) == json.len() => {
                self.position = position(json.len());
                self.place = Place::Ended;
                Ok(false)
            }
            Some(b',') if self.place == Place::BehindValue => {
                self.position = position(skip_whitespace(json, at + 1));
                self.place = Place::AtValue;
                Ok(true)
            }
            Some(_) if self.place == Place::Opened => {
                self.position = position(at);
                self.place = Place::AtValue;
                Ok(true)
            }
            _ => Err(self.invalid(payload)),
        }
    }

    /// The value at the position ends after `len` bytes.
    fn passed(&mut self, len: usize) {
        self.position = self.position.saturating_add(position(len));
        self.count += 1;
        self.place = Place::BehindValue;
    }

    /// There is no value at the position. If the array around it is complete, the packet is intact: the event fails, and the
    /// connection stays open. The rest of the array is not read.
    #[cold]
    fn invalid(&mut self, payload: &JsonPayload) -> ArgumentError {
        if !lenient::is_complete(payload.json()) {
            return self.broken(Defect::NotJson);
        }
        self.place = Place::Invalid;
        self.invalid_value(&payload.text)
    }

    fn invalid_value(&self, json: &str) -> ArgumentError {
        let rest = json
            .get(self.position as usize..)
            .unwrap_or_default()
            .trim_start();
        let value = rest.get(..value_end(rest, 0)).unwrap_or(rest);
        ArgumentError::invalid(self.next_number(), value)
    }

    #[cold]
    fn broken(&mut self, defect: Defect) -> ArgumentError {
        self.place = Place::Broken(defect);
        ArgumentError::malformed(self.next_number(), defect.text())
    }
}
