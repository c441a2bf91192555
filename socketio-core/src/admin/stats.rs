//! [`Stats`]: the numbers that are sent to the page at intervals.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use socketio_names::Pattern;
use tokio::time::Instant;

use crate::{
    base::date,
    client::SocketIo,
    hub::{Traffic, TrafficCounts},
    node::Node,
};

/// The names of this process on the page.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) server_id: String,
    pub(super) hostname: String,
}

/// Sends `server_stats` at intervals.
#[derive(Debug)]
pub(super) struct Stats {
    pub(super) namespace: Arc<str>,
    pub(super) interval: Duration,
    pub(super) identity: Identity,
    pub(super) traffic: Arc<Traffic>,
    pub(super) built: Instant,
}

impl Stats {
    /// Runs until the server has been dropped.
    pub(super) async fn run(self: Arc<Self>, node: Weak<Node>) {
        loop {
            tokio::time::sleep(self.interval).await;
            let Some(io) = node.upgrade().map(SocketIo::new) else {
                return;
            };
            let page = io.of(&self.namespace);
            if let Err(error) = page.try_emit("server_stats", self.of(&io)) {
                tracing::debug!(target: "socketio", %error, "the admin interface could not send its numbers");
            }
        }
    }

    fn of(&self, io: &SocketIo) -> Value {
        let Identity {
            server_id,
            hostname,
        } = &self.identity;
        let timestamp = date::millis(SystemTime::now()) / 1_000 * 1_000;
        let events: Vec<_> = named(self.traffic.take())
            .map(|(name, count)| json!({"timestamp": timestamp, "type": name, "count": count}))
            .collect();
        json!({
            "serverId": server_id,
            "hostname": hostname,
            "pid": std::process::id(),
            "uptime": self.built.elapsed().as_secs_f64(),
            "clientsCount": io.connections(),
            "pollingClientsCount": io.connections_over("polling"),
            "aggregatedEvents": events,
            "namespaces": self.namespaces(io),
        })
    }

    /// Returns the namespaces with handlers or clients.
    fn namespaces(&self, io: &SocketIo) -> Vec<Value> {
        let handlers = io.describe().handlers().iter();
        let mut counts: BTreeMap<_, _> = handlers
            .filter_map(|handler| Pattern::parse_exact(&handler.namespace).ok().flatten())
            .chain([String::from("/")])
            .map(|path| (path, 0))
            .collect();
        for path in io.namespaces() {
            let count = io.sockets(&path).len();
            counts.insert(path, count);
        }
        counts.remove(&*self.namespace);
        let shown = |(path, count)| json!({"name": path, "socketsCount": count});
        counts.into_iter().map(shown).collect()
    }
}

/// Returns the counts that are not zero, under the names that the page expects.
fn named(counts: TrafficCounts) -> impl Iterator<Item = (&'static str, u64)> {
    let named = [
        ("rawConnection", counts.opened),
        ("rawDisconnection", counts.closed),
        ("packetsIn", counts.messages_received),
        ("packetsOut", counts.messages_sent),
        ("bytesIn", counts.bytes_received),
        ("bytesOut", counts.bytes_sent),
    ];
    named.into_iter().filter(|(_, count)| *count > 0)
}
