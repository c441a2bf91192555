//! [`SessionSaver`]: stores the sessions of this node while they live.
//!
//! Each session has a mark that queues it here when it changes. A task that `StoredEvents` starts stores them in batches.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use super::{
    session_mark::{GivenUp, HeldAck, SessionMark},
    session_record::SessionRecord,
    session_types::SessionTypes,
    stored_events::{OPERATION, StoredEvents, too_slow},
};
use crate::{
    base::BoxError,
    event_store::{SessionKey, StoredSession},
    hub::{ConnectionHandle, Hub, KeptSession},
    packet::Frames,
};

/// The maximum number of jobs in a batch.
const BATCH: usize = 64;

/// The maximum number of waiting jobs. Beyond it, the oldest job that is not a change of a live session is dropped: a stored session expires
/// by itself.
const WAITING: usize = 65_536;

/// How long changes are collected before they are stored.
const COLLECT: Duration = Duration::from_millis(2);

/// The pause after an error.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest interval after which all live sessions are stored again.
const REFRESH: Duration = Duration::from_secs(30);

/// A change of a session that must be stored.
pub(super) enum Job {
    /// The session of a client.
    Save(Arc<SessionMark>),
    /// A session whose client has lost its connection.
    Keep(Arc<KeptSession>),
    Remove(Removal),
}

/// A session that has ended and is still in the store, until this is dropped.
pub(super) struct Removal {
    key: SessionKey,
    ended: Arc<Mutex<HashSet<SessionKey>>>,
}

impl Drop for Removal {
    fn drop(&mut self) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.remove(&self.key);
    }
}

impl Job {
    /// Returns the number of changes that this job stores. Called before the session is read: later changes are another job.
    fn begin(&self) -> u64 {
        match self {
            Job::Save(mark) => mark.take_dirty(),
            Job::Keep(_) | Job::Remove(_) => 0,
        }
    }
}

/// The progress of the jobs.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Whether jobs wait or run.
    is_busy: bool,
    /// Whether the latest attempt has failed.
    is_failing: bool,
}

/// Stores the sessions of this node whenever they change, so that another node can recover them.
pub(crate) struct SessionSaver {
    stored: Arc<StoredEvents>,
    types: SessionTypes,
    /// How long the session of a client that has lost its connection is stored.
    kept_for: Duration,
    jobs: Mutex<VecDeque<Job>>,
    wake: Notify,
    progress: watch::Sender<Progress>,
    marks: Mutex<HashMap<SessionKey, Arc<SessionMark>>>,
    /// The sessions that have ended here and are still in the store.
    ended: Arc<Mutex<HashSet<SessionKey>>>,
}

impl SessionSaver {
    pub(in crate::hub) fn new(
        stored: Arc<StoredEvents>,
        types: SessionTypes,
        kept_for: Duration,
    ) -> Self {
        SessionSaver {
            stored,
            types,
            kept_for,
            jobs: Mutex::default(),
            wake: Notify::new(),
            progress: watch::Sender::default(),
            marks: Mutex::default(),
            ended: Arc::default(),
        }
    }

    pub(super) fn hub(&self) -> Option<Arc<Hub>> {
        self.stored.hub()
    }

    pub(super) fn types(&self) -> &SessionTypes {
        &self.types
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<SessionKey, Arc<SessionMark>>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the mark of a session of this node.
    pub(in crate::hub) fn mark(self: &Arc<Self>, pid: &Arc<str>) -> Arc<SessionMark> {
        let mut marks = self.marks();
        let mark = marks
            .entry(SessionKey::of(pid))
            .or_insert_with(|| SessionMark::new(pid, self));
        Arc::clone(mark)
    }

    /// Returns the mark of a session that this node has.
    pub(super) fn find(&self, key: &SessionKey) -> Option<Arc<SessionMark>> {
        self.marks().get(key).cloned()
    }

    /// Stores the session of a client that has lost its connection.
    pub(in crate::hub) fn keep(&self, session: &Arc<KeptSession>) {
        self.push(Job::Keep(Arc::clone(session)));
    }

    /// Returns whether a session has ended at this node, although it is still in the store.
    pub(super) fn has_ended(&self, key: &SessionKey) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.contains(key)
    }

