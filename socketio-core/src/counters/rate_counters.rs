//! [`RateCounters`]: counts the events over one rate limit.

use std::sync::Arc;

use super::Counter;

/// What a rate limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RateRule {
    /// The events of one handler.
    Event,
    /// All events of a namespace.
    Namespace,
    /// All events of a client, in every namespace.
    Server,
}

impl RateRule {
    /// Returns the name that is used as a label.
    pub(crate) fn name(self) -> &'static str {
        match self {
            RateRule::Event => "event",
            RateRule::Namespace => "namespace",
            RateRule::Server => "server",
        }
    }
}

/// The consequence for a client whose event is over a rate limit. The event is refused in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateConsequence {
    /// Nothing else.
    Refused,
    /// It is warned.
    Warned,
    /// It is disconnected.
    Disconnected,
}

impl RateConsequence {
    /// All consequences, in the order of their discriminants.
    pub(crate) const ALL: [RateConsequence; 3] = [
        RateConsequence::Refused,
        RateConsequence::Warned,
        RateConsequence::Disconnected,
    ];
}

/// The events over one limit, by their consequence.
#[derive(Debug, Default)]
pub(crate) struct RateCounters([Counter; RateConsequence::ALL.len()]);

impl RateCounters {
    /// Counts an event over the limit.
    pub(crate) fn count(&self, consequence: RateConsequence) {
        self.0[consequence as usize].increment();
    }

    /// Returns how many events had this consequence.
    pub(crate) fn get(&self, consequence: RateConsequence) -> u64 {
        self.0[consequence as usize].get()
    }
}

/// The counters of one limit, with the names that label them. The names come from the handler table.
#[derive(Clone, Debug)]
pub(crate) struct RatedCounters {
    pub(crate) rule: RateRule,
    /// The path or pattern of the namespace.
    pub(crate) namespace: Box<str>,
    /// Empty if the limit counts all events of a namespace.
    pub(crate) event: Box<str>,
    pub(crate) counters: Arc<RateCounters>,
}
