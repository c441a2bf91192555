//! [`Number`]: JSON numbers, from text or from a [`serde_json::Number`].

use serde::de::{Error as _, IgnoredAny, Unexpected, Visitor};
use serde_json::Error;

/// A number, as exact as 128 bits allow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// An integer that is not negative.
    Unsigned(u128),
    /// A negative integer.
    Negative(i128),
    /// Any other number.
    Float(f64),
}

impl Number {
    /// Reads a number by the grammar of JSON, or one of those that Python writes: `NaN`, `Infinity`, `-Infinity`. A number
    /// beyond the range of `f64` is infinite, as in JavaScript and Python.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        if is_integer(text) {
            if let Ok(number) = text.parse::<u64>() {
                return Ok(Number::Unsigned(number.into()));
            }
            if let Ok(number) = text.parse() {
                return Ok(Number::Unsigned(number));
            }
            if let Ok(number) = text.parse() {
                return Ok(Number::Negative(number));
            }
        }
        let float = serde_json::from_str(text).or_else(|error| match text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => match serde_json::from_str::<IgnoredAny>(text) {
                Ok(IgnoredAny) => text.parse().map_err(|_| error),
                Err(error) => Err(error),
            },
        });
        float.map(Number::Float)
    }

    /// Passes the number to a visitor, as serde_json does: an integer of more than 64 bits is a float.
    pub(super) fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Number::Unsigned(number) => match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_f64(number as f64),
            },
            Number::Negative(number) => match i64::try_from(number) {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_f64(number as f64),
            },
            Number::Float(number) => visitor.visit_f64(number),
        }
    }

    /// Passes the number to a visitor that expects an `i128`.
    pub(super) fn visit_i128<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Number::Unsigned(number) => match i128::try_from(number) {
                Ok(number) => visitor.visit_i128(number),
                Err(_) => Err(out_of_range()),
            },
            Number::Negative(number) => visitor.visit_i128(number),
            Number::Float(number) => visitor.visit_f64(number),
        }
    }

    /// Passes the number to a visitor that expects a `u128`.
    pub(super) fn visit_u128<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Number::Unsigned(number) => visitor.visit_u128(number),
            Number::Negative(_) => Err(out_of_range()),
            Number::Float(number) => visitor.visit_f64(number),
        }
    }

    /// Returns whether JSON has no number for it.
    pub(crate) fn is_non_finite(self) -> bool {
        matches!(self, Number::Float(number) if !number.is_finite())
    }

    /// Returns the number for the error of a type that expected something else.
    pub(super) fn unexpected(self) -> Unexpected<'static> {
        match self {
            Number::Unsigned(number) => match u64::try_from(number) {
                Ok(number) => Unexpected::Unsigned(number),
                Err(_) => Unexpected::Float(number as f64),
            },
            Number::Negative(number) => match i64::try_from(number) {
                Ok(number) => Unexpected::Signed(number),
                Err(_) => Unexpected::Float(number as f64),
            },
            Number::Float(number) => Unexpected::Float(number),
        }
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        if let Some(number) = number.as_u128() {
            Number::Unsigned(number)
        } else if let Some(number) = number.as_i128() {
            Number::Negative(number)
        } else {
            Number::Float(number.as_f64().unwrap_or_default())
        }
    }
}

/// Returns whether `text` is a JSON integer: digits without a leading zero. `-0` is not, because only a float has that
/// value.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn out_of_range() -> Error {
    Error::custom("number out of range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_the_grammar_of_json() {
        for (text, number) in [
            ("0", Number::Unsigned(0)),
            ("18446744073709551616", Number::Unsigned(1 << 64)),
            ("-1", Number::Negative(-1)),
            ("-0", Number::Float(-0.0)),
            ("1.5", Number::Float(1.5)),
            ("1e2", Number::Float(100.0)),
            ("1e400", Number::Float(f64::INFINITY)),
            ("-Infinity", Number::Float(f64::NEG_INFINITY)),
        ] {
            assert_eq!(Number::parse(text).unwrap(), number, "{text}");
        }
        for text in [
            "", "-", "01", "-01", "+1", "1_0", "1x", " ", "0x1", "nan", "-NaN", "inf", "\"1\"",
            "null",
        ] {
            assert!(Number::parse(text).is_err(), "{text}");
        }
    }
}
