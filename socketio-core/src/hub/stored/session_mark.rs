//! [`SessionMark`]: whether a session has changed since it was stored, and which acknowledgements wait until it is.

use std::{
    any::TypeId,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::watch;

use super::session_saver::{Job, SessionSaver};
use crate::{
    event_log::LocalOffsets,
    event_store::SessionKey,
    hub::{Client, ConnectionHandle, Slot},
    packet::Frames,
};

/// Notified when a session value has changed.
pub(crate) trait Changed: Send + Sync {
    fn changed(&self);

    /// Notes that an overflow policy has dropped an event of the client. Called under no lock of the outbox.
    fn lost_event(&self);

    /// Returns whether values of this type are stored.
    fn stores(&self, of_type: TypeId) -> bool;
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
    /// Whether there are changes that are not stored.
    is_unsaved: AtomicBool,
    unsaved: Mutex<Unsaved>,
    saver: Weak<SessionSaver>,
    this: Weak<SessionMark>,
}

/// The changes of a session that are not stored yet.
#[derive(Default)]
struct Unsaved {
    /// The number of changes so far.
    changes: u64,
    /// The waiting acknowledgements, each with the number of changes that must be stored first.
    acks: Vec<(u64, HeldAck)>,
    /// Whether an attempt to store the session has begun, so that another node may find it.
    may_be_stored: bool,
    /// Set while acknowledgements do not wait for the changes, since they can't be stored.
    given_up: Option<LocalOffsets>,
    /// Whether the client was told of it.
    is_told: bool,
}

/// What follows when the changes of a session can't be stored.
pub(super) struct GivenUp {
    /// The client, if it is to be told before it receives the acknowledgements.
    pub(super) untold: Option<Arc<Client>>,
    pub(super) acks: Vec<HeldAck>,
}

/// A waiting acknowledgement, and the connection that receives it.
pub(super) type HeldAck = (Arc<ConnectionHandle>, Frames);

impl SessionMark {
    pub(super) fn new(pid: &Arc<str>, saver: &Arc<SessionSaver>) -> Arc<Self> {
        Arc::new_cyclic(|this| SessionMark {
            key: SessionKey::of(pid),
            pid: Arc::clone(pid),
            client: Mutex::default(),
            is_dirty: AtomicBool::new(false),
            is_taken: AtomicBool::new(false),
            is_unsaved: AtomicBool::new(false),
            unsaved: Mutex::default(),
            saver: Arc::downgrade(saver),
            this: Weak::clone(this),
        })
    }

    /// Sets the client that has the session, which is stored from now on.
    pub(crate) fn begin(&self, client: &Arc<Client>) {
        {
            let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
            *current = Arc::downgrade(client);
        }
        // What the previous client was told may not have arrived.
        self.unsaved().is_told = false;
    }

    /// Returns a flag that becomes true when the client that has the session has ended.
    pub(super) fn ended(&self) -> Option<watch::Receiver<bool>> {
        Some(self.client()?.recoverable()?.ended())
    }

    pub(super) fn client(&self) -> Option<Arc<Client>> {
        self.client
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade()
    }

    /// Clears the flag that it waits to be stored, before the session is read for that. Returns the number of changes so far.
    pub(super) fn take_dirty(&self) -> u64 {
        self.is_dirty.store(false, Ordering::Release);
        let mut unsaved = self.unsaved();
        unsaved.may_be_stored = true;
        unsaved.changes
    }

    /// Notes that another node has stored the session.
    pub(super) fn set_stored(&self) {
        self.unsaved().may_be_stored = true;
    }

    fn unsaved(&self) -> MutexGuard<'_, Unsaved> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_change(&self) -> MutexGuard<'_, Unsaved> {
        let mut unsaved = self.unsaved();
        unsaved.changes += 1;
        self.is_unsaved.store(true, Ordering::Release);
        unsaved
    }

    /// Holds an acknowledgement back until the changes so far are stored, so that acknowledged changes outlive the node.
    ///
    /// # Errors
    ///
    /// Returns the packet if there is nothing to wait for.
    pub(super) fn hold(
        &self,
        connection: &Arc<ConnectionHandle>,
        packet: Frames,
    ) -> Result<(), Frames> {
        if !self.is_unsaved.load(Ordering::Acquire) {
            return Err(packet);
        }
        let mut unsaved = self.unsaved();
        if !self.is_unsaved.load(Ordering::Acquire) {
            return Err(packet);
        }
        let changes = unsaved.changes;
        connection.late_acks().begin(packet.bytes());
        unsaved
            .acks
            .push((changes, (Arc::clone(connection), packet)));
        Ok(())
    }

    /// Notes that this number of changes is stored, or will never be. Returns the acknowledgements that waited for them.
    pub(super) fn saved(&self, changes: u64) -> Vec<HeldAck> {
        let mut unsaved = self.unsaved();
        if changes >= unsaved.changes {
            self.is_unsaved.store(false, Ordering::Release);
            unsaved.given_up = None;
            unsaved.is_told = false;
        }
        let count = unsaved.acks.partition_point(|(waits, _)| *waits <= changes);
        unsaved.acks.drain(..count).map(|(_, ack)| ack).collect()
    }

    /// Returns the acknowledgements that wait for changes that can't be stored. If another node may find the session without these changes, offsets
    /// count only at this node from now on, until the changes are stored; the caller tells this to the client.
    pub(super) fn give_up(&self) -> GivenUp {
        let client = self.client();
        let mut unsaved = self.unsaved();
        let acks = std::mem::take(&mut unsaved.acks);
        let acks = acks.into_iter().map(|(_, ack)| ack).collect();
        let is_unsaved = self.is_unsaved.load(Ordering::Acquire);
        let is_untold = is_unsaved && unsaved.may_be_stored && !unsaved.is_told;
        let untold = client.filter(|_| is_untold && !self.is_taken());
        if let Some(recoverable) = untold.as_ref().and_then(|client| client.recoverable()) {
            unsaved
                .given_up
                .get_or_insert_with(|| recoverable.log().begin_local_offsets());
            unsaved.is_told = true;
        }
        GivenUp { untold, acks }
    }

    /// Stores the session again, although it has not changed.
    pub(super) fn refresh(&self) {
        if self.is_taken() || self.is_dirty.swap(true, Ordering::AcqRel) {
            return;
        }
        if let (Some(saver), Some(this)) = (self.saver.upgrade(), self.this.upgrade()) {
            saver.push(Job::Save(this));
        }
    }

    /// Notes that another node has taken over the session.
    pub(crate) fn set_taken(&self) {
        self.is_taken.store(true, Ordering::Release);
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::Acquire)
    }

    /// Returns what is notified when the session has changed.
    pub(crate) fn this(&self) -> Weak<dyn Changed> {
        Weak::clone(&self.this) as Weak<dyn Changed>
    }

    /// Stores the session whenever a value of it is changed, if it is of a type that is stored.
    pub(crate) fn watch<T: Send + 'static>(&self, slot: &Slot<T>) {
        if self.stores(TypeId::of::<T>()) {
            slot.tell(&self.this());
        }
    }
}

impl Changed for SessionMark {
    fn changed(&self) {
        if self.is_taken() {
            return;
        }
        drop(self.add_change());
        self.refresh();
    }

    fn lost_event(&self) {
        if self.is_taken() {
            return;
        }
        let client = self.client();
        if let Some(recoverable) = client.as_ref().and_then(|client| client.recoverable()) {
            // The client may move to another node before this is stored.
            let mut unsaved = self.add_change();
            unsaved
                .given_up
                .get_or_insert_with(|| recoverable.log().begin_local_offsets());
            unsaved.is_told = true;
        }
        self.refresh();
        let hub = self.saver.upgrade().and_then(|saver| saver.hub());
        if let (Some(hub), Some(client)) = (hub, client) {
            hub.push_local_offset(&client);
        }
    }

    fn stores(&self, of_type: TypeId) -> bool {
        let saver = self.saver.upgrade();
        saver.is_some_and(|saver| saver.types().has(of_type))
    }
}

impl fmt::Debug for SessionMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionMark")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