    /// Removes a session that has ended.
    pub(in crate::hub) fn end(&self, pid: &str) {
        let key = SessionKey::of(pid);
        let mark = self.marks().remove(&key);
        if let Some(mark) = &mark {
            self.release(mark, u64::MAX);
        }
        if mark.is_none_or(|mark| !mark.is_taken()) {
            let ended = Arc::clone(&self.ended);
            let mut keys = ended.lock().unwrap_or_else(PoisonError::into_inner);
            keys.insert(key.clone());
            drop(keys);
            self.push(Job::Remove(Removal { key, ended }));
        }
    }

    /// Sends the acknowledgements that waited for this number of stored changes of a session.
    fn release(&self, mark: &SessionMark, changes: u64) {
        self.send(mark.saved(changes));
    }

    fn send(&self, acks: Vec<HeldAck>) {
        for (connection, packet) in acks {
            let bytes = packet.bytes();
            self.stored.push_behind(&connection, packet);
            connection.end_late_ack(bytes);
        }
    }

    /// Sends all waiting acknowledgements, since sessions can't be stored now.
    pub(super) fn give_up(&self, hub: &Hub) {
        let marks: Vec<_> = self.marks().values().cloned().collect();
        for mark in marks {
            self.give_up_one(hub, &mark);
        }
    }

    fn give_up_one(&self, hub: &Hub, mark: &SessionMark) {
        let GivenUp { untold, acks } = mark.give_up();
        if let Some(client) = untold {
            hub.send_local_offset(&client);
        }
        self.send(acks);
    }

    /// Sends an acknowledgement to the client of a session, after the changes of the session so far are stored and after the events that
    /// still wait for the store.
    pub(in crate::hub) fn acknowledge(
        &self,
        hub: &Hub,
        mark: &SessionMark,
        connection: &Arc<ConnectionHandle>,
        packet: Frames,
    ) {
        let held = match self.stored.is_down() {
            true => {
                self.give_up_one(hub, mark);
                Err(packet)
            }
            false => mark.hold(connection, packet),
        };
        if let Err(packet) = held {
            self.stored.push_behind(connection, packet);
        }
    }

    /// Forgets a session that another node has taken.
    pub(super) fn forget(&self, key: &SessionKey) {
        let mark = self.marks().remove(key);
        if let Some(mark) = mark {
            self.release(&mark, u64::MAX);
        }
    }

    pub(super) fn push(&self, job: Job) {
        let mut jobs = self.jobs();
        if jobs.len() >= WAITING
            && let Some(index) = jobs.iter().position(|job| !matches!(job, Job::Save(_)))
        {
            jobs.remove(index);
        }
        jobs.push_back(job);
        self.progress
            .send_modify(|progress| progress.is_busy = true);
        drop(jobs);
        self.wake.notify_one();
    }

    /// Waits until all that has changed is stored.
    pub(super) async fn flushed(&self) {
        let mut progress = self.progress.subscribe();
        // The sender lives as long as this.
        drop(progress.wait_for(|progress| !progress.is_busy).await);
    }

    /// Waits until all that has changed is stored, or can't be stored now.
    pub(super) async fn flushed_or_failing(&self) {
        let mut progress = self.progress.subscribe();
        let done = progress.wait_for(|progress| !progress.is_busy || progress.is_failing);
        drop(done.await);
    }

