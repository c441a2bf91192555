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

use super::{Hub, Recoveries, RecoveryOptions, Room, SessionSaver, SessionTypes, StoredEvents};
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
    fn keep(&self, namespace: &str, rooms: &[Room]) -> bool {
        let keeps = |history: &NamespaceHistory| {
            history.namespace.matches(namespace)
                && rooms.iter().any(|room| history.rule.pattern.matches(room))
        };
        self.recovers || self.histories.iter().any(keeps)
    }

    /// Begins an epoch of the store, of which the events up to `floor` are unknown. The logs of the former epoch end.
    fn begin_epoch(&self, epoch: Epoch, floor: Place) {
        let mut logs = self.write();
        logs.epoch = Some((epoch, floor));
        let ended = std::mem::take(&mut logs.by_namespace);
        drop(logs);
        for log in ended.values() {
            log.end();
        }
    }

    /// Returns the longest time that an event is kept.
    fn max_age(&self) -> Duration {
        let histories = self.histories.iter().map(|history| history.rule.max_age);
        let longest = histories.max().unwrap_or_default();
        longest.max(self.limits.age)
    }

    fn all(&self) -> Vec<Arc<EventLog>> {
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

impl Hub {
    /// Enables the recovery of sessions and the histories of rooms, in memory or in a store. A store also keeps the session values of the given
    /// types.
    pub(crate) fn with_logs(
        mut self,
        recovery: Option<RecoveryOptions>,
        histories: Vec<NamespaceHistory>,
        stored: Option<(Arc<StoredEvents>, SessionTypes)>,
    ) -> Self {
        if recovery.is_none() && histories.is_empty() {
            return self;
        }
        let limits = recovery.as_ref().map(|options| LogLimits {
            bytes: options.bytes,
            age: options.age,
        });
        let (stored, types) = stored.unzip();
        let saver = recovery.as_ref().zip(stored.clone()).zip(types);
        let saver = saver.map(|((options, stored), types)| {
            let kept_for = options.max_disconnection;
            Arc::new(SessionSaver::new(stored, types, kept_for))
        });
        self.is_plain &= stored.is_none();
        let logs = Arc::new(Logs::new(limits, histories, stored));
        if let Some(stored) = &logs.stored {
            stored.keep_for(logs.max_age());
        }
        self.recovery =
            recovery.map(|options| Arc::new(Recoveries::new(options, Arc::clone(&logs), saver)));
        self.logs = Some(logs);
        self
    }

    /// Returns the log of a namespace, if its events are kept.
    pub(crate) fn log(&self, namespace: &Arc<str>) -> Option<Arc<EventLog>> {
        self.logs.as_ref()?.get(namespace)
    }

    /// Returns this node's side of the event store, if there is one.
    pub(crate) fn stored(&self) -> Option<&Arc<StoredEvents>> {
        self.logs.as_ref()?.stored.as_ref()
    }

    /// Returns this node's side of the event store, if events to these rooms of a namespace are kept there. The store may be down.
    pub(crate) fn stored_for(&self, namespace: &str, rooms: &[Room]) -> Option<&Arc<StoredEvents>> {
        let logs = self.logs.as_ref()?;
        let stored = logs.stored.as_ref()?;
        logs.keep(namespace, rooms).then_some(stored)
    }

    /// Returns the saver of sessions, if there is a store and sessions are recovered.
    pub(crate) fn saver(&self) -> Option<&Arc<SessionSaver>> {
        self.recovery.as_ref()?.saver.as_ref()
    }

    /// Returns whether events of the store in this epoch are delivered here when they are read.
    pub(crate) fn follows(&self, epoch: &str) -> bool {
        let followed = self.stored().and_then(|stored| stored.progress().epoch);
        followed.is_some_and(|followed| followed.to_string() == epoch)
    }

    /// Notes that another node delivers an event before it is kept, under this number; 0 if it will not be kept. Clients that are away miss it.
    /// Returns whether it was read from the store before.
    pub(crate) fn was_not_kept(&self, namespace: &str, node: &str, number: u64) -> bool {
        let Some(stored) = self.stored() else {
            return false;
        };
        let was_read = stored.origins().unkept(node, number);
        if !was_read && let Some(log) = self.log(&Arc::from(namespace)) {
            log.lose(None);
        }
        was_read
    }

    /// Returns whether the nodes of the store may have delivered different events to their clients, because it was down. Which events a client
    /// has missed can't be told from its position then.
    pub(super) fn are_nodes_unsettled(&self) -> bool {
        self.stored()
            .is_some_and(|stored| stored.origins().are_unsettled())
    }

    /// Lets the store drop entries that no node needs any more.
    pub(super) async fn trim_store(&self) {
        let (Some(logs), Some(stored)) = (&self.logs, self.stored()) else {
            return;
        };
        logs.trim();
        stored.trim().await;
    }

    /// Begins an epoch of the store, of which the events up to `floor` are unknown.
    pub(super) fn begin_epoch(&self, epoch: Epoch, floor: Place) {
        if let Some(logs) = &self.logs {
            logs.begin_epoch(epoch, floor);
        }
    }

    /// Notes that events were not kept, so that clients that were away have missed them. `number` is the entry that tells it to all nodes;
    /// `None` if only this node knows.
    pub(super) fn lose_events(&self, number: Option<u64>) {
        for log in self.logs.iter().flat_map(|logs| logs.all()) {
            log.lose(number);
        }
    }

    /// Notes that this node will not read the entries up to this number, which others have: its connected clients have missed events as well.
    /// Those with a session are disconnected, and come back as new clients.
    pub(super) fn miss_events(&self, number: u64) {
        self.lose_events(Some(number));
        let namespaces: Vec<_> = self.read().values().cloned().collect();
        for client in namespaces
            .iter()
            .flat_map(|clients| clients.everyone.list().to_vec())
        {
            if client.recoverable().is_some() {
                client.connection().miss_events();
            }
        }
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
