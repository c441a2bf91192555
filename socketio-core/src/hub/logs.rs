//! [`Logs`]: the logs of all namespaces whose events are kept.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use socketio_names::Pattern;

use super::{Hub, Recoveries, RecoveryOptions};
use crate::{
    base::give_back,
    event_log::{Epoch, EventLog, HistoryRule, LogLimits},
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
    /// Makes the epochs of logs with histories: one that is forgotten before its first event, and made again, has the same.
    epochs: RandomState,
    logs: RwLock<HashMap<Arc<str>, Arc<EventLog>>>,
}

impl Logs {
    /// `limits` are those of what is kept for sessions; `None` if none is.
    pub(crate) fn new(limits: Option<LogLimits>, histories: Vec<NamespaceHistory>) -> Self {
        let none = LogLimits {
            bytes: 0,
            age: Duration::ZERO,
        };
        Logs {
            limits: limits.unwrap_or(none),
            histories,
            epochs: RandomState::new(),
            logs: RwLock::default(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Arc<str>, Arc<EventLog>>> {
        self.logs.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Arc<str>, Arc<EventLog>>> {
        self.logs.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self, namespace: &str) -> Vec<Arc<HistoryRule>> {
        let histories = self.histories.iter();
        let own = histories.filter(|history| history.namespace.matches(namespace));
        own.map(|history| Arc::clone(&history.rule)).collect()
    }

    /// Returns the log of a namespace, if its events are kept.
    pub(crate) fn get(&self, namespace: &Arc<str>) -> Option<Arc<EventLog>> {
        if let Some(log) = self.read().get(namespace) {
            return Some(Arc::clone(log));
        }
        if self.histories.is_empty() {
            return None;
        }
        let rules = self.rules(namespace);
        if rules.is_empty() {
            return None;
        }
        let mut logs = self.write();
        let log = logs.entry(Arc::clone(namespace));
        let log = log.or_insert_with(|| self.create(namespace, rules));
        Some(Arc::clone(log))
    }

    /// Returns whether the events of a namespace are kept.
    pub(super) fn keeps(&self, namespace: &str) -> bool {
        let mut histories = self.histories.iter();
        histories.any(|history| history.namespace.matches(namespace))
            || self.read().contains_key(namespace)
    }

    fn create(&self, namespace: &str, rules: Vec<Arc<HistoryRule>>) -> Arc<EventLog> {
        let epoch = match rules.is_empty() {
            // It is forgotten with its last session.
            true => Epoch::random(),
            false => Epoch::of(self.epochs.hash_one(namespace)),
        };
        Arc::new(EventLog::new(epoch, self.limits, rules))
    }

    /// Forgets the log of a namespace that has never had an event and that nobody needs: a reader of histories may name any
    /// namespace of a pattern.
    pub(super) fn forget_unused(&self, namespace: &str) {
        let is_unused = |log: &Arc<EventLog>| Arc::strong_count(log) == 1 && log.is_unused();
        if !self.read().get(namespace).is_some_and(is_unused) {
            return;
        }
        let mut logs = self.write();
        let forgotten = match logs.get(namespace).is_some_and(is_unused) {
            true => logs.remove(namespace),
            false => None,
        };
        give_back(&mut logs);
        drop(logs);
        drop(forgotten);
    }

    /// Begins a session in a namespace, and returns its log. It ends with [`end_session`](Self::end_session).
    pub(super) fn begin_session(&self, namespace: &Arc<str>) -> Arc<EventLog> {
        let mut logs = self.write();
        let log = logs
            .entry(Arc::clone(namespace))
            .or_insert_with(|| self.create(namespace, self.rules(namespace)));
        log.begin_session();
        Arc::clone(log)
    }

    /// A session of a namespace has ended. With the last one, what is kept for sessions is dropped.
    pub(super) fn end_session(&self, namespace: &str) {
        let mut logs = self.write();
        let is_empty = logs.get(namespace).is_some_and(|log| log.end_session());
        let ended = is_empty.then(|| logs.remove(namespace));
        drop(logs);
        drop(ended);
    }

    /// Drops what is too old.
    pub(super) fn trim(&self) {
        let logs: Vec<_> = self.read().values().cloned().collect();
        for log in logs {
            log.trim();
        }
    }

    /// Returns the number of events that are kept for sessions, and about how much memory they take in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let sizes = self.read();
        let sizes = sizes.values().map(|log| log.size());
        sizes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    pub(crate) fn has_histories(&self) -> bool {
        !self.histories.is_empty()
    }

    /// Returns the number of events in histories, and about how much memory they take in bytes.
    pub(crate) fn history_size(&self) -> (usize, usize) {
        let sizes = self.read();
        let sizes = sizes.values().map(|log| log.lock().histories.size());
        sizes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

impl Hub {
    /// Keeps what is needed to recover sessions, and the histories of rooms.
    pub(crate) fn with_logs(
        mut self,
        recovery: Option<RecoveryOptions>,
        histories: Vec<NamespaceHistory>,
    ) -> Self {
        if recovery.is_none() && histories.is_empty() {
            return self;
        }
        let limits = recovery.as_ref().map(|options| LogLimits {
            bytes: options.bytes,
            age: options.age,
        });
        let logs = Arc::new(Logs::new(limits, histories));
        self.recovery =
            recovery.map(|options| Arc::new(Recoveries::new(options, Arc::clone(&logs))));
        self.logs = Some(logs);
        self
    }

    /// Returns the log of a namespace, if its events are kept.
    pub(crate) fn log(&self, namespace: &Arc<str>) -> Option<Arc<EventLog>> {
        self.logs.as_ref()?.get(namespace)
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs")
            .field("histories", &self.histories)
            .finish_non_exhaustive()
    }
}
