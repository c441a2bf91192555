//! [`RecoverySessions`]: the sessions that can be recovered, by their secret ids.
//!
//! | state | how it ends |
//! |---|---|
//! | live | its client disconnects: it becomes *kept*, or ends if the reason is not the loss of its connection |
//! | kept | a client claims it; it expires; it is evicted because there are too many; it can't be recovered completely |
//! | claimed | the client is accepted: *live*; or it is refused, or a later client claims it: *kept* |

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use super::{
    Client, Room,
    slots::{Slot, Slots},
};
use crate::{
    base::{Reason, Sid},
    event_log::{EventLog, Memberships, Place},
};

/// The session of a client that has lost its connection.
#[derive(Debug)]
pub(crate) struct KeptSession {
    /// Its secret id.
    pub(super) pid: Arc<str>,
    pub(crate) sid: Sid,
    pub(crate) namespace: Arc<str>,
    pub(crate) rooms: Vec<Room>,
    pub(crate) user: Option<Arc<str>>,
    pub(crate) reason: Reason,
    pub(super) slots: Mutex<Slots>,
    pub(super) connection_slots: Slots,
    pub(super) log: Arc<EventLog>,
    pub(super) memberships: Memberships,
    /// The session began after this position.
    pub(super) start: Place,
    /// The position of the last event that was put into the outbox.
    pub(super) last: Place,
    /// The position that the client had presented when events were replayed.
    pub(super) replayed_after: Option<Place>,
    /// The last position that only its node had, of an event that was sent to this client alone.
    pub(super) local: Place,
    /// The place that the client had presented when the session began.
    pub(super) former: Option<Place>,
    /// Whether another node had it.
    pub(super) is_foreign: bool,
    /// The position at which the client ended or, if its node ended, the last position at which it was known to have missed nothing.
    pub(super) until: Place,
    /// Becomes true when its last handler has ended.
    pub(super) previous: watch::Receiver<bool>,
}

impl KeptSession {
    /// Returns the slot for a value of type `T`.
    pub(crate) fn value<T: Default + Send + 'static>(&self) -> Arc<Slot<T>> {
        Slots::slot(&self.slots)
    }
}

enum Session {
    Live(Weak<Client>),
    Kept {
        session: Arc<KeptSession>,
        deadline: Instant,
        /// The claim of the latest client that wants to recover it.
        claim: Option<u64>,
    },
}

/// The result of a look-up of a session by its secret id.
pub(super) enum Found {
    Unknown,
    /// Its client has not ended yet.
    Live(Arc<Client>),
    /// The session belongs to this client now, under this claim.
    Claimed(Arc<KeptSession>, u64),
}

/// The sessions of a server that can be recovered. Its lock is the innermost one.
#[derive(Default)]
pub(super) struct RecoverySessions(Mutex<Table>);

#[derive(Default)]
struct Table {
    by_pid: HashMap<Arc<str>, Session>,
    /// Kept sessions in the order of their deadlines. Some of them may have been recovered.
    deadlines: VecDeque<(Instant, Arc<str>)>,
    kept: usize,
    claims: u64,
}

impl RecoverySessions {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many sessions are kept.
    pub(super) fn kept(&self) -> usize {
        self.lock().kept
    }

    /// Returns whether there is a session.
    pub(super) fn has(&self, pid: &str) -> bool {
        self.lock().by_pid.contains_key(pid)
    }

    /// Returns a kept session.
    pub(super) fn kept_session(&self, pid: &str) -> Option<Arc<KeptSession>> {
        match self.lock().by_pid.get(pid)? {
            Session::Kept { session, .. } => Some(Arc::clone(session)),
            Session::Live(_) => None,
        }
    }

    /// Adds the session of a new client.
    pub(super) fn begin(&self, pid: &Arc<str>, client: &Arc<Client>) {
        let live = Session::Live(Arc::downgrade(client));
        self.lock().by_pid.insert(Arc::clone(pid), live);
    }

    /// Keeps the session of a client that has lost its connection for `duration`. Returns the session that is evicted if there are `max`
    /// already.
    pub(super) fn keep(
        &self,
        pid: &Arc<str>,
        session: &Arc<KeptSession>,
        duration: Duration,
        max: usize,
    ) -> Option<Arc<KeptSession>> {
        let deadline = Instant::now() + duration;
        let table = &mut *self.lock();
        let evicted = match table.kept >= max {
            true => table.take_oldest(),
            false => None,
        };
        table.insert_kept(pid, Arc::clone(session), deadline);
        table.deadlines.push_back((deadline, Arc::clone(pid)));
        table.forget_recovered();
        evicted
    }

    /// Claims a session of a namespace. An earlier claim ends.
    pub(super) fn claim(&self, pid: &str, namespace: &str) -> Found {
        let table = &mut *self.lock();
        match table.by_pid.get_mut(pid) {
            Some(Session::Live(client)) => match client.upgrade() {
                Some(client) if **client.namespace() == *namespace => Found::Live(client),
                _ => Found::Unknown,
            },
            Some(Session::Kept { session, claim, .. }) if *session.namespace == *namespace => {
                table.claims += 1;
                *claim = Some(table.claims);
                Found::Claimed(Arc::clone(session), table.claims)
            }
            _ => Found::Unknown,
        }
    }

