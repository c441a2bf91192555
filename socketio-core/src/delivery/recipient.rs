//! [`Recipient`]: the user or client that an event is kept for.

use std::sync::Arc;

use crate::{
    base::Sid,
    hub::{Client, Room, user_of, user_room},
};

/// A user of a namespace, or a client by its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Recipient {
    pub(crate) namespace: Arc<str>,
    pub(crate) kind: Kind,
    /// The key of the user, or the id of the client.
    pub(crate) id: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    User,
    Client,
}

impl Recipient {
    /// Returns the recipient whose room this is: a user or a client. Returns `None` for other rooms.
    pub(crate) fn of_room(namespace: &Arc<str>, room: &str) -> Option<Self> {
        let (kind, id) = match user_of(room) {
            Some(user) => (Kind::User, user),
            None if Sid::is_sid(room) => (Kind::Client, room),
            None => return None,
        };
        Some(Recipient {
            namespace: Arc::clone(namespace),
            kind,
            id: Arc::from(id),
        })
    }

    /// Returns the recipients that a client stands for: its user, and itself.
    pub(crate) fn of_client(client: &Client) -> impl Iterator<Item = Self> {
        let namespace = client.namespace();
        let recipient = move |kind, id| Recipient {
            namespace: Arc::clone(namespace),
            kind,
            id,
        };
        let user = client.user().map(|user| recipient(Kind::User, user));
        let client = recipient(Kind::Client, Arc::from(client.sid().as_str()));
        user.into_iter().chain([client])
    }

    /// Returns the room of its clients on this node.
    pub(crate) fn room(&self) -> Room {
        match self.kind {
            Kind::User => user_room(&self.id),
            Kind::Client => Arc::clone(&self.id),
        }
    }

    /// Returns the size of its texts in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.namespace.len() + self.id.len()
    }
}
