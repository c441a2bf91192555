//! [`Recoverable`]: the part of a client that is needed to recover its session.
//!
//! Its positions are changed under the lock of the log, so that they agree with the events that were put into the outbox.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;

use super::{
    Client, Room,
    recovery_sessions::KeptSession,
    stored::{Changed, SessionMark},
};
use crate::event_log::{Backlog, EventLog, LogState, Memberships, Place};

/// Stands for no position.
const NONE: u64 = u64::MAX;

/// A place that is changed under the lock of the log, and read without it.
#[derive(Debug, Default)]
struct AtomicPlace(AtomicU64);

impl AtomicPlace {
    fn new(place: Place) -> Self {
        AtomicPlace(AtomicU64::new(place.to_bits()))
    }

    fn get(&self) -> Place {
        Place::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, place: Place) {
        self.0.store(place.to_bits(), Ordering::Relaxed);
    }
}

/// The part of a client whose session can be recovered. Positions are those of its namespace's log.
#[derive(Debug)]
pub(crate) struct Recoverable {
    /// The secret id of the session, which outlives connections.
    pub(super) pid: Arc<str>,
    pub(super) log: Arc<EventLog>,
    /// The client receives events after this position. Written once, when it is accepted.
    start: AtomicPlace,
    /// The position of the last event that was put into its outbox.
    last: AtomicPlace,
    /// The position that the client had presented when events were replayed; [`NONE`] if none were.
    replayed_after: AtomicU64,
    /// The last position that only this node has.
    local: AtomicPlace,
    /// The place that the client had presented when the session began. It presents it again until it has received an event of the session.
    pub(super) former: Option<Place>,
    /// Set if the session is stored.
    pub(super) mark: Option<Arc<SessionMark>>,
    /// Locked only after the log.
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
    pub(super) received: Place,
    /// The position that the client has presented.
    pub(super) presented: Place,
    /// Proves that no other client recovers the session.
    pub(super) claim: u64,
}

impl Recoverable {
    /// Creates the part for a client with a new session.
    pub(super) fn new(
        pid: Arc<str>,
        log: Arc<EventLog>,
        mark: Option<Arc<SessionMark>>,
        former: Option<Place>,
    ) -> Self {
        Recoverable {
            pid,
            log,
            start: AtomicPlace::default(),
            last: AtomicPlace::default(),
            replayed_after: AtomicU64::new(NONE),
            local: AtomicPlace::default(),
            former,
            mark,
            memberships: Mutex::default(),
            resumed: None,
            ended: watch::Sender::new(false),
        }
    }

    /// Creates the part for a client that recovers a session.
    pub(super) fn resume(pid: Arc<str>, resumed: Resumed, mark: Option<Arc<SessionMark>>) -> Self {
        let session = &resumed.session;
        let mut memberships = session.memberships.clone();
        memberships.lost_connection();
        Recoverable {
            pid,
            log: Arc::clone(&session.log),
            start: AtomicPlace::new(session.start),
            last: AtomicPlace::new(session.last),
            replayed_after: AtomicU64::new(NONE),
            // Checked before: the client has received everything that only the other node had.
            local: AtomicPlace::new(match session.is_foreign {
                true => Place::START,
                false => session.local,
            }),
            former: session.former,
            mark,
            memberships: Mutex::new(memberships),
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

    /// Returns a flag that becomes true when the previous client of the session has ended, including its `disconnect` handler.
    pub(crate) fn previous(&self) -> Option<watch::Receiver<bool>> {
        Some(self.resumed.as_ref()?.session.previous.clone())
    }

    /// Returns a guard that marks this client as ended when it is dropped.
    pub(crate) fn ending(&self) -> Ending {
        Ending(self.ended.clone())
    }

    pub(super) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    pub(super) fn log(&self) -> &Arc<EventLog> {
        &self.log
    }

    pub(super) fn start(&self) -> Place {
        self.start.get()
    }

    /// Sets the position after which the client, which is accepted, receives events. Called under the lock of the log.
    pub(super) fn start_after(&self, seq: Place) {
        self.start.set(seq);
        self.last.set(seq);
    }

    pub(super) fn last(&self) -> Place {
        self.last.get()
    }

    pub(super) fn replayed_after(&self) -> Option<Place> {
        let seq = self.replayed_after.load(Ordering::Relaxed);
        (seq != NONE).then_some(Place::from_bits(seq))
    }

    /// Notes that events were replayed to the client, which had presented this position.
    pub(super) fn set_replayed_after(&self, seq: Place) {
        self.replayed_after.store(seq.to_bits(), Ordering::Relaxed);
    }

    /// Forgets the replay: the client has been connected since, and has dispatched the events that it had kept.
    pub(crate) fn forget_replay(&self) {
        self.replayed_after.store(NONE, Ordering::Relaxed);
        self.changed();
    }

    /// Notes that the event at this position was put into the outbox. Called under the lock of the log.
    pub(super) fn delivered(&self, seq: Place) {
        self.last.set(seq);
    }

    pub(super) fn memberships(&self) -> MutexGuard<'_, Memberships> {
        self.memberships
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an event at this position, which only this node has, was put into the outbox. Called under the lock of the log.
    pub(super) fn delivered_locally(&self, seq: Place) {
        self.delivered(seq);
        self.local.set(seq);
    }

    pub(super) fn local(&self) -> Place {
        self.local.get()
    }

    pub(super) fn joined(&self, room: &Room, log: &LogState) {
        self.memberships().join(room, log.seq());
        self.changed();
    }

    /// Notes that the client joins a room with a history, and what it has of the earlier events.
    pub(super) fn joined_with(&self, room: &Room, backlog: Backlog, log: &LogState) {
        let mut memberships = self.memberships();
        memberships.join(room, log.seq());
        memberships.set_backlog(room, backlog);
        drop(memberships);
        self.changed();
    }

    pub(super) fn left(&self, room: &str, log: &LogState) {
        self.memberships().leave(room, log.seq(), log.floor());
        self.changed();
    }

    /// Stores the session, if there is a store.
    pub(super) fn changed(&self) {
        if let Some(mark) = &self.mark {
            mark.changed();
        }
    }

    /// Returns whether another node has taken over the session.
    pub(super) fn is_taken(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.is_taken())
    }

    /// Stores the session of a client, which is accepted, from now on. `here` is the room of all clients of this node.
    pub(super) fn begin_storing(&self, client: &Arc<Client>, here: &Room, log: &LogState) {
        if let Some(mark) = &self.mark {
            mark.begin(client);
            client.connection().add_session(mark.this());
            self.joined(here, log);
        }
    }
}

/// Tells the next client of a session that this client has ended, when it is dropped.
#[derive(Debug)]
pub(crate) struct Ending(watch::Sender<bool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}
