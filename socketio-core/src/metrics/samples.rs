//! [`Samples`]: the numbers of a snapshot under their names in Prometheus.
//!
//! All forms of output use this list. A name ends with its unit, and with `_total` if the number only grows.

use std::time::Duration;

use super::{Histogram, Metrics, RecorderMetrics, snapshot::snake_case};

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

    fn connection_samples(&self) -> Vec<Samples> {
        use Kind::{Counter, Gauge};
        let problems = |keep: fn(&super::ProblemMetrics) -> bool, label| {
            let kept = self.problems.iter().filter(move |one| keep(one));
            kept.map(move |one| sample([(label, &one.name)], one.count))
        };
        let transports = self.connections.iter();
        let reason = |one: &super::ClosedMetrics| snake_case(&format!("{:?}", one.reason));
        vec![
            Samples::new(
                Gauge,
                "socketio_connections",
                "Open connections.",
                transports
                    .clone()
                    .map(|one| sample([("transport", one.transport)], one.open)),
            ),
            Samples::new(
                Counter,
                "socketio_connections_opened_total",
                "Opened connections.",
                transports.map(|one| sample([("transport", one.transport)], one.opened)),
            ),
            Samples::new(
                Counter,
                "socketio_connections_closed_total",
                "Ended connections, by the reason.",
                self.closed
                    .iter()
                    .map(|one| sample([("reason", &reason(one))], one.count)),
            ),
            Samples::new(
                Gauge,
                "socketio_tcp_connections",
                "Open TCP connections.",
                plain(self.tcp_connections),
            ),
            Samples::new(
                Counter,
                "socketio_connections_upgraded_total",
                "Connections that changed from polling to WebSocket.",
                plain(self.upgraded),
            ),
            Samples::new(
                Counter,
                "socketio_handshakes_refused_total",
                "Refused handshakes, by the problem.",
                problems(|one| one.refuses_handshake, "cause"),
            ),
            Samples::new(
                Counter,
                "socketio_problems_total",
                "Refused or ignored input and closed connections, by the problem.",
                problems(|_| true, "problem"),
            ),
            Samples::new(
                Counter,
                "socketio_decode_errors_total",
                "Input that could not be decoded.",
                plain(self.decode_errors()),
            ),
            Samples::new(
                Gauge,
                "socketio_clients",
                "Connected clients.",
                self.namespaces
                    .iter()
                    .map(|one| sample([("namespace", &one.namespace)], one.clients)),
            ),
            Samples::new(
                Counter,
                "socketio_clients_accepted_total",
                "Clients that were accepted in a namespace.",
                plain(self.clients_accepted),
            ),
            Samples::new(
                Counter,
                "socketio_clients_refused_total",
                "Clients that a connect handler or a guard refused.",
                plain(self.clients_refused),
            ),
            Samples::new(
                Counter,
                "socketio_received_messages_total",
                "Received messages.",
                plain(self.messages_received),
            ),
            Samples::new(
                Counter,
                "socketio_received_bytes_total",
                "Bytes of received messages.",
                plain(self.bytes_received),
            ),
            Samples::new(
                Counter,
                "socketio_sent_messages_total",
                "Messages passed to transports.",
                plain(self.messages_sent),
            ),
            Samples::new(
                Counter,
                "socketio_sent_bytes_total",
                "Bytes of messages passed to transports.",
                plain(self.bytes_sent),
            ),
            Samples::new(
                Kind::Histogram,
                "socketio_ping_round_trip_seconds",
                "From when a ping is due until its pong arrives.",
                [Sample {
                    labels: Vec::new(),
                    value: Value::Histogram(self.ping_round_trip.clone()),
                }],
            ),
        ]
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

    fn health_samples(&self) -> Vec<Samples> {
        use Kind::{Counter, Gauge};
        let health = &self.health;
        let mut all = vec![
            Samples::new(
                Gauge,
                "socketio_ready",
                "1 if the server accepts clients.",
                plain(health.ready.into()),
            ),
            Samples::new(
                Gauge,
                "socketio_draining",
                "1 while the server shuts down.",
                plain(health.draining.into()),
            ),
        ];
        if let Some(queue) = &health.queue {
            all.extend([
                Samples::new(
                    Gauge,
                    "socketio_queue_subscribed",
                    "1 if the server is subscribed to the message queue.",
                    plain(queue.is_subscribed.into()),
                ),
                Samples::new(
                    Gauge,
                    "socketio_queue_publishing",
                    "1 if the message queue accepted the last message.",
                    plain(queue.is_publishing.into()),
                ),
                Samples::new(
                    Gauge,
                    "socketio_queue_waiting_messages",
                    "Messages that wait to be published.",
                    plain(queue.waiting as u64),
                ),
                Samples::new(
                    Counter,
                    "socketio_queue_published_messages_total",
                    "Messages that the queue accepted.",
                    plain(queue.published),
                ),
                Samples::new(
                    Counter,
                    "socketio_queue_received_messages_total",
                    "Messages received from other nodes.",
                    plain(queue.received),
                ),
                Samples::new(
                    Counter,
                    "socketio_queue_skipped_messages_total",
                    "Messages of other nodes that no local client could receive.",
                    plain(queue.skipped),
                ),
                Samples::new(
                    Counter,
                    "socketio_queue_dropped_messages_total",
                    "Messages that were not published.",
                    plain(queue.dropped),
                ),
                Samples::new(
                    Counter,
                    "socketio_queue_lost_messages_total",
                    "Messages of other nodes that were missed and no longer there.",
                    plain(queue.lost),
                ),
            ]);
        }
        all
    }
}

/// Returns seconds as a decimal number.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
