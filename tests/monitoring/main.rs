//! Metrics, health, probes and spans.
//!
//! | file | subject |
//! |---|---|
//! | `connections` | connections, clients, refused handshakes, heartbeats |
//! | `delivery` | events that happen once, and those that are kept until they are acknowledged |
//! | `events` | events, handlers, errors, acknowledgements |
//! | `rate_limits` | events over rate limits |
//! | `prometheus` | the text for Prometheus |
//! | `probes` | health, and its HTTP responses |
//! | `spans` | spans of `tracing` |

mod connections;
mod delivery;
mod events;
mod probes;
mod prometheus;
mod rate_limits;
mod spans;

use socketio::metrics::{EventMetrics, HandlerMetrics, Metrics};

/// The counts of one event: received and sent.
fn event(metrics: &Metrics, namespace: &str, event: &str) -> (u64, u64) {
    let is_it = |one: &&EventMetrics| one.namespace == namespace && one.event == event;
    let found = metrics.events.iter().find(is_it).unwrap();
    (found.received, found.sent)
}

fn handler<'a>(metrics: &'a Metrics, event: &str) -> &'a HandlerMetrics {
    let is_it = |one: &&HandlerMetrics| one.event == event;
    metrics.handlers.iter().find(is_it).unwrap()
}
