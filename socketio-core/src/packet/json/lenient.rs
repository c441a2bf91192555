//! JSON that clients write although it is invalid: Python's bare `NaN` and `Infinity`, numbers beyond the range of `f64`, and half surrogate
//! pairs in strings.
//!
//! Called only after serde_json has refused a text, so that valid JSON has no extra cost.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Error;

use super::{
    attached::Attached,
    placeholders::{Placeholders, string_end, value_end},
};
use crate::base::{ValueDeserializer, lossy};

/// The numbers that Python writes and that JSON lacks. The sign of `-Infinity` stays in front of it.
const WORDS: [&str; 2] = ["NaN", "Infinity"];

/// Returns the length of the value that `json` begins with, if it is JSON but for [`WORDS`].
pub(super) fn value_len(json: &str) -> Option<usize> {
    let end = value_end(json, 0);
    // The words are replaced by a number of the same length.
    let masked = replace_words(&json[..end], |masked, word| {
        masked.push('0');
        masked.extend(std::iter::repeat_n(' ', word.len() - 1));
    })?;
    serde_json::from_str::<IgnoredAny>(&masked).ok()?;
    Some(end)
}

/// Returns whether valid JSON may have something that serde_json does not read as every type: an escape that may be half a
/// surrogate pair, or an exponent that may be too large.
pub(super) fn may_need(json: &str) -> bool {
    let bytes = json.as_bytes();
    bytes
        .windows(2)
        .any(|pair| matches!(pair, [b'\\', b'u'] | [b'0'..=b'9' | b'.', b'e' | b'E']))
}

/// Returns whether `json` is one value and nothing else. Half surrogate pairs and large numbers pass, and so do [`WORDS`].
pub(super) fn is_value(json: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(json).is_ok()
        || value_len(json).is_some_and(|len| json[len..].trim_ascii().is_empty())
}

/// Returns whether an array is complete: its brackets and quotes match, and nothing follows it. In that case one of its values is invalid, but
/// the packet is intact.
pub(super) fn is_complete(array: &str) -> bool {
    let mut open = Vec::new();
    let mut position = 0;
    while let Some(&byte) = array.as_bytes().get(position) {
        match byte {
            b'"' => match string_end(array, position) {
                Some(end) => {
                    position = end;
                    continue;
                }
                None => return false,
            },
            b'[' => open.push(b']'),
            b'{' => open.push(b'}'),
            b']' | b'}' if open.pop() != Some(byte) => return false,
            b']' | b'}' if open.is_empty() => {
                return array[position + 1..].trim_ascii().is_empty();
            }
            _ => {}
        }
        position += 1;
    }
    false
}

/// Reads one value as a `T`.
///
/// # Errors
///
/// If the text is not JSON, not even leniently, or the value is not a `T`.
pub(crate) fn from_text<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).or_else(|error| {
        if error.is_data() || !is_value(json) {
            return Err(error);
        }
        T::deserialize(ValueDeserializer(&Attached::new(
            json,
            Placeholders::default(),
            &[],
        )))
    })
}

/// Returns JSON without [`WORDS`], which are `null` instead.
pub(super) fn finite(json: &str) -> Cow<'_, str> {
    match replace_words(json, |finite, _| {
        if finite.ends_with('-') {
            finite.pop();
        }
        finite.push_str("null");
    }) {
        Some(finite) => Cow::Owned(finite),
        None => Cow::Borrowed(json),
    }
}

/// Returns JSON that serde_json can read as any type: [`WORDS`] are `null`, half surrogate pairs U+FFFD. `None` if there is
/// nothing to replace.
pub(crate) fn repair(json: &str) -> Option<String> {
    let finite = finite(json);
    match replace_surrogates(&finite) {
        Some(repaired) => Some(repaired),
        None => match finite {
            Cow::Owned(finite) => Some(finite),
            Cow::Borrowed(_) => None,
        },
    }
}

/// Returns the value of a JSON string, with U+FFFD for half a surrogate pair: JSON can spell it, and no Rust string can hold it.
///
/// # Errors
///
/// If it is not a JSON string.
pub(super) fn unescape(token: &str) -> Result<String, Error> {
    serde_json::from_str(token).or_else(|_| {
        // Skipped first: that checks the grammar of the string, which reading it as bytes does not.
        serde_json::from_str::<IgnoredAny>(token)?;
        Ok(lossy(&serde_json::from_str::<Bytes>(token)?))
    })
}

/// Replaces [`WORDS`] outside of strings. `None` if there are none.
fn replace_words(json: &str, mut replace: impl FnMut(&mut String, &str)) -> Option<String> {
    let mut replaced: Option<String> = None;
    let mut position = 0;
    let mut copied = 0;
    while let Some(&byte) = json.as_bytes().get(position) {
        position = match byte {
            b'"' => string_end(json, position).unwrap_or(json.len()),
            b'N' | b'I' => {
                let rest = &json[position..];
                let word = WORDS.into_iter().find(|word| rest.starts_with(word));
                if let Some(word) = word {
                    let replaced =
                        replaced.get_or_insert_with(|| String::with_capacity(json.len()));
                    replaced.push_str(&json[copied..position]);
                    replace(replaced, word);
                    copied = position + word.len();
                }
                position + word.map_or(1, str::len)
            }
            _ => position + 1,
        };
    }
    let mut replaced = replaced?;
    replaced.push_str(&json[copied..]);
    Some(replaced)
}

/// Replaces the escapes of half surrogate pairs. `None` if there are none.
fn replace_surrogates(json: &str) -> Option<String> {
    let mut replaced: Option<String> = None;
    let mut position = 0;
    let mut copied = 0;
    while let Some(found) = json[position..].find('\\') {
        position += found;
        let escape = |at: usize| {
            let digits = json.get(at..)?.strip_prefix("\\u")?.get(..4)?;
            u16::from_str_radix(digits, 16).ok()
        };
        match escape(position) {
            Some(0xd800..=0xdbff) if matches!(escape(position + 6), Some(0xdc00..=0xdfff)) => {
                position += 12;
            }
            Some(0xd800..=0xdfff) => {
                let replaced = replaced.get_or_insert_with(|| String::with_capacity(json.len()));
                replaced.push_str(&json[copied..position]);
                replaced.push_str("\\ufffd");
                position += 6;
                copied = position;
            }
            Some(_) => position += 6,
            // The backslash, and what it escapes.
            None => {
                let escaped = json[position + 1..].chars().next();
                position += 1 + escaped.map_or(0, char::len_utf8);
            }
        }
    }
    let mut replaced = replaced?;
    replaced.push_str(&json[copied..]);
    Some(replaced)
}
