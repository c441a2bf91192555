//! [`Stats`]: the numbers that are sent to the page at intervals.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use socketio_names::Pattern;
use tokio::time::Instant;

use crate::{base::date, client::SocketIo, counters::Counters, node::Node};

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
    pub(super) built: Instant,
}

impl Stats {
    /// Runs until the server has been dropped.
    pub(super) async fn run(self: Arc<Self>, node: Weak<Node>) {
        let mut before = [0; NAMES.len()];
        loop {
            tokio::time::sleep(self.interval).await;
            let Some(io) = node.upgrade().map(SocketIo::new) else {
                return;
            };
            let page = io.of(&self.namespace);
            if let Err(error) = page.try_emit("server_stats", self.of(&io, &mut before)) {
                tracing::debug!(target: "socketio", %error, "the admin interface could not send its numbers");
            }
        }
    }

    /// Returns the numbers. The counts are the increases since `before`.
    fn of(&self, io: &SocketIo, before: &mut [u64; NAMES.len()]) -> Value {
        let Identity {
            server_id,
            hostname,
        } = &self.identity;
        let timestamp = date::millis(SystemTime::now()) / 1_000 * 1_000;
        let events: Vec<_> = named(counts(&io.node().hub.counters), before)
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

/// The names of the counts, as the page expects them.
const NAMES: [&str; 6] = [
    "rawConnection",
    "rawDisconnection",
    "packetsIn",
    "packetsOut",
    "bytesIn",
    "bytesOut",
];

/// Returns the counts of a server, in the order of [`NAMES`].
fn counts(counters: &Counters) -> [u64; NAMES.len()] {
    [
        counters.all_opened().map(|(_, count)| count).sum(),
        counters.all_closed().map(|(_, count)| count).sum(),
        counters.messages_received.get(),
        counters.messages_sent.get(),
        counters.bytes_received.get(),
        counters.bytes_sent.get(),
    ]
}

/// Returns the increases of the counts that have increased, and sets `before` to the counts.
fn named(
    counts: [u64; NAMES.len()],
    before: &mut [u64; NAMES.len()],
) -> impl Iterator<Item = (&'static str, u64)> {
    let before = std::mem::replace(before, counts);
    let grown = counts.into_iter().zip(before).map(|(now, then)| now - then);
    NAMES.into_iter().zip(grown).filter(|(_, count)| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_sent_what_was_counted_since_the_last_time() {
        let mut before = [0; NAMES.len()];
        let counters = Counters::default();
        counters.opened("polling");
        counters.messages_sent.add(2);
        let first: Vec<_> = named(counts(&counters), &mut before).collect();
        assert_eq!(first, [("rawConnection", 1), ("packetsOut", 2)]);
        counters.closed(crate::base::Reason::PingTimeout);
        counters.messages_sent.add(1);
        let second: Vec<_> = named(counts(&counters), &mut before).collect();
        assert_eq!(second, [("rawDisconnection", 1), ("packetsOut", 1)]);
    }
}
