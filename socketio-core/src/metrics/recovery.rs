//! [`RecoveryMetrics`]: the recovery of sessions.

use crate::{admission::Places, node::Node};

/// The recovery of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryMetrics {
    /// The number of sessions that are kept for clients that have lost their connections, now.
    pub kept_sessions: u64,
    /// The number of kept events, now.
    pub kept_events: u64,
    /// An estimate of the memory of the kept events in bytes, now.
    pub kept_bytes: u64,
    /// The outcomes of the sessions that clients have presented, and of kept ones that were evicted.
    pub outcomes: Vec<RecoveryOutcomeMetrics>,
    /// The number of kept sessions that ended without having been recovered.
    pub expired: u64,
}

/// The count of one outcome of a recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryOutcomeMetrics {
    /// `recovered`; `unknown_session` (it has expired, or never existed); `invalid_offset`; `incomplete` (events that the
    /// client has missed are no longer kept); `too_much` (more than an outbox may hold); `evicted` (too many sessions were
    /// kept); `store_unavailable` (the event store could not be reached).
    pub name: &'static str,
    /// The number of times that it was seen.
    pub count: u64,
}

/// The histories of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryMetrics {
    /// The number of kept events, now.
    pub events: u64,
    /// An estimate of their memory in bytes, now.
    pub bytes: u64,
    /// The number of requests that wait for events over HTTP or are streams of them, now.
    pub readers: u64,
}

/// Returns the metrics of histories, if any room has one.
pub(super) fn history(node: &Node) -> Option<HistoryMetrics> {
    let logs = node.hub.logs.as_ref()?;
    let (events, bytes) = logs.has_histories().then(|| logs.history_size())?;
    Some(HistoryMetrics {
        events: events as u64,
        bytes: bytes as u64,
        readers: node
            .extensions
            .get::<Places>()
            .map_or(0, |places| places.count() as u64),
    })
}

/// Returns the metrics of the recovery, if the server recovers sessions.
pub(super) fn recovery(node: &Node) -> Option<RecoveryMetrics> {
    let (counters, sessions, events, bytes) = node.hub.recovery.as_ref()?.counts();
    let outcomes = counters
        .all()
        .map(|(outcome, count)| RecoveryOutcomeMetrics {
            name: outcome.name(),
            count,
        });
    Some(RecoveryMetrics {
        kept_sessions: sessions as u64,
        kept_events: events as u64,
        kept_bytes: bytes as u64,
        outcomes: outcomes.collect(),
        expired: counters.expired.get(),
    })
}
