//! [`Logs`]: the logs of all namespaces whose events are kept.
//!
//! The hub looks up the log of a namespace here before it delivers an event. A namespace whose events are not kept has no log.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use socketio_names::Pattern;

use super::{Room, StoredEvents};
use crate::{
    base::give_back,
    event_log::{Epoch, EventLog, HistoryRule, LogLimits, Place},
};

/// The history of rooms in the namespaces of a pattern.
#[derive(Clone, Debug)]
pub(crate) struct NamespaceHistory {
    pub(crate) namespace: Pattern,
    pub(crate) rule: Arc<HistoryRule>,
}

/// The logs of all namespaces whose events are kept: for sessions that can be recovered, and for the histories of rooms.
pub(crate) struct Logs {
    limits: LogLimits,
    histories: Vec<NamespaceHistory>,
    /// Derives the epochs of logs with histories, so that a log that is forgotten before its first event gets the same epoch again.
    epochs: RandomState,
    /// Set if what is kept outlives the process.
    pub(super) stored: Option<Arc<StoredEvents>>,
    /// Whether events are kept for sessions.
    recovers: bool,
    logs: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    by_namespace: HashMap<Arc<str>, Arc<EventLog>>,
    /// The epoch of the store, and the place up to which its events are unknown.
    epoch: Option<(Epoch, Place)>,
}

