//! The view of operators on a server: its counters as a snapshot ([`SocketIo::metrics`](crate::SocketIo::metrics)) and as text for
//! Prometheus, and its health ([`SocketIo::health`](crate::SocketIo::health)).
//!
//! Counting is always on. Everything else is computed only on request.

mod connection_metrics;
mod delivery;
mod health;
mod histogram;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod metrics;
mod probes;
mod prometheus;
mod rate_limits;
#[cfg(feature = "metrics")]
mod recorder;
mod recorder_metrics;
mod recovery;
mod recovery_samples;
mod samples;
mod snapshot;

pub use connection_metrics::{ClosedMetrics, NamespaceMetrics, OutboxMetrics, TransportMetrics};
pub use delivery::{DeliveryMetrics, UndeliveredMetrics};
pub use health::{Health, StoreHealth};
pub use histogram::{Bucket, Histogram};
pub use metrics::{EventMetrics, HandlerErrors, HandlerMetrics, Metrics, ProblemMetrics};
pub use probes::Probes;
pub use rate_limits::RateLimitMetrics;
pub use recorder_metrics::RecorderMetrics;
pub use recovery::{HistoryMetrics, RecoveryMetrics, RecoveryOutcomeMetrics};
