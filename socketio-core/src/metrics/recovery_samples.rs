//! The numbers of the recovery of sessions, of histories, and of the event store.

use super::{
    Metrics,
    samples::{Kind, Samples, plain, sample},
};

impl Metrics {
    pub(super) fn history_samples(&self) -> Vec<Samples> {
        let Some(history) = &self.history else {
            return Vec::new();
        };
        vec![
            Samples::new(
                Kind::Gauge,
                "socketio_history_events",
                "Events that are kept in the histories of rooms.",
                plain(history.events),
            ),
            Samples::new(
                Kind::Gauge,
                "socketio_history_bytes",
                "Memory of the events in the histories of rooms.",
                plain(history.bytes),
            ),
            Samples::new(
                Kind::Gauge,
                "socketio_history_readers",
                "Requests that wait for events of histories over HTTP, or are streams of them.",
                plain(history.readers),
            ),
        ]
    }

    pub(super) fn store_samples(&self) -> Vec<Samples> {
        let Some(store) = &self.health.store else {
            return Vec::new();
        };
        vec![
            Samples::new(
                Kind::Gauge,
                "socketio_store_available",
                "1 if the event store can be reached.",
                plain(store.is_available.into()),
            ),
            Samples::new(
                Kind::Gauge,
                "socketio_store_waiting_events",
                "Events that are on their way to the event store and back.",
                plain(store.waiting as u64),
            ),
            Samples::new(
                Kind::Counter,
                "socketio_store_unkept_events_total",
                "Events that were sent before they were kept, because the event store was down.",
                plain(store.unkept),
            ),
        ]
    }

    pub(super) fn recovery_samples(&self) -> Vec<Samples> {
        let Some(recovery) = &self.recovery else {
            return Vec::new();
        };
        let outcomes = recovery.outcomes.iter();
        vec![
            Samples::new(
                Kind::Gauge,
                "socketio_recovery_kept_sessions",
                "Sessions that are kept for clients that have lost their connections.",
                plain(recovery.kept_sessions),
            ),
            Samples::new(
                Kind::Gauge,
                "socketio_recovery_kept_events",
                "Events that are kept for clients that come back.",
                plain(recovery.kept_events),
            ),
            Samples::new(
                Kind::Gauge,
                "socketio_recovery_kept_bytes",
                "Memory of the events that are kept.",
                plain(recovery.kept_bytes),
            ),
            Samples::new(
                Kind::Counter,
                "socketio_recovery_outcomes_total",
                "Sessions that clients presented, and kept ones that were evicted, by the outcome.",
                outcomes.map(|one| sample([("outcome", one.name)], one.count)),
            ),
            Samples::new(
                Kind::Counter,
                "socketio_recovery_expired_total",
                "Kept sessions that ended without having been recovered.",
                plain(recovery.expired),
            ),
        ]
    }
}
