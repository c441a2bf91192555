//! [`DeliveryMetrics`]: events that run once, and events that are kept until they are acknowledged.

use super::{
    Metrics,
    samples::{Kind, Samples, plain, sample},
};
use crate::counters::Counters;

/// Events that run once, and events that are kept until they are acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryMetrics {
    /// The number of events with [`once`](crate::EventHandlerExt::once) that had been handled before, so that the stored response was sent
    /// again.
    pub repeated: u64,
    /// The number of responses of events with `once` that could not be stored: a retry may run the handler again.
    pub not_stored: u64,
    /// The number of events of [`deliver`](crate::To::deliver) that this node has sent and a client has acknowledged.
    pub acknowledged: u64,
    /// The events of `deliver` that this node could not deliver, by cause.
    pub undelivered: Vec<UndeliveredMetrics>,
}

/// The events that could not be delivered for one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndeliveredMetrics {
    /// `expired`, `attempts` or `invalid`: the variants of [`UndeliveredReason`](crate::UndeliveredReason).
    pub reason: &'static str,
    /// The number of events.
    pub count: u64,
}

impl DeliveryMetrics {
    pub(super) fn of(counters: &Counters) -> Self {
        let undelivered = [
            ("expired", &counters.undelivered_expired),
            ("attempts", &counters.undelivered_attempts),
            ("invalid", &counters.undelivered_invalid),
        ];
        DeliveryMetrics {
            repeated: counters.once_repeated.get(),
            not_stored: counters.once_not_stored.get(),
            acknowledged: counters.deliveries_acknowledged.get(),
            undelivered: undelivered
                .into_iter()
                .map(|(reason, count)| UndeliveredMetrics {
                    reason,
                    count: count.get(),
                })
                .collect(),
        }
    }
}

impl Metrics {
    pub(super) fn delivery_samples(&self) -> Vec<Samples> {
        let delivery = &self.delivery;
        let undelivered = delivery.undelivered.iter();
        vec![
            Samples::new(
                Kind::Counter,
                "socketio_once_repeated_total",
                "Events with `once` whose stored responses were sent again.",
                plain(delivery.repeated),
            ),
            Samples::new(
                Kind::Counter,
                "socketio_once_not_stored_total",
                "Responses of events with `once` that could not be stored.",
                plain(delivery.not_stored),
            ),
            Samples::new(
                Kind::Counter,
                "socketio_deliver_acknowledged_total",
                "Kept events that a client has acknowledged.",
                plain(delivery.acknowledged),
            ),
            Samples::new(
                Kind::Counter,
                "socketio_deliver_undelivered_total",
                "Kept events that could not be delivered, by cause.",
                undelivered.map(|one| sample([("reason", one.reason)], one.count)),
            ),
        ]
    }
}
