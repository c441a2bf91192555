//! [`SessionKey`]: the name of a session in a store.

use std::fmt;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The name of a session in an [`EventStore`](super::EventStore): a hash of the secret that its client presents, so that a reader of the
/// store can't take over the session.
///
/// Its text has 28 characters: letters, digits, `+`, `/` and `=`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey(String);

impl SessionKey {
    /// Returns the key of the session with this secret id.
    ///
    /// The hash is the one of WebSocket handshakes: SHA-1 in Base64. It only has to be hard to invert, since the secret has 120 random bits.
    pub fn of(secret: &str) -> Self {
        SessionKey(derive_accept_key(secret.as_bytes()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Creates the key from the text that [`as_str`](SessionKey::as_str) has returned.
impl From<String> for SessionKey {
    fn from(text: String) -> Self {
        SessionKey(text)
    }
}
