//! [`OnceKey`]: the key of an event that runs once, with its owner.

use std::fmt;

/// The key of an event that runs once, in the scope of its owner. No client can name a key of another owner.
///
/// The owner is a user of a namespace, or a client without a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OnceKey {
    owner: Box<str>,
    name: Box<str>,
}

/// The owner of keys within a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner<'a> {
    /// The user that the server has set for the client.
    User(&'a str),
    /// A client, or the session that it recovers.
    Session(&'a str),
}

impl OnceKey {
    /// Creates a key. `event` and `key` distinguish the keys of one owner.
    pub(crate) fn new(namespace: &str, owner: Owner<'_>, event: &str, key: &str) -> Self {
        // The lengths in front make the texts unambiguous.
        let (kind, id) = match owner {
            Owner::User(user) => ("user", user),
            Owner::Session(sid) => ("session", sid),
        };
        OnceKey {
            owner: format!("{}:{namespace}:{kind}:{id}", namespace.len()).into(),
            name: format!("{}:{event}:{key}", event.len()).into(),
        }
    }

    /// Creates a key from these texts, for tests of a store. The server creates its own keys.
    pub fn from_parts(owner: &str, name: &str) -> Self {
        OnceKey {
            owner: owner.into(),
            name: name.into(),
        }
    }

    /// Returns a text of the namespace and the owner, which is unique for the owner.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Returns a text of the event and the key, which is unique among the keys of the owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the size of its texts in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.owner.len() + self.name.len()
    }
}

/// Writes a text that is unique among all keys.
impl fmt::Display for OnceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.owner.len(), self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_have_one_text() {
        let keys = [
            OnceKey::new("/", Owner::User("a"), "order", "1"),
            OnceKey::new("/", Owner::User("a"), "order", "\"1\""),
            OnceKey::new("/", Owner::Session("a"), "order", "1"),
            OnceKey::new("/a", Owner::User("a"), "order", "1"),
            OnceKey::new("/", Owner::User("a:5:order"), "order", "1"),
            OnceKey::new("/", Owner::User("a"), "order:1", ""),
            OnceKey::new("/", Owner::User(""), "order", "1"),
        ];
        for (index, key) in keys.iter().enumerate() {
            for other in &keys[..index] {
                assert_ne!(key.to_string(), other.to_string());
                assert_ne!(key, other);
            }
        }
    }
}
