//! [`RateLimitMetrics`]: the events over rate limits.

use std::collections::BTreeMap;

use super::{
    Metrics,
    samples::{Kind, Samples, sample},
};
use crate::counters::{RateConsequence, RatedCounters};

/// The events over one [rate limit](https://docs.rs/socketio/latest/socketio/guide/guards/index.html#rate-limits). Each event counts once,
/// for the limit that refused it, by the consequence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitMetrics {
    /// What the limit counts: the events of one handler (`event`), all events of a namespace (`namespace`), or all events of a client
    /// in each namespace (`server`).
    pub rule: &'static str,
    /// The path or pattern of the namespace; `*` for the server's limits.
    pub namespace: String,
    /// The name of the event; empty if the limit counts all events of a namespace.
    pub event: String,
    /// The number of events that were refused, without a further consequence.
    pub refused: u64,
    /// The number of events that were refused with a warning to the client.
    pub warned: u64,
    /// The number of events that were refused, and whose client was disconnected.
    pub disconnected: u64,
}

/// Returns the numbers of all limits. Those of one rule with the same names are counted together.
pub(super) fn rate_limits(rated: &[RatedCounters]) -> Vec<RateLimitMetrics> {
    let mut sums = BTreeMap::<_, [u64; RateConsequence::ALL.len()]>::new();
    for one in rated {
        let names = (one.rule, &*one.namespace, &*one.event);
        let sums = sums.entry(names).or_default();
        for (sum, consequence) in sums.iter_mut().zip(RateConsequence::ALL) {
            *sum += one.counters.get(consequence);
        }
    }
    let limits = sums.into_iter();
    limits
        .map(|((rule, namespace, event), sums)| {
            let [refused, warned, disconnected] = sums;
            RateLimitMetrics {
                rule: rule.name(),
                namespace: namespace.to_owned(),
                event: event.to_owned(),
                refused,
                warned,
                disconnected,
            }
        })
        .collect()
}

impl Metrics {
    pub(super) fn rate_limit_samples(&self) -> Samples {
        let samples = self.rate_limits.iter().flat_map(|one| {
            let consequences = [
                ("refused", one.refused),
                ("warned", one.warned),
                ("disconnected", one.disconnected),
            ];
            consequences.map(|(consequence, count)| {
                let labels = [
                    ("rule", one.rule),
                    ("namespace", &one.namespace),
                    ("event", &one.event),
                    ("consequence", consequence),
                ];
                sample(labels, count)
            })
        });
        Samples::new(
            Kind::Counter,
            "socketio_rate_limited_events_total",
            "Events over a rate limit, by what followed.",
            samples,
        )
    }
}
