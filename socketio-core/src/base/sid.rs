//! [`Sid`]: the public id of a client in a namespace, and the name of its private room.

use std::{borrow::Borrow, convert::Infallible, fmt, ops::Deref, str::FromStr, sync::Arc};

use base64::Engine as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The id of one client in one namespace: 20 URL-safe characters that encode 96 random bits and their checksum.
///
/// The server creates it when the client connects to the namespace. It may be shown to others: it grants no access.
/// Every client is in the room of its own id, so a `Sid` can be addressed: `to(&sid)`. (The id of the Engine.IO session
/// is a different one, which is secret.)
///
/// Text of a database or a client is converted with `From`, `FromStr` or `Deserialize`. It is not checked; an unknown
/// id addresses no client.
///
/// The checksum makes the room private: every node of a cluster recognizes an id, without knowing its client, and
/// refuses to join or close the room of that name. By chance, one in 16 million other names of 20 URL-safe characters
/// looks like an id.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(Arc<str>);

const RANDOM_BYTES: usize = 12;
const SID_BYTES: usize = 15;

/// Returns FNV-1a of 32 bits, folded to 24. All nodes of a cluster must compute the same value. It protects against
/// accidental matches, not against forgery: a forged id is a room that can't be joined.
fn checksum(random: &[u8]) -> [u8; SID_BYTES - RANDOM_BYTES] {
    let hash = random.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    let [high, rest @ ..] = hash.to_be_bytes();
    let [first, second, third] = rest;
    [first, second, third ^ high]
}

impl Sid {
    pub(crate) fn random() -> Self {
        let mut bytes = [0_u8; SID_BYTES];
        let (random, sum) = bytes.split_at_mut(RANDOM_BYTES);
        getrandom::fill(random).expect("the operating system gives random numbers");
        sum.copy_from_slice(&checksum(random));
        let mut text = [0_u8; 20];
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode_slice(bytes, &mut text)
            .expect("15 bytes are 20 characters");
        Sid(Arc::from(
            std::str::from_utf8(&text).expect("base64 is ASCII"),
        ))
    }

    /// Returns whether a name is the id of a client of any node and namespace.
    pub(crate) fn is_sid(name: &str) -> bool {
        let mut bytes = [0_u8; SID_BYTES];
        // The buffer is large enough for 20 characters.
        let decoded =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode_slice(name, &mut bytes);
        let (random, sum) = bytes.split_at(RANDOM_BYTES);
        decoded == Ok(SID_BYTES) && checksum(random) == sum
    }

    /// Returns whether a name may be the id of a client of a Python node: 12 random bytes and a counter of 3 bytes, in the same
    /// 20 characters. The counter makes the 17th an upper-case letter for the first 6.8 million ids of a process.
    pub(crate) fn may_be_of_python(name: &str) -> bool {
        let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        name.len() == 20
            && name.bytes().all(is_url_safe)
            && name.bytes().any(|byte| byte.is_ascii_uppercase())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Sid {
    fn from(text: &str) -> Self {
        Sid(Arc::from(text))
    }
}

impl From<String> for Sid {
    fn from(text: String) -> Self {
        Sid(Arc::from(text))
    }
}

impl From<Sid> for String {
    fn from(sid: Sid) -> Self {
        sid.as_str().to_owned()
    }
}

impl FromStr for Sid {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Sid::from(text))
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

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Sid::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_recognised_and_other_names_are_not() {
        for _ in 0..100 {
            assert!(Sid::is_sid(&Sid::random()));
        }
        for name in [
            "",
            "lobby",
            "AAAAAAAAAAAAAAAAAAAA",
            "aaaaaaaaaaaaaaaaaaaa",
            "customers-and-orders",
            "-KuUmX3RzQvWpLtYbNcD",
            "q9pBj1Y0vQm6xWJtAAAB",
            "AAAAAAAAAAAAAAAAAAAAA",
            "room:AAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(!Sid::is_sid(name), "{name}");
        }
    }

    #[test]
    fn a_python_id_may_be_one_and_words_are_not() {
        assert!(Sid::may_be_of_python("q9pBj1Y0vQm6xWJtAAAB"));
        for name in [
            "customers-and-orders",
            "lobby",
            "room:q9pBj1Y0vQm6xWJtAAAB",
            "a room of TWENTY ch.",
        ] {
            assert!(!Sid::may_be_of_python(name), "{name}");
        }
    }

    /// The nodes of a cluster may be of different versions.
    #[test]
    fn the_checksum_does_not_change() {
        assert_eq!(checksum(b"twelve bytes"), [0xba, 0xd0, 0xa3]);
    }

    #[test]
    fn an_id_is_equal_after_conversion_to_text_and_back() {
        let sid = Sid::random();
        let json = serde_json::to_string(&sid).unwrap();
        assert_eq!(serde_json::from_str::<Sid>(&json).unwrap(), sid);
        assert_eq!(Sid::from(String::from(sid.clone())), sid);
        assert_eq!(sid.parse::<Sid>().unwrap(), sid);
    }

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