    /// Stores sessions until the hub is dropped.
    pub(super) async fn run(self: Arc<Self>, hub: Weak<Hub>) {
        let mut refresh = Instant::now() + self.refresh();
        loop {
            tokio::select! {
                () = self.wake.notified() => sleep(COLLECT).await,
                () = tokio::time::sleep_until(refresh) => {
                    let Some(hub) = hub.upgrade() else { return };
                    refresh = Instant::now() + self.refresh();
                    self.mark_all();
                    hub.trim_store().await;
                }
            }
            while let Some(batch) = self.take() {
                let Some(hub) = hub.upgrade() else { return };
                let mut batch = batch;
                while let Err(error) = self.store(&hub, &mut batch).await {
                    tracing::debug!(target: "socketio", %error, "sessions can't be stored: trying again");
                    self.progress
                        .send_modify(|progress| progress.is_failing = true);
                    self.give_up(&hub);
                    sleep(PAUSE).await;
                }
                let jobs = self.jobs();
                self.progress.send_replace(Progress {
                    is_busy: !jobs.is_empty(),
                    is_failing: false,
                });
            }
        }
    }

    /// Returns the interval after which sessions are stored even if they have not changed.
    fn refresh(&self) -> Duration {
        REFRESH
            .min(self.kept_for / 4)
            .max(Duration::from_millis(100))
    }

    fn mark_all(&self) {
        let marks: Vec<_> = self.marks().values().cloned().collect();
        for mark in marks.iter().filter(|mark| mark.client().is_some()) {
            mark.refresh();
        }
    }

    fn take(&self) -> Option<Vec<Job>> {
        let mut jobs = self.jobs();
        let count = jobs.len().min(BATCH);
        let batch: Vec<_> = jobs.drain(..count).collect();
        (!batch.is_empty()).then_some(batch)
    }

    /// Does jobs in order, and removes those that are done.
    async fn store(&self, hub: &Hub, batch: &mut Vec<Job>) -> Result<(), BoxError> {
        while let Some(first) = batch.first() {
            if let Job::Remove(Removal { key, .. }) = first {
                let removed = self.stored.store.remove_session(key, &self.stored.node);
                within(removed).await?;
                batch.remove(0);
                continue;
            }
            let saves = batch
                .iter()
                .take_while(|job| !matches!(job, Job::Remove(_)));
            let (changes, saves): (Vec<_>, Vec<_>) =
                saves.map(|job| (job.begin(), self.session(job))).unzip();
            let count = saves.len();
            let sessions: Vec<_> = saves.into_iter().flatten().collect();
            if !sessions.is_empty() {
                let saved = self
                    .stored
                    .store
                    .save_sessions(&self.stored.node, &sessions);
                let saved = within(saved).await?;
                let taken = sessions.iter().zip(saved).filter(|(_, is_saved)| !is_saved);
                for (session, _) in taken {
                    hub.session_was_taken(&session.key);
                }
            }
            for (job, changes) in batch.drain(..count).zip(changes) {
                if let Job::Save(mark) = job {
                    self.release(&mark, changes);
                }
            }
        }
        Ok(())
    }

    fn session(&self, job: &Job) -> Option<StoredSession> {
        let (key, record, ttl) = match job {
            Job::Save(mark) => {
                let client = mark.client().filter(|_| !mark.is_taken())?;
                let record = SessionRecord::of_client(&client, &self.types)?;
                // Longer than the interval after which it is stored again.
                let ttl = self.kept_for.saturating_add(2 * self.refresh());
                (mark.key.clone(), record, ttl)
            }
            Job::Keep(session) => {
                let key = SessionKey::of(&session.pid);
                let current = self.find(&key).and_then(|mark| mark.client());
                if current.is_some_and(|client| client.is_connected()) {
                    // It was recovered in the meantime, and its mark stores what has changed since.
                    return None;
                }
                let record = SessionRecord::of_kept(session, &self.types)?;
                (key, record, self.kept_for)
            }
            Job::Remove(_) => return None,
        };
        Some(StoredSession {
            record: record.write().ok()?,
            key,
            ttl,
        })
    }
}

async fn within<T>(operation: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    let done = timeout(OPERATION, operation).await;
    done.unwrap_or_else(|_| Err(too_slow()))
}

impl fmt::Debug for SessionSaver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSaver")
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}
