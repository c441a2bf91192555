//! [`Skip`] and [`Except`]: the clients that are left out of the recipients.

use std::{collections::HashSet, sync::Arc};

use super::{Room, client_set::ClientSet, namespace_clients::NamespaceClients};
use crate::base::Sid;

/// The excluded rooms. Every client is also in the room of its own id.
#[derive(Default)]
pub(super) struct Except<'a> {
    names: &'a [Room],
    rooms: Vec<Arc<ClientSet>>,
}

impl<'a> Except<'a> {
    pub(super) fn new(clients: Option<&NamespaceClients>, names: &'a [Room]) -> Self {
        let rooms = names.iter().filter_map(|name| clients?.room(name));
        Except {
            names,
            rooms: rooms.collect(),
        }
    }

    pub(super) fn contains(&self, sid: &Sid) -> bool {
        self.names.iter().any(|name| sid == &**name)
            || self.rooms.iter().any(|room| room.contains(sid))
    }
}

/// The excluded ids: a few are compared, many are hashed.
pub(super) enum Skip<'a> {
    Few(&'a [Room]),
    Many(HashSet<&'a str>),
}

impl<'a> Skip<'a> {
    pub(super) fn new(names: &'a [Room]) -> Self {
        if names.len() > 8 {
            Skip::Many(names.iter().map(|name| &**name).collect())
        } else {
            Skip::Few(names)
        }
    }

    pub(super) fn contains(&self, sid: &Sid) -> bool {
        match self {
            Skip::Few(names) => names.iter().any(|name| sid == &**name),
            Skip::Many(names) => names.contains(sid.as_str()),
        }
    }
}
