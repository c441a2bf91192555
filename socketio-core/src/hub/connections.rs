//! Every connection that is open.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::hub::{CloseRequest, ConnectionHandle};

/// The links of all connections, so that shutting down reaches them.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, Arc<ConnectionHandle>>>,
    next: AtomicU64,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<ConnectionHandle>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a connection; the key takes it out again.
    pub(crate) fn insert(&self, link: Arc<ConnectionHandle>) -> u64 {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(key, link);
        key
    }

    pub(crate) fn remove(&self, key: u64) {
        self.lock().remove(&key);
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// How many of them go over a transport of this name.
    pub(crate) fn over(&self, transport: &str) -> usize {
        let open = self.lock();
        open.values()
            .filter(|link| link.transport() == transport)
            .count()
    }

    /// Asks all of them to close.
    pub(crate) fn shut_down(&self) {
        let links: Vec<_> = self.lock().values().cloned().collect();
        for link in links {
            link.close_connection(CloseRequest::Shutdown);
        }
    }
}
