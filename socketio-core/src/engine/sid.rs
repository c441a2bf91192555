//! [`Sid`]: the secret id of a session.

use std::{fmt, str};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// 120 random bits as 20 URL-safe characters.
///
/// Anyone who knows it can act for the client, so `Debug` only shows its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sid([u8; Sid::LEN]);

impl Sid {
    /// The number of characters.
    pub(crate) const LEN: usize = 20;

    /// Creates an id from random numbers of the operating system.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut random = [0; Self::LEN / 4 * 3];
        getrandom::fill(&mut random)?;
        let mut id = [b'-'; Self::LEN];
        let written = URL_SAFE_NO_PAD.encode_slice(random, &mut id);
        debug_assert_eq!(written, Ok(Self::LEN));
        Ok(Sid(id))
    }

    /// Parses an id; `None` if the text can't be one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let id: [u8; Self::LEN] = text.as_bytes().try_into().ok()?;
        let url_safe = |byte: &&u8| byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'_');
        // All bytes are looked at, since the compiler can then compare many at a time.
        (id.iter().filter(url_safe).count() == Self::LEN).then_some(Sid(id))
    }

    /// Returns the whole id.
    pub(crate) fn as_str(&self) -> &str {
        // Both constructors admit ASCII only.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.as_str()[..4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_twenty_url_safe_characters_and_never_the_same() {
        let (first, second) = (Sid::random().unwrap(), Sid::random().unwrap());
        assert_eq!(first.as_str().len(), 20);
        assert_ne!(first, second);
        assert_eq!(Sid::parse(first.as_str()), Some(first));
    }

    #[test]
    fn an_invalid_id_is_refused() {
        for text in [
            "",
            "__proto__",
            "constructor",
            "aaaaaaaaaaaaaaaaaaa é",
            "aaaaaaaaaaaaaaaaaaaa1",
        ] {
            assert_eq!(Sid::parse(text), None, "{text}");
        }
        assert_eq!(Sid::parse("aaaaaaaaaaaaaaaaaaa/"), None);
    }

    #[test]
    fn debug_does_not_show_the_secret() {
        let sid = Sid::random().unwrap();
        assert!(!format!("{sid:?}").contains(&sid.as_str()[..5]));
    }
}
