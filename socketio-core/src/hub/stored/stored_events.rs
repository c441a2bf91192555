//! [`StoredEvents`]: what a node knows of the store, and the events that wait for it.
//!
//! Its callbacks (`OnOutcome`) and deliveries run under none of its locks.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};

use super::{
    append, follow,
    kept_event::{KeptEvent, Outcome},
    origins::Origins,
    pending::{Batch, PendingEvents},
    tail::Tail,
};
use crate::{
    base::BoxError,
    event_log::Epoch,
    event_store::EventStore,
    hub::{Hub, Room, SessionSaver},
};

/// How long an event waits for the store before it is sent.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long an operation of the store may take.
pub(super) const OPERATION: Duration = Duration::from_secs(10);

/// The number of former epochs that are remembered.
const FORMER_EPOCHS: usize = 16;

/// How many events may be on their way before callers that are able to wait do so.
const WINDOW: u64 = 512;

/// The events that this node appends to the store, and what it knows of the store.
pub(crate) struct StoredEvents {
    pub(super) store: Arc<dyn EventStore>,
    /// The id of this node.
    pub(super) node: Arc<str>,
    /// The room of all clients of this node.
    pub(super) here: Room,
    /// Whether this node has clients, and therefore delivers what is appended.
    pub(super) follows: bool,
    /// Whether events that are not kept reach the clients of other nodes over a message queue.
    pub(super) has_queue: bool,
    state: Mutex<State>,
    /// Notified when an entry waits to be appended, and when the store is down.
    pub(super) wake: Notify,
    /// Notified when the store has another epoch.
    pub(super) reopen: Notify,
    /// Changed when entries were appended.
    progress_of_append: watch::Sender<()>,
    /// The number at this node up to which events have been delivered.
    pub(super) settled: watch::Sender<u64>,
    pub(super) followed: watch::Sender<Followed>,
    origins: Mutex<Origins>,
    /// The latest epochs that the store had before this one.
    former_epochs: Mutex<Vec<Epoch>>,
    hub: OnceLock<Weak<Hub>>,
    tasks: Mutex<Vec<AbortHandle>>,
    pub(super) can_append: AtomicBool,
    pub(super) can_follow: AtomicBool,
    /// Whether it was logged that the store can't be reached.
    pub(super) is_reported: Mutex<bool>,
    pub(super) unkept: AtomicU64,
    pub(super) tail: Mutex<Tail>,
    /// Locked while events are sent because the store is down.
    pub(super) giving_up: Mutex<()>,
}

/// How far the store was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Followed {
    /// `None` before the store was opened.
    pub(crate) epoch: Option<Epoch>,
    /// The number up to which entries were delivered.
    pub(crate) number: u64,
}

/// The state of the store, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoreState {
    pub(crate) is_available: bool,
    /// The events that wait to be appended.
    pub(crate) waiting: usize,
    /// The number of events that were sent before they were kept.
    pub(crate) unkept: u64,
}

pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) pending: PendingEvents,
    /// Whether events were sent before they were kept of which the other nodes have not been told.
    pub(super) has_lost: bool,
    /// Whether some of them will not be kept.
    pub(super) is_incomplete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Events that are to be kept are appended.
    Up,
    /// The events that wait are being sent, one after another. Others wait behind them.
    GivingUp,
    /// Events are sent at once, and appended later.
    Down,
}

impl StoredEvents {
    /// `follows` is true if this node has clients, `has_queue` if it sends events to other nodes over a message queue.
    pub(crate) fn new(
        store: Arc<dyn EventStore>,
        node: &Arc<str>,
        follows: bool,
        has_queue: bool,
    ) -> Self {
        StoredEvents {
            store,
            node: Arc::clone(node),
            here: Arc::from(format!("\0node:{node}")),
            follows,
            has_queue,
            state: Mutex::new(State {
                phase: Phase::Up,
                pending: PendingEvents::default(),
                has_lost: false,
                is_incomplete: false,
            }),
            wake: Notify::new(),
            reopen: Notify::new(),
            progress_of_append: watch::Sender::default(),
            settled: watch::Sender::new(0),
            followed: watch::Sender::default(),
            origins: Mutex::default(),
            former_epochs: Mutex::default(),
            hub: OnceLock::new(),
            tasks: Mutex::default(),
            can_append: AtomicBool::new(true),
            can_follow: AtomicBool::new(true),
            is_reported: Mutex::default(),
            unkept: AtomicU64::new(0),
            tail: Mutex::default(),
            giving_up: Mutex::default(),
        }
    }

