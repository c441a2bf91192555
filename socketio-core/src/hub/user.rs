//! The users of clients. Several clients may have the same user, and are addressed by a room whose name is secret.

use std::sync::{Arc, LazyLock};

use super::{
    Client, Hub, Room, client_state::ClientState, namespace_clients::NamespaceClients,
    recoverable::Recoverable,
};
use crate::{
    base::{Sid, UserError},
    event_log::LogState,
};

/// The prefix of the rooms of users. Random, so that no client can name these rooms.
static PREFIX: LazyLock<Sid> = LazyLock::new(Sid::random);

/// Returns the room of the clients of a user. Its name differs between nodes.
pub(crate) fn user_room(key: &str) -> Room {
    Arc::from(format!("{}:{key}", PREFIX.as_str()))
}

/// Returns the key of the user whose room this is, if it is one.
pub(crate) fn user_of(room: &str) -> Option<&str> {
    room.strip_prefix(PREFIX.as_str())?.strip_prefix(':')
}

impl Hub {
    /// Sets the user of a client. Inside `connect`, it can be addressed once it is accepted.
    pub(crate) fn set_user(
        &self,
        client: &Arc<Client>,
        key: Option<&str>,
    ) -> Result<(), UserError> {
        let limit = self.limits.user_key;
        if key.is_some_and(|key| key.len() > limit) {
            return Err(UserError::TooLong(limit));
        }
        // Under the lock that `accept` and `end` take.
        client.with_state(|state| {
            if state.ended().is_some() {
                return Err(UserError::NotConnected);
            }
            let before = client.replace_user(key.map(Arc::from));
            if let ClientState::Connected { namespace, .. } = state {
                if let Some(before) = before {
                    namespace.leave(client, &user_room(&before));
                }
                enter(client, namespace);
            }
            Ok(())
        })
    }
}

/// Makes a client addressable by its user, if it has one.
pub(super) fn enter(client: &Arc<Client>, namespace: &NamespaceClients) {
    if let Some(user) = client.user() {
        namespace.join(client, &user_room(&user));
    }
}

/// Makes a client whose session can be recovered addressable as [`enter`] does. Called under the lock of its log.
pub(super) fn enter_locked(
    client: &Arc<Client>,
    recoverable: &Recoverable,
    namespace: &NamespaceClients,
    log: &LogState,
) {
    if let Some(user) = client.user() {
        let room = user_room(&user);
        recoverable.joined(&room, log);
        namespace.insert(client, &room);
    }
}

/// Removes a client from the room of its user, which its session keeps as its user.
pub(super) fn leave_locked(client: &Arc<Client>, namespace: &NamespaceClients) {
    if let Some(user) = client.user() {
        namespace.remove(client, &user_room(&user));
    }
}

/// Undoes [`enter`].
pub(super) fn leave(client: &Arc<Client>, namespace: &NamespaceClients) {
    if let Some(user) = client.user() {
        namespace.leave(client, &user_room(&user));
    }
}
