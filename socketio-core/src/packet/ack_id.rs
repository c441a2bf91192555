//! [`AckId`]: the id of an acknowledgement.

use std::{fmt, num::ParseIntError, ops::Deref};

/// The maximum number of digits that are kept without an allocation. Most ids are short, since clients count from 0.
const INLINE: usize = 14;

/// The id of an acknowledgement, as the client wrote it: ASCII digits.
#[derive(Clone, PartialEq, Eq)]
pub struct AckId(Digits);

#[derive(Clone, PartialEq, Eq)]
enum Digits {
    Inline {
        length: u8,
        digits: [u8; INLINE],
    },
    /// Boxed twice to be small, since every event has room for an id.
    Long(Box<Box<str>>),
}

impl AckId {
    /// Returns the id as a number, for the ids of this server: they have 64 bits.
    pub(crate) fn number(&self) -> Result<u64, ParseIntError> {
        self.parse()
    }
}

impl From<&str> for AckId {
    fn from(id: &str) -> Self {
        let mut digits = [0; INLINE];
        AckId(match (digits.get_mut(..id.len()), u8::try_from(id.len())) {
            (Some(inline), Ok(length)) => {
                inline.copy_from_slice(id.as_bytes());
                Digits::Inline { length, digits }
            }
            _ => Digits::Long(Box::new(id.into())),
        })
    }
}

impl From<u64> for AckId {
    fn from(id: u64) -> Self {
        AckId::from(&*id.to_string())
    }
}

impl Deref for AckId {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Digits::Inline { length, digits } => {
                // Copied from a `str` as a whole.
                std::str::from_utf8(&digits[..usize::from(*length)]).unwrap_or_default()
            }
            Digits::Long(digits) => digits,
        }
    }
}

impl fmt::Display for AckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for AckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_as_it_was_written() {
        for id in [
            "0",
            "007",
            "18446744073709551615",
            &"9".repeat(14),
            &"9".repeat(15),
        ] {
            assert_eq!(&*AckId::from(id), id);
        }
        assert_eq!(&*AckId::from(12), "12");
        assert_eq!(AckId::from("17").number(), Ok(17));
        assert!(AckId::from(&*"9".repeat(30)).number().is_err());
    }
}
