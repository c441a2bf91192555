//! All sessions of an engine.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{config::Config, refusal::Refusal, shared::Shared, sid::Sid, transport::TransportKind};

/// All sessions of an engine, however often that is cloned, and its settings.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) config: Config,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    by_sid: HashMap<Sid, Arc<Shared>>,
    /// No more are taken in.
    stopped: bool,
}

impl Sessions {
    pub(super) fn new(config: Config) -> Self {
        Sessions {
            config,
            table: Mutex::default(),
        }
    }

    /// Makes room for a new session, which [`Sessions::remove`] gives back.
    pub(super) fn insert(&self, transport: TransportKind) -> Result<Arc<Shared>, Refusal> {
        let sid = Sid::random().map_err(|_| Refusal::Unavailable("no random numbers"))?;
        let shared = Arc::new(Shared::new(sid, transport));
        let mut table = self.table();
        if table.stopped {
            return Err(Refusal::Unavailable("the server is being shut down"));
        }
        if table.by_sid.len() >= self.config.max_sessions {
            return Err(Refusal::Unavailable("too many sessions"));
        }
        table.by_sid.insert(sid, Arc::clone(&shared));
        Ok(shared)
    }

    pub(super) fn get(&self, sid: Sid) -> Result<Arc<Shared>, Refusal> {
        self.table()
            .by_sid
            .get(&sid)
            .cloned()
            .ok_or(Refusal::UnknownSid)
    }

    pub(super) fn remove(&self, sid: Sid) {
        // Bound to a name, so that the last reference is not dropped under the lock.
        let _removed = self.table().by_sid.remove(&sid);
    }

    pub(super) fn len(&self) -> usize {
        self.table().by_sid.len()
    }

    /// From now on there are no new ones. Whoever closes all sessions afterwards misses none.
    pub(super) fn stop(&self) {
        self.table().stopped = true;
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
