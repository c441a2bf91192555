//! The public id of a client in a namespace.

use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

use base64::Engine as _;
use serde::{Serialize, Serializer};

/// The id of one client in one namespace: 20 URL-safe characters, 120 random bits.
///
/// It is made by the server when the client connects to the namespace, is known to that client, and may be shown to
/// others: it opens nothing. Every client is in the room that is named after its id, so a `Sid` is also an address:
/// `to(&sid)`. (The id of the transport beneath is another one and stays secret.)
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(Arc<str>);

impl Sid {
    pub(crate) fn random() -> Self {
        let mut bytes = [0_u8; 15];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        let mut text = [0_u8; 20];
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode_slice(bytes, &mut text)
            .expect("15 bytes are 20 characters");
        Sid(Arc::from(
            std::str::from_utf8(&text).expect("base64 is ASCII"),
        ))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An id that was made elsewhere and came as text: to a client in its CONNECT packet, to a worker in a message. Nothing is
/// checked; one that no server has made is nobody's.
impl From<&str> for Sid {
    fn from(text: &str) -> Self {
        Sid(Arc::from(text))
    }
}

impl Deref for Sid {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Sid {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Sid {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Sid {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_twenty_url_safe_characters_and_differ() {
        let (a, b) = (Sid::random(), Sid::random());
        assert_ne!(a, b);
        assert_eq!(a.len(), 20);
        assert!(
            a.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
    }
}