    /// Gives a claimed session to its client, which has been accepted. Returns false if the claim has ended.
    pub(super) fn revive(&self, pid: &Arc<str>, claim: u64, client: &Arc<Client>) -> bool {
        let table = &mut *self.lock();
        match table.by_pid.get_mut(pid) {
            Some(kept @ Session::Kept { .. }) if kept.is_claimed_by(claim) => {
                *kept = Session::Live(Arc::downgrade(client));
                table.kept -= 1;
                true
            }
            _ => false,
        }
    }

    /// Ends a claim: the session stays as it was.
    pub(super) fn release(&self, pid: &str, claim: u64) {
        if let Some(Session::Kept { claim: current, .. }) = self.lock().by_pid.get_mut(pid)
            && *current == Some(claim)
        {
            *current = None;
        }
    }

    /// Ends the session of a client. Returns false if there was none.
    pub(super) fn end(&self, pid: &str) -> bool {
        let table = &mut *self.lock();
        let removed = table.by_pid.remove(pid);
        if let Some(Session::Kept { .. }) = removed {
            table.kept -= 1;
        }
        removed.is_some()
    }

    /// Removes and returns the expired sessions, with the next deadline. Sessions that a client is about to recover stay.
    pub(super) fn expire(&self) -> (Vec<Arc<KeptSession>>, Option<Instant>) {
        let now = Instant::now();
        let mut expired = Vec::new();
        let table = &mut *self.lock();
        let mut claimed = Vec::new();
        while let Some((deadline, _)) = table.deadlines.front()
            && *deadline <= now
        {
            let Some((deadline, pid)) = table.deadlines.pop_front() else {
                break;
            };
            match table.by_pid.get(&pid) {
                Some(Session::Kept {
                    deadline: own,
                    claim,
                    ..
                }) if *own == deadline => {
                    if claim.is_some() {
                        claimed.push((deadline, pid));
                    } else {
                        expired.extend(table.take(&pid));
                    }
                }
                // It has been recovered.
                _ => {}
            }
        }
        let next = table.deadlines.front().map(|(deadline, _)| *deadline);
        let is_claimed = !claimed.is_empty();
        for deadline in claimed.into_iter().rev() {
            table.deadlines.push_front(deadline);
        }
        let soon = is_claimed.then(|| now + Duration::from_secs(1));
        (expired, next.into_iter().chain(soon).min())
    }

    /// Removes all kept sessions and returns them.
    pub(super) fn take_all(&self) -> Vec<Arc<KeptSession>> {
        let table = &mut *self.lock();
        let mut all = Vec::new();
        while let Some((_, pid)) = table.deadlines.pop_front() {
            all.extend(table.take(&pid));
        }
        all
    }
}

impl Session {
    fn is_claimed_by(&self, token: u64) -> bool {
        matches!(self, Session::Kept { claim: Some(claim), .. } if *claim == token)
    }
}

impl Table {
    fn insert_kept(&mut self, pid: &Arc<str>, session: Arc<KeptSession>, deadline: Instant) {
        let kept = Session::Kept {
            session,
            deadline,
            claim: None,
        };
        self.kept += 1;
        if let Some(Session::Kept { .. }) = self.by_pid.insert(Arc::clone(pid), kept) {
            self.kept -= 1;
        }
    }

    /// Forgets the deadlines of sessions that have been recovered, if they are many.
    fn forget_recovered(&mut self) {
        if self.deadlines.len() <= 2 * self.kept + 1_024 {
            return;
        }
        let by_pid = &self.by_pid;
        self.deadlines.retain(|(deadline, pid)| {
            matches!(by_pid.get(pid), Some(Session::Kept { deadline: own, .. }) if own == deadline)
        });
    }

    /// Removes a kept session.
    fn take(&mut self, pid: &str) -> Option<Arc<KeptSession>> {
        match self.by_pid.remove(pid)? {
            Session::Kept { session, .. } => {
                self.kept -= 1;
                Some(session)
            }
            live @ Session::Live(_) => {
                self.by_pid.insert(Arc::from(pid), live);
                None
            }
        }
    }

    /// Removes the session that was kept longest, except for those that a client is about to recover.
    fn take_oldest(&mut self) -> Option<Arc<KeptSession>> {
        let mut index = 0;
        while let Some((deadline, pid)) = self.deadlines.get(index) {
            match self.by_pid.get(pid) {
                Some(Session::Kept {
                    deadline: own,
                    claim,
                    ..
                }) if own == deadline => {
                    if claim.is_none() {
                        let (_, pid) = self.deadlines.remove(index)?;
                        return self.take(&pid);
                    }
                    index += 1;
                }
                // It has been recovered.
                _ => {
                    self.deadlines.remove(index);
                }
            }
        }
        None
    }
}

impl std::fmt::Debug for RecoverySessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecoverySessions")
            .field("kept", &self.kept())
            .finish_non_exhaustive()
    }
}
