//! [`Samples`]: the numbers of a snapshot under their names in Prometheus.
//!
//! All forms of output use this list. A name ends with its unit, and with `_total` if the number only grows.

use std::time::Duration;

use super::{Histogram, Metrics, RecorderMetrics};

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number that only grows.
    Counter,
    /// The number now.
    Gauge,
    Histogram,
}

/// One number with its labels.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Number(u64),
    Histogram(Histogram),
}

/// All numbers of one name.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) samples: Vec<Sample>,
}

impl Samples {
    pub(super) fn new(
        kind: Kind,
        name: &'static str,
        help: &'static str,
        samples: impl IntoIterator<Item = Sample>,
    ) -> Self {
        Samples {
            name,
            help,
            kind,
            samples: samples.into_iter().collect(),
        }
    }
}

pub(super) fn sample<const N: usize>(labels: [(&'static str, &str); N], value: u64) -> Sample {
    Sample {
        labels: labels.map(|(name, value)| (name, value.to_owned())).into(),
        value: Value::Number(value),
    }
}

pub(super) fn plain(value: u64) -> [Sample; 1] {
    [sample([], value)]
}

impl Metrics {
    /// Returns all numbers under their names.
    pub(super) fn samples(&self) -> Vec<Samples> {
        let mut all = self.connection_samples();
        all.extend(self.event_samples());
        all.push(self.rate_limit_samples());
        all.extend(self.outbox_samples());
        all.extend(self.recovery_samples());
        all.extend(self.store_samples());
        all.extend(self.recorder.iter().flat_map(RecorderMetrics::samples));
        all.extend(self.history_samples());
        all.extend(self.delivery_samples());
        all.extend(self.health_samples());
        all
    }

    fn event_samples(&self) -> Vec<Samples> {
        use Kind::Counter;
        let events = |value: fn(&super::EventMetrics) -> u64| {
            self.events.iter().map(move |one| {
                sample(
                    [("namespace", &one.namespace), ("event", &one.event)],
                    value(one),
                )
            })
        };
        let durations = self.handlers.iter().map(|one| Sample {
            labels: vec![
                ("namespace", one.namespace.clone()),
                ("event", one.event.clone()),
                ("handler", one.handler.clone()),
            ],
            value: Value::Histogram(one.duration.clone()),
        });
        let errors = self.handlers.iter().flat_map(|one| {
            let errors = &one.errors;
            let kinds = [
                ("invalid_arguments", errors.invalid_arguments),
                ("forbidden", errors.forbidden),
                ("panic", errors.panics),
                ("error", errors.other),
            ];
            kinds.map(|(kind, count)| {
                let (namespace, event) = (&*one.namespace, &*one.event);
                sample(
                    [
                        ("namespace", namespace),
                        ("event", event),
                        ("handler", &one.handler),
                        ("kind", kind),
                    ],
                    count,
                )
            })
        });
        vec![
            Samples::new(
                Counter,
                "socketio_received_events_total",
                "Received events.",
                events(|one| one.received),
            ),
            Samples::new(
                Counter,
                "socketio_sent_events_total",
                "Events put into outboxes, once for each recipient.",
                events(|one| one.sent),
            ),
            Samples::new(
                Kind::Histogram,
                "socketio_handler_duration_seconds",
                "How long handlers ran, waiting included.",
                durations,
            ),
            Samples::new(
                Counter,
                "socketio_handler_errors_total",
                "Failed events, by the kind of error.",
                errors,
            ),
            Samples::new(
                Counter,
                "socketio_acks_timed_out_total",
                "Acknowledgements that a call has waited for until its timeout.",
                plain(self.acks_timed_out),
            ),
        ]
    }

    fn outbox_samples(&self) -> Vec<Samples> {
        use Kind::{Counter, Gauge};
        let outbox = &self.outbox;
        let dropped = [
            ("drop_newest", outbox.dropped_newest),
            ("drop_oldest", outbox.dropped_oldest),
            ("latest_per_key", outbox.dropped_superseded),
            ("volatile", outbox.dropped_volatile),
            ("disconnect", outbox.dropped_disconnecting),
            ("refused", outbox.refused),
        ];
        vec![
            Samples::new(
                Gauge,
                "socketio_outbox_messages",
                "Messages that wait to be written.",
                plain(outbox.messages),
            ),
            Samples::new(
                Gauge,
                "socketio_outbox_bytes",
                "Bytes that wait to be written.",
                plain(outbox.bytes),
            ),
            Samples::new(
                Gauge,
                "socketio_outbox_largest_bytes",
                "Bytes in the fullest outbox.",
                plain(outbox.largest),
            ),
            Samples::new(
                Gauge,
                "socketio_outbox_memory_bytes",
                "Memory of outboxes, with shared payloads counted once.",
                plain(outbox.memory),
            ),
            Samples::new(
                Gauge,
                "socketio_outbox_memory_limit_bytes",
                "The limit of the memory of outboxes.",
                plain(outbox.memory_limit),
            ),
            Samples::new(
                Counter,
                "socketio_dropped_packets_total",
                "Packets that did not fit into an outbox, by what the overflow policy did.",
                dropped.map(|(policy, count)| sample([("policy", policy)], count)),
            ),
            Samples::new(
                Counter,
                "socketio_slow_clients_total",
                "Connections closed because the client read too slowly.",
                plain(outbox.slow_clients),
            ),
        ]
    }
}

/// Returns seconds as a decimal number.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
