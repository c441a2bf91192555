//! The open connections of a node.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::hub::{CloseRequest, ConnectionHandle};

/// The handles of all open connections, so that the shutdown can reach them.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, Arc<ConnectionHandle>>>,
    next: AtomicU64,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<ConnectionHandle>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection. The key removes it again.
    pub(crate) fn insert(&self, connection: Arc<ConnectionHandle>) -> u64 {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(key, connection);
        key
    }

    pub(crate) fn remove(&self, key: u64) {
        self.lock().remove(&key);
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Counts those that use the transport of this name.
    pub(crate) fn over(&self, transport: &str) -> usize {
        let open = self.lock();
        open.values()
            .filter(|connection| connection.transport() == transport)
            .count()
    }

    /// Has all of them drop the handlers that run: see [`ConnectionHandle::abandon_handlers`].
    pub(crate) fn abandon_handlers(&self) {
        for connection in self.all() {
            connection.abandon_handlers();
        }
    }

    /// Asks all of them to close.
    pub(crate) fn shut_down(&self) {
        for connection in self.all() {
            connection.close_connection(CloseRequest::Shutdown);
        }
    }

    /// Returns all of them, to be used under no lock.
    fn all(&self) -> Vec<Arc<ConnectionHandle>> {
        self.lock().values().cloned().collect()
    }
}
