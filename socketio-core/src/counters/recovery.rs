//! [`RecoveryCounters`]: counts the outcomes of recovering sessions.

use super::Counter;

/// The outcome of a session that a client has presented, or that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecoveryOutcome {
    Recovered,
    /// There is no such session: it has expired, or never existed.
    Unknown,
    /// The client did not present a position of its session.
    InvalidOffset,
    /// Events that it has missed are no longer kept.
    Incomplete,
    /// It has missed more than its outbox may hold.
    TooMuch,
    /// Too many sessions were kept.
    Evicted,
    /// The event store could not be reached.
    StoreUnavailable,
}

impl RecoveryOutcome {
    /// All outcomes, in the order of their discriminants.
    pub(crate) const ALL: [RecoveryOutcome; 7] = [
        RecoveryOutcome::Recovered,
        RecoveryOutcome::Unknown,
        RecoveryOutcome::InvalidOffset,
        RecoveryOutcome::Incomplete,
        RecoveryOutcome::TooMuch,
        RecoveryOutcome::Evicted,
        RecoveryOutcome::StoreUnavailable,
    ];

    /// Returns the name that is used as a label.
    pub(crate) fn name(self) -> &'static str {
        match self {
            RecoveryOutcome::Recovered => "recovered",
            RecoveryOutcome::Unknown => "unknown_session",
            RecoveryOutcome::InvalidOffset => "invalid_offset",
            RecoveryOutcome::Incomplete => "incomplete",
            RecoveryOutcome::TooMuch => "too_much",
            RecoveryOutcome::Evicted => "evicted",
            RecoveryOutcome::StoreUnavailable => "store_unavailable",
        }
    }
}

/// The counters of the recovery of sessions.
#[derive(Debug, Default)]
pub(crate) struct RecoveryCounters {
    outcomes: [Counter; RecoveryOutcome::ALL.len()],
    /// Kept sessions that ended without having been recovered.
    pub(crate) expired: Counter,
}

impl RecoveryCounters {
    pub(crate) fn count(&self, outcome: RecoveryOutcome) {
        self.outcomes[outcome as usize].increment();
    }

    /// Returns how often each outcome was counted.
    pub(crate) fn all(&self) -> impl Iterator<Item = (RecoveryOutcome, u64)> {
        RecoveryOutcome::ALL
            .into_iter()
            .zip(self.outcomes.iter().map(Counter::get))
    }
}
