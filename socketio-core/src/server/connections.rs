//! Every connection that is open.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::hub::{Closing, Link};

/// The links of all connections, so that shutting down reaches them.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Mutex<HashMap<u64, Arc<Link>>>,
    next: AtomicU64,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Link>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a connection; the key takes it out again.
    pub(super) fn insert(&self, link: Arc<Link>) -> u64 {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(key, link);
        key
    }

    pub(super) fn remove(&self, key: u64) {
        self.lock().remove(&key);
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// How many of them go over a transport of this name.
    pub(super) fn over(&self, transport: &str) -> usize {
        let open = self.lock();
        open.values()
            .filter(|link| link.transport() == transport)
            .count()
    }

    /// Asks all of them to close.
    pub(super) fn shut_down(&self) {
        let links: Vec<_> = self.lock().values().cloned().collect();
        for link in links {
            link.close_connection(Closing::Shutdown);
        }
    }
}
