//! [`Connections`]: the open connections of a node.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    base::{BuildIdHasher, give_back},
    hub::{CloseRequest, ConnectionHandle},
};

type Open = HashMap<u64, Arc<ConnectionHandle>, BuildIdHasher>;

/// The handles of all open connections, for counts and for the shutdown.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    next: AtomicU64,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection. The returned key removes it.
    pub(crate) fn insert(&self, connection: Arc<ConnectionHandle>) -> u64 {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(key, connection);
        key
    }

    pub(crate) fn remove(&self, key: u64) {
        let mut open = self.lock();
        let removed = open.remove(&key);
        give_back(&mut open);
        drop(open);
        drop(removed);
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns how many connections use the transport of this name.
    pub(crate) fn over(&self, transport: &str) -> usize {
        let open = self.lock();
        open.values()
            .filter(|connection| connection.transport() == transport)
            .count()
    }

    /// Calls `each` for every connection, without the lock.
    pub(crate) fn for_each(&self, each: impl FnMut(&ConnectionHandle)) {
        self.all().iter().map(|one| &**one).for_each(each);
    }

    /// Requests all connections to drop running handlers: see [`ConnectionHandle::abandon_handlers`].
    pub(crate) fn abandon_handlers(&self) {
        for connection in self.all() {
            connection.abandon_handlers();
        }
    }

    /// Requests all connections to close.
    pub(crate) fn shut_down(&self) {
        for connection in self.all() {
            connection.close_connection(CloseRequest::Shutdown);
        }
    }

    /// Returns all connections, for use without the lock.
    pub(crate) fn all(&self) -> Vec<Arc<ConnectionHandle>> {
        self.lock().values().cloned().collect()
    }
}