impl Logs {
    /// Creates the logs. `limits` apply to events that are kept for sessions; `None` if none are.
    pub(crate) fn new(
        limits: Option<LogLimits>,
        histories: Vec<NamespaceHistory>,
        stored: Option<Arc<StoredEvents>>,
    ) -> Self {
        let none = LogLimits {
            bytes: 0,
            age: Duration::ZERO,
        };
        Logs {
            recovers: limits.is_some(),
            limits: limits.unwrap_or(none),
            stored,
            histories,
            epochs: RandomState::new(),
            logs: RwLock::default(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.logs.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.logs.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self, namespace: &str) -> Vec<Arc<HistoryRule>> {
        let histories = self.histories.iter();
        let own = histories.filter(|history| history.namespace.matches(namespace));
        own.map(|history| Arc::clone(&history.rule)).collect()
    }

    /// Returns the log of a namespace, if its events are kept.
    pub(crate) fn get(&self, namespace: &Arc<str>) -> Option<Arc<EventLog>> {
        if let Some(log) = self.read().by_namespace.get(namespace) {
            self.catch_up(log);
            return Some(Arc::clone(log));
        }
        if self.stored.is_some() {
            return self.begin_stored(namespace);
        }
        if self.histories.is_empty() {
            return None;
        }
        let rules = self.rules(namespace);
        if rules.is_empty() {
            return None;
        }
        let mut logs = self.write();
        let log = logs.by_namespace.entry(Arc::clone(namespace));
        let log = log.or_insert_with(|| self.create(namespace, rules));
        Some(Arc::clone(log))
    }

    /// Returns whether the events of a namespace are kept.
    pub(super) fn keeps(&self, namespace: &str) -> bool {
        let mut histories = self.histories.iter();
        histories.any(|history| history.namespace.matches(namespace))
            || self.read().by_namespace.contains_key(namespace)
    }

    fn create(&self, namespace: &str, rules: Vec<Arc<HistoryRule>>) -> Arc<EventLog> {
        let epoch = match rules.is_empty() {
            // A random one suffices, since the log is forgotten with its last session.
            true => Epoch::random(),
            false => Epoch::of(self.epochs.hash_one(namespace)),
        };
        Arc::new(EventLog::new(epoch, self.limits, rules))
    }

    /// Forgets the log of a namespace that has never had an event and is not in use. Needed because readers of histories may name any namespace
    /// that matches a pattern.
    pub(super) fn forget_unused(&self, namespace: &str) {
        if self.stored.is_some() {
            return;
        }
        let is_unused = |log: &Arc<EventLog>| Arc::strong_count(log) == 1 && log.is_unused();
        if !self
            .read()
            .by_namespace
            .get(namespace)
            .is_some_and(is_unused)
        {
            return;
        }
        let mut logs = self.write();
        let forgotten = match logs.by_namespace.get(namespace).is_some_and(is_unused) {
            true => logs.by_namespace.remove(namespace),
            false => None,
        };
        give_back(&mut logs.by_namespace);
        drop(logs);
        drop(forgotten);
    }

    /// Creates the log of a namespace in the store. Returns `None` if its events are not kept, or the store was not opened yet.
    fn begin_stored(&self, namespace: &Arc<str>) -> Option<Arc<EventLog>> {
        let rules = self.rules(namespace);
        if !self.recovers && rules.is_empty() {
            return None;
        }
        let is_down = self.stored.as_ref().is_some_and(|stored| stored.is_down());
        let mut logs = self.write();
        let (limits, recovers) = (self.limits, self.recovers);
        let log = match logs.epoch {
            Some((epoch, floor)) => EventLog::of_store(epoch, limits, rules, floor, recovers),
            // Nothing is kept until the store can be reached.
            None if is_down => EventLog::new(Epoch::random(), limits, rules),
            None => return None,
        };
        let logs = logs.by_namespace.entry(Arc::clone(namespace));
        Some(Arc::clone(logs.or_insert_with(|| Arc::new(log))))
    }

    /// Advances a log to where the store was read, since the latest entries may belong to other namespaces.
    fn catch_up(&self, log: &EventLog) {
        if let Some(stored) = &self.stored {
            let progress = stored.progress();
            if progress.epoch == Some(log.epoch()) {
                log.advance(progress.number);
            }
        }
    }

    /// Begins a session in a namespace, which ends with [`end_session`](Self::end_session), and returns the log. Returns `None` if the store was
    /// not opened yet.
    pub(super) fn begin_session(&self, namespace: &Arc<str>) -> Option<Arc<EventLog>> {
        if self.stored.is_some() {
            // With a store, events are kept even if there are no sessions.
            return self.get(namespace);
        }
        let mut logs = self.write();
        let log = logs
            .by_namespace
            .entry(Arc::clone(namespace))
            .or_insert_with(|| self.create(namespace, self.rules(namespace)));
        log.begin_session();
        Some(Arc::clone(log))
    }

    /// Ends a session in a namespace. With the last one, the events that are kept for sessions are dropped.
    pub(super) fn end_session(&self, namespace: &str) {
        if self.stored.is_some() {
            return;
        }
        let mut logs = self.write();
        let log = logs.by_namespace.get(namespace);
        let is_empty = log.is_some_and(|log| log.end_session());
        let ended = is_empty.then(|| logs.by_namespace.remove(namespace));
        drop(logs);
        drop(ended);
    }

    /// Returns whether an event to these rooms of a namespace is kept.
    pub(super) fn keep(&self, namespace: &str, rooms: &[Room]) -> bool {
        let keeps = |history: &NamespaceHistory| {
            history.namespace.matches(namespace)
                && rooms.iter().any(|room| history.rule.pattern.matches(room))
        };
        self.recovers || self.histories.iter().any(keeps)
    }

    /// Begins an epoch of the store, of which the events up to `floor` are unknown. The logs of the former epoch end.
    pub(super) fn begin_epoch(&self, epoch: Epoch, floor: Place) {
        let mut logs = self.write();
        logs.epoch = Some((epoch, floor));
        let ended = std::mem::take(&mut logs.by_namespace);
        drop(logs);
        for log in ended.values() {
            log.end();
        }
    }

    /// Notes that events were not kept, in any namespace: see [`EventLog::lose`]. This also holds for namespaces whose log does not exist yet.
    pub(super) fn lose(&self, number: Option<u64>) {
        let read = self.stored.as_ref().map(|stored| stored.progress().number);
        let mut logs = self.write();
        if let Some((_, floor)) = &mut logs.epoch {
            let lost = match number {
                Some(number) => Place::of(number),
                None => Place::of(read.unwrap_or_default()).next_unkept(),
            };
            *floor = lost.max(*floor);
        }
        let all: Vec<_> = logs.by_namespace.values().cloned().collect();
        drop(logs);
        for log in all {
            log.lose(number);
        }
    }

    /// Returns the longest time that an event is kept.
    pub(super) fn max_age(&self) -> Duration {
        let histories = self.histories.iter().map(|history| history.rule.max_age);
        let longest = histories.max().unwrap_or_default();
        longest.max(self.limits.age)
    }

    pub(super) fn all(&self) -> Vec<Arc<EventLog>> {
        self.read().by_namespace.values().cloned().collect()
    }

    /// Forgets the logs of namespaces in the store that have no events and are not in use.
    fn forget_unused_of_store(&self) {
        let mut logs = self.write();
        let Table {
            by_namespace,
            epoch,
        } = &mut *logs;
        by_namespace.retain(|_, log| {
            let state = log.lock();
            let is_used = Arc::strong_count(log) > 1 || !state.is_unused();
            if let Some((_, floor)) = epoch
                && !is_used
            {
                *floor = state.floor().max(*floor);
            }
            is_used
        });
    }

    /// Drops events that are too old.
    pub(super) fn trim(&self) {
        for log in self.all() {
            log.trim();
        }
        if self.stored.is_some() {
            self.forget_unused_of_store();
        }
    }

    /// Returns the number of events that are kept for sessions, and an estimate of their memory in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let sizes = self.read();
        let sizes = sizes.by_namespace.values().map(|log| log.size());
        sizes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    pub(crate) fn has_histories(&self) -> bool {
        !self.histories.is_empty()
    }

    /// Returns the number of events in histories, and an estimate of their memory in bytes.
    pub(crate) fn history_size(&self) -> (usize, usize) {
        let sizes = self.read();
        let logs = sizes.by_namespace.values();
        let sizes = logs.map(|log| log.lock().histories.size());
        sizes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

/// Ends the tasks of the store with the server.
impl Drop for Logs {
    fn drop(&mut self) {
        if let Some(stored) = &self.stored {
            stored.end();
        }
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs")
            .field("histories", &self.histories)
            .finish_non_exhaustive()
    }
}
