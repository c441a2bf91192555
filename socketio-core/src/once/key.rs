//! [`OnceKey`]: the key of an event that runs once, with its owner.

use std::{
    fmt,
    hash::{Hash, Hasher},
    net::IpAddr,
};

/// The key of an event that runs once, in the scope of its owner. No client can name a key of another owner.
///
/// The owner is a user of a namespace, or a client without a user.
#[derive(Clone, Debug)]
pub struct OnceKey {
    owner: Box<str>,
    name: Box<str>,
    /// Whether the owner is a user.
    has_user: bool,
    /// The address of a client without a user, if it is known. Not part of the key, since it changes when the client changes networks.
    address: Option<IpAddr>,
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
        let (kind, id, has_user) = match owner {
            Owner::User(user) => ("user", user, true),
            Owner::Session(sid) => ("session", sid, false),
        };
        OnceKey {
            owner: format!("{}:{namespace}:{kind}:{id}", namespace.len()).into(),
            name: format!("{}:{event}:{key}", event.len()).into(),
            has_user,
            address: None,
        }
    }

    /// Sets the address of a client without a user.
    pub(crate) fn at(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    /// Creates a key of a user from these texts, for tests of a store. The server creates its own keys.
    pub fn from_parts(owner: &str, name: &str) -> Self {
        OnceKey {
            owner: owner.into(),
            name: name.into(),
            has_user: true,
            address: None,
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

    /// Returns whether the owner is a user. Anybody may open many connections without a user, so a store with limits must not let their keys
    /// push out those of users.
    pub fn has_user(&self) -> bool {
        self.has_user
    }

    /// Returns the holder that the key is counted for: the user, or the address of a client without a user if it is known, since one host can
    /// open many of them.
    pub(crate) fn holder(&self) -> String {
        match self.address {
            Some(address) => format!("address:{address}"),
            None => format!("owner:{}", self.owner),
        }
    }

    /// Returns the size of its texts in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.owner.len() + self.name.len()
    }
}

impl PartialEq for OnceKey {
    fn eq(&self, other: &Self) -> bool {
        self.owner == other.owner && self.name == other.name
    }
}

impl Eq for OnceKey {}

impl Hash for OnceKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.owner.hash(state);
        self.name.hash(state);
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

    #[test]
    fn a_client_that_comes_from_another_address_has_the_same_keys() {
        let key = || OnceKey::new("/", Owner::Session("a"), "order", "1");
        let moved = key().at(Some([192, 0, 2, 1].into()));
        assert_eq!(key(), moved);
        assert_eq!(key().to_string(), moved.to_string());
        assert_ne!(key().holder(), moved.holder());
    }
}
