//! [`Health`]: whether a server should receive traffic.

use std::sync::atomic::Ordering;

use http::{HeaderValue, Response, StatusCode, header};

use super::{
    Metrics,
    samples::{Kind, Samples, plain},
};
use crate::{client::SocketIo, cluster::QueueHealth};

/// The health of a server, returned by [`SocketIo::health`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Always true: the process responds. A platform that restarts processes should probe nothing more than this, because a
    /// restart ends every connection.
    pub live: bool,
    /// Whether the server should receive new clients: it is not shutting down, and has once been subscribed to its message queue,
    /// if it has one. A subscription that breaks later does not make it unready, because all nodes would become unready at once
    /// although local clients are served.
    pub ready: bool,
    /// Whether the server leaves service or shuts down: handshakes are answered with 503, at the latest after the
    /// [`notice`](crate::Drain::notice) of a drain.
    pub draining: bool,
    /// The state of the message queue, if there is one.
    pub queue: Option<QueueHealth>,
    /// The state of the [event store](crate::SocketIoBuilder::event_store), if there is one. A store that is down does not make a server
    /// unready: events are sent before they are kept, and sessions are not recovered.
    pub store: Option<StoreHealth>,
}

/// The state of an event store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreHealth {
    /// Whether events can be appended and read.
    pub is_available: bool,
    /// The number of events that are on their way to the store and back.
    pub waiting: usize,
    /// The number of events that were sent before they were kept, because the store was down. They are kept once it can be used again, up to
    /// 65,536 events and 64 MiB.
    pub unkept: u64,
}

impl SocketIo {
    /// Returns whether the server is live and ready, and the states of its message queue and its event store. Cheap.
    ///
    /// [`SocketIo::probes`] serves it over HTTP.
    pub fn health(&self) -> Health {
        let node = self.node();
        let draining = *node.stopping.borrow() || node.draining.load(Ordering::Acquire);
        let cluster = node.cluster();
        let has_joined =
            cluster.is_none_or(|cluster| cluster.is_write_only() || cluster.was_subscribed());
        Health {
            live: true,
            ready: has_joined && !draining,
            draining,
            queue: cluster.map(|cluster| cluster.health()),
            store: node.hub.stored().map(|stored| {
                let state = stored.state_of_store();
                StoreHealth {
                    is_available: state.is_available,
                    waiting: state.waiting,
                    unkept: state.unkept,
                }
            }),
        }
    }
}

impl Health {
    /// Returns the response to a liveness probe: 200 and `live`.
    pub fn live_response(&self) -> Response<String> {
        respond(self.live, "live", "not live")
    }

    /// Returns the response to a readiness probe: 200 and `ready`; or 503 and the reason, `draining` or `not subscribed to the
    /// message queue`.
    pub fn ready_response(&self) -> Response<String> {
        let reason = match self.draining {
            true => "draining",
            false => "not subscribed to the message queue",
        };
        respond(self.ready, "ready", reason)
    }
}

fn respond(is_well: bool, well: &str, otherwise: &str) -> Response<String> {
    let (status, text) = match is_well {
        true => (StatusCode::OK, well),
        false => (StatusCode::SERVICE_UNAVAILABLE, otherwise),
    };
    let mut response = Response::new(format!("{text}\n"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Metrics {
    pub(super) fn health_samples(&self) -> Vec<Samples> {
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
