//! [`Recoverable`]: what a client needs so that its session can be recovered.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;

use super::{Room, recovery_sessions::KeptSession};
use crate::event_log::{EventLog, LogState, Memberships};

/// No position.
const NONE: u64 = u64::MAX;

/// The part of a client whose session can be recovered. Positions are those of its namespace's log.
#[derive(Debug)]
pub(crate) struct Recoverable {
    /// The secret id of the session, which outlives connections.
    pub(super) pid: Arc<str>,
    pub(super) log: Arc<EventLog>,
    /// The client receives events after this position. Written once, when it is accepted.
    start: AtomicU64,
    /// The position of the last event that was put into its outbox.
    last: AtomicU64,
    /// The position that the client had presented when events were replayed; [`NONE`] if none were.
    replayed_after: AtomicU64,
    /// Locked after the log only.
    memberships: Mutex<Memberships>,
    pub(super) resumed: Option<Resumed>,
    /// Becomes true when its last handler has ended.
    ended: watch::Sender<bool>,
}

/// The session that a client recovers.
#[derive(Clone, Debug)]
pub(super) struct Resumed {
    pub(super) session: Arc<KeptSession>,
    /// The client has all events up to here.
    pub(super) received: u64,
    /// The position that the client has presented.
    pub(super) presented: u64,
    /// Proves that no other client recovers the session.
    pub(super) claim: u64,
}

impl Recoverable {
    /// For a client with a new session.
    pub(super) fn new(pid: Arc<str>, log: Arc<EventLog>) -> Self {
        Recoverable {
            pid,
            log,
            start: AtomicU64::new(0),
            last: AtomicU64::new(0),
            replayed_after: AtomicU64::new(NONE),
            memberships: Mutex::default(),
            resumed: None,
            ended: watch::Sender::new(false),
        }
    }

    /// For a client that recovers a session.
    pub(super) fn resume(pid: Arc<str>, resumed: Resumed) -> Self {
        let session = &resumed.session;
        Recoverable {
            pid,
            log: Arc::clone(&session.log),
            start: AtomicU64::new(session.start),
            last: AtomicU64::new(session.last),
            replayed_after: AtomicU64::new(NONE),
            memberships: Mutex::new(session.memberships.clone()),
            ended: watch::Sender::new(false),
            resumed: Some(resumed),
        }
    }

    pub(crate) fn pid(&self) -> &str {
        &self.pid
    }

    /// Returns whether the client has recovered a session.
    pub(crate) fn is_recovered(&self) -> bool {
        self.resumed.is_some()
    }

    /// Returns what becomes true when the previous client of the session has ended, its `disconnect` handler included.
    pub(crate) fn previous(&self) -> Option<watch::Receiver<bool>> {
        Some(self.resumed.as_ref()?.session.previous.clone())
    }

    /// Returns what ends this client when it is dropped.
    pub(crate) fn ending(&self) -> Ending {
        Ending(self.ended.clone())
    }

    pub(super) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    pub(super) fn log(&self) -> &Arc<EventLog> {
        &self.log
    }

    pub(super) fn start(&self) -> u64 {
        self.start.load(Ordering::Relaxed)
    }

    /// The client is accepted: it receives what comes after this position. Under the lock of the log.
    pub(super) fn start_after(&self, seq: u64) {
        self.start.store(seq, Ordering::Relaxed);
        self.last.store(seq, Ordering::Relaxed);
    }

    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    pub(super) fn replayed_after(&self) -> Option<u64> {
        let seq = self.replayed_after.load(Ordering::Relaxed);
        (seq != NONE).then_some(seq)
    }

    /// Events were replayed to a client that had presented this position.
    pub(super) fn set_replayed_after(&self, seq: u64) {
        self.replayed_after.store(seq, Ordering::Relaxed);
    }

    /// The event at this position was put into the outbox. Under the lock of the log.
    pub(super) fn delivered(&self, seq: u64) {
        self.last.store(seq, Ordering::Relaxed);
    }

    pub(super) fn memberships(&self) -> MutexGuard<'_, Memberships> {
        self.memberships
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn joined(&self, room: &Room, log: &LogState) {
        self.memberships().join(room, log.seq());
    }

    pub(super) fn left(&self, room: &str, log: &LogState) {
        self.memberships().leave(room, log.seq(), log.floor());
    }
}

/// Tells the next client of a session, when it is dropped, that this one has ended.
#[derive(Debug)]
pub(crate) struct Ending(watch::Sender<bool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}
