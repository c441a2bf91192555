//! [`SessionMark`]: whether a session has changed since it was stored.

use std::{
    any::TypeId,
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use super::session_saver::{Job, SessionSaver};
use crate::{
    event_store::SessionKey,
    hub::{Client, Slot},
};

/// Notified when a session value has changed.
pub(crate) trait Changed: Send + Sync {
    fn changed(&self);
}

/// The place of a session in the store, while this node owns it.
pub(crate) struct SessionMark {
    pub(super) key: SessionKey,
    pub(super) pid: Arc<str>,
    /// The client that has the session now.
    client: Mutex<Weak<Client>>,
    /// Whether it waits to be stored.
    is_dirty: AtomicBool,
    /// Whether another node has taken it over.
    is_taken: AtomicBool,
    saver: Weak<SessionSaver>,
    this: Weak<SessionMark>,
}

impl SessionMark {
    pub(super) fn new(pid: &Arc<str>, saver: &Arc<SessionSaver>) -> Arc<Self> {
        Arc::new_cyclic(|this| SessionMark {
            key: SessionKey::of(pid),
            pid: Arc::clone(pid),
            client: Mutex::default(),
            is_dirty: AtomicBool::new(false),
            is_taken: AtomicBool::new(false),
            saver: Arc::downgrade(saver),
            this: Weak::clone(this),
        })
    }

    /// Sets the client that has the session, which is stored from now on.
    pub(crate) fn begin(&self, client: &Arc<Client>) {
        let current = &mut *self.client.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::downgrade(client);
    }

    pub(super) fn client(&self) -> Option<Arc<Client>> {
        self.client
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade()
    }

    /// Clears the flag that it waits to be stored, and returns its former value.
    pub(super) fn take_dirty(&self) -> bool {
        self.is_dirty.swap(false, Ordering::AcqRel)
    }

    /// Notes that another node has taken over the session.
    pub(crate) fn set_taken(&self) {
        self.is_taken.store(true, Ordering::Release);
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::Acquire)
    }

    /// Stores the session whenever a value of it is changed, if it is of a type that is stored.
    pub(crate) fn watch<T: Send + 'static>(&self, slot: &Slot<T>) {
        let saver = self.saver.upgrade();
        if saver.is_some_and(|saver| saver.types().has(TypeId::of::<T>())) {
            slot.tell(&(Weak::clone(&self.this) as Weak<dyn Changed>));
        }
    }
}

impl Changed for SessionMark {
    fn changed(&self) {
        if self.is_taken() || self.is_dirty.swap(true, Ordering::AcqRel) {
            return;
        }
        if let (Some(saver), Some(this)) = (self.saver.upgrade(), self.this.upgrade()) {
            saver.push(Job::Save(this));
        }
    }
}

impl fmt::Debug for SessionMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionMark")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