    /// Returns the room of all clients of this node.
    pub(crate) fn room_of_node(&self) -> Room {
        Arc::clone(&self.here)
    }

    /// Starts the tasks that append events, follow the store and store sessions.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub(crate) fn start(self: &Arc<Self>, hub: &Arc<Hub>) {
        // Called once, so that the hub is not set yet.
        let _ = self.hub.set(Arc::downgrade(hub));
        let mut tasks = vec![
            tokio::spawn(follow::run(Arc::clone(self))).abort_handle(),
            tokio::spawn(append::run(Arc::clone(self))).abort_handle(),
        ];
        if let Some(saver) = hub.saver() {
            let saving = SessionSaver::run(Arc::clone(saver), Arc::downgrade(hub));
            tasks.push(tokio::spawn(saving).abort_handle());
        }
        *self.lock_tasks() = tasks;
    }

    /// Waits until the waiting events and sessions are stored, for `timeout` at most, then ends the tasks.
    pub(crate) async fn stop(&self, timeout: Duration) {
        let saver = self.hub().and_then(|hub| hub.saver().cloned());
        let stored = async {
            self.settled().await;
            self.late_appended().await;
            if let Some(saver) = saver {
                saver.flushed().await;
            }
        };
        if tokio::time::timeout(timeout, stored).await.is_err() {
            tracing::warn!(target: "socketio", node = &*self.node, "the last events and sessions were not stored in time");
        }
        self.end();
    }

    /// Ends the tasks.
    pub(in crate::hub) fn end(&self) {
        for task in self.lock_tasks().drain(..) {
            task.abort();
        }
    }

    fn lock_tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hub(&self) -> Option<Arc<Hub>> {
        self.hub.get()?.upgrade()
    }

    pub(in crate::hub) fn origins(&self) -> MutexGuard<'_, Origins> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how far the store was read.
    pub(crate) fn progress(&self) -> Followed {
        *self.followed.borrow()
    }

    /// Notes that the store has lost its data, and with it this epoch.
    pub(super) fn end_epoch(&self, epoch: Epoch) {
        let former = self.former_epochs.lock();
        let mut former = former.unwrap_or_else(PoisonError::into_inner);
        former.truncate(FORMER_EPOCHS - 1);
        former.insert(0, epoch);
    }

    /// Returns whether this is the epoch of the store, or a former one, as far as this node knows. Events that are, or were, in the store in a
    /// known epoch are delivered here when they are read: if the store has lost them, they are appended again.
    pub(in crate::hub) fn knows(&self, epoch: Epoch) -> bool {
        let former = self.former_epochs.lock();
        let former = former.unwrap_or_else(PoisonError::into_inner);
        self.progress().epoch == Some(epoch) || former.contains(&epoch)
    }

    pub(crate) fn state_of_store(&self) -> StoreState {
        let (can_append, can_follow) = (&self.can_append, &self.can_follow);
        let state = self.state();
        StoreState {
            is_available: state.phase == Phase::Up
                && can_append.load(Ordering::Relaxed)
                && can_follow.load(Ordering::Relaxed)
                && self.progress().epoch.is_some(),
            waiting: state.pending.len(),
            unkept: self.unkept.load(Ordering::Relaxed),
        }
    }

    /// Waits until the store was opened and its entries were read.
    pub(crate) async fn opened(&self) {
        let mut followed = self.followed.subscribe();
        let opened = followed.wait_for(|followed| followed.epoch.is_some());
        // The sender lives as long as this.
        drop(opened.await);
    }

    /// Waits until the events of this node so far have been delivered.
    pub(crate) async fn settled(&self) {
        let last = self.state().pending.last();
        let mut settled = self.settled.subscribe();
        // The sender lives as long as this.
        drop(settled.wait_for(|settled| *settled >= last).await);
    }

    /// Waits until the events of this node so far have been delivered and its sessions are stored. Does not wait for sessions that can't be
    /// stored now.
    pub(crate) async fn flushed(&self) {
        self.settled().await;
        if let Some(saver) = self.hub().and_then(|hub| hub.saver().cloned()) {
            saver.flushed_or_failing().await;
        }
    }

    /// Waits until all but the latest [`WINDOW`] of this node's events so far have been delivered.
    pub(crate) async fn has_room(&self) {
        let enough = self.state().pending.last().saturating_sub(WINDOW);
        let mut settled = self.settled.subscribe();
        drop(settled.wait_for(|settled| *settled >= enough).await);
    }

    /// Waits until entries up to a number have been delivered.
    pub(super) async fn followed_to(&self, number: u64) {
        let mut followed = self.followed.subscribe();
        drop(
            followed
                .wait_for(|followed| followed.number >= number)
                .await,
        );
    }

    /// Waits until all events that were delivered before they were kept are appended.
    pub(super) async fn late_appended(&self) {
        let mut progress = self.progress_of_append.subscribe();
        while self.state().pending.has_late() {
            // The sender lives as long as this.
            drop(progress.changed().await);
        }
    }

    /// Waits for entries to append, and returns them; `None` once the store is down.
    pub(super) async fn next_batch(&self) -> Option<Batch> {
        loop {
            {
                let state = self.state();
                if state.phase == Phase::Down {
                    return None;
                }
                if let Some(batch) = state.pending.batch() {
                    return Some(batch);
                }
            }
            self.wake.notified().await;
        }
    }

    /// Returns entries to append while the store is down; `None` if there are none, or it is not down any more.
    pub(super) fn late_batch(&self) -> Option<Batch> {
        let state = self.state();
        let is_down = state.phase == Phase::Down;
        is_down.then(|| state.pending.batch()).flatten()
    }

    /// Notes that the entries of a batch were appended.
    pub(super) fn appended(&self, batch: &Batch, epoch: Epoch) {
        let Some(outcomes) = self.state().pending.appended(batch) else {
            return;
        };
        self.progress_of_append.send_replace(());
        for (on_outcome, number) in outcomes {
            on_outcome(Outcome::Kept(epoch, number));
        }
        if !self.follows {
            self.origins().settled(&self.node, batch.last, true);
            self.settle(batch.last);
        }
    }

    /// Has all pending entries appended again, and the latest ones that were read, since another epoch of the store begins. If the store `has_lost`
    /// them, an entry that tells of it follows them in any case: its number shows the other nodes whether they lack earlier ones.
    pub(super) fn append_again(&self, has_lost: bool) {
        let mut state = self.state();
        state.pending.append_again();
        match has_lost {
            true => self.tell_lost(&mut state),
            false => self.wake.notify_one(),
        }
    }

    /// Returns the pending event of this node with this number.
    pub(super) fn own_event(&self, number: u64) -> Option<Arc<KeptEvent>> {
        self.state().pending.event(number)
    }

    /// Notes that this node's entries up to a number were read, and sends the packets that wait behind them.
    pub(super) fn settle(&self, number: u64) {
        let epoch = self.progress().epoch;
        let outcomes = self.state().pending.settle(number);
        if let Some(epoch) = epoch {
            for (on_outcome, number) in outcomes {
                on_outcome(Outcome::Kept(epoch, number));
            }
        }
        self.settled_to(number);
    }

    /// Notes that this node's entries up to a number were delivered.
    pub(super) fn settled_to(&self, number: u64) {
        self.settled.send_if_modified(|settled| {
            let is_more = *settled < number;
            *settled = (*settled).max(number);
            is_more
        });
    }
}

impl fmt::Debug for StoredEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredEvents")
            .field("store", &self.store)
            .field("state", &self.state_of_store())
            .finish_non_exhaustive()
    }
}

/// The error of an operation that took too long.
pub(super) fn too_slow() -> BoxError {
    "the store does not respond".into()
}
