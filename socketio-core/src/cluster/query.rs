//! Asking all Rust nodes of a cluster: the questions, the answers, and the nodes that do not answer.
//!
//! Nodes are known by their answers. A node that asks questions also asks regularly which nodes there are, so that it can name
//! those that are silent. Python nodes ignore these messages.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};

use super::{Cluster, envelope::EnvelopeHeader};
use crate::hub::{ClientQuery, Hub, RoomQuery};

/// The pause between two questions which nodes there are.
const DISCOVERY: Duration = Duration::from_secs(10);
/// How long a node waits for the answers to such a question.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a node that does not answer is named as silent, counted from its last message.
const MISSED: Duration = Duration::from_secs(60);
/// How long a node waits for answers in any case, for nodes that are too new to be known.
const SETTLING: Duration = Duration::from_millis(100);
/// The maximum number of known nodes, and of unread answers to one question.
const MAX_NODES: usize = 1_024;
/// The maximum number of rows of an answer.
const MAX_ROWS: usize = 10_000;

/// A question to all other nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    Clients(ClientQuery),
    Rooms(RoomQuery),
    /// Which nodes there are.
    Nodes,
}

impl Question {
    /// Returns the answer of this node.
    pub(super) fn answer(self, hub: &Hub) -> Option<Box<RawValue>> {
        let answer = match self {
            Question::Clients(mut query) => {
                query.limit = query.limit.min(MAX_ROWS);
                serde_json::value::to_raw_value(&hub.list_clients(&query))
            }
            Question::Rooms(mut query) => {
                query.limit = query.limit.min(MAX_ROWS);
                serde_json::value::to_raw_value(&hub.list_rooms(&query))
            }
            Question::Nodes => serde_json::value::to_raw_value(&()),
        };
        answer.ok()
    }
}

/// The answers to a question.
#[derive(Debug)]
pub(crate) struct Answers<T> {
    /// The answers, each with the node that has sent it.
    pub(crate) answers: Vec<(String, T)>,
    /// The known nodes that have not answered in time.
    pub(crate) silent: Vec<String>,
}

type Answer = (String, Box<RawValue>);

/// The other nodes, and the questions that wait for answers.
#[derive(Debug, Default)]
pub(super) struct Queries {
    last_id: AtomicU64,
    pending: Mutex<HashMap<u64, mpsc::Sender<Answer>>>,
    /// The time of the last message of each node.
    nodes: Mutex<BTreeMap<String, Instant>>,
}

impl Queries {
    fn pending(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Answer>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message of a node.
    fn heard_of(&self, node: &str) {
        let mut nodes = self.nodes();
        if nodes.len() < MAX_NODES || nodes.contains_key(node) {
            nodes.insert(node.to_owned(), Instant::now());
        }
    }

    /// Returns the nodes that should answer.
    fn known(&self) -> BTreeSet<String> {
        let mut nodes = self.nodes();
        let now = Instant::now();
        nodes.retain(|_, last| now.duration_since(*last) < MISSED);
        nodes.keys().cloned().collect()
    }

    /// Passes on an answer to the caller that waits for it.
    pub(super) fn receive(&self, id: u64, node: String, answer: Box<RawValue>) {
        self.heard_of(&node);
        let waiting = self.pending().get(&id).cloned();
        if let Some(waiting) = waiting {
            // An error means that no caller waits any more, or that there are more answers than nodes.
            let _ = waiting.try_send((node, answer));
        }
    }
}

/// Forgets a question once no caller waits for its answers.
struct Pending<'a>(&'a Queries, u64);

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.pending().remove(&self.1);
    }
}

impl Cluster {
    /// Asks all other Rust nodes, and waits for the answers of those that are known, up to `timeout`. Cancel-safe.
    ///
    /// A node whose answer can't be read counts as silent.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        question: &Question,
        timeout: Duration,
    ) -> Answers<T> {
        let queries = &self.queries;
        let mut silent = queries.known();
        let mut answers = Vec::new();
        if !self.health.is_subscribed() {
            let silent = silent.into_iter().collect();
            return Answers { answers, silent };
        }
        let (sender, mut receiver) = mpsc::channel(MAX_NODES);
        let id = queries.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        queries.pending().insert(id, sender);
        let _pending = Pending(queries, id);
        let begun = Instant::now();
        let header = EnvelopeHeader::Query {
            host_id: self.host_id(),
            id,
            query: question,
        };
        self.publish(header.write(None));
        loop {
            let deadline = begun
                + if silent.is_empty() {
                    SETTLING.min(timeout)
                } else {
                    timeout
                };
            match timeout_at(deadline, receiver.recv()).await {
                Ok(Some((node, answer))) => match serde_json::from_str(answer.get()) {
                    Ok(answer) => {
                        silent.remove(&node);
                        answers.push((node, answer));
                    }
                    Err(error) => {
                        tracing::debug!(target: "socketio", node, %error, "the answer of another node can't be read");
                    }
                },
                // `None` can't happen, since `pending` has the sender.
                Ok(None) | Err(_) => break,
            }
        }
        let silent = silent.into_iter().collect();
        Answers { answers, silent }
    }

    /// Answers a question of another node.
    pub(super) fn answer(&self, hub: &Hub, from: &str, id: u64, question: Question) {
        self.queries.heard_of(from);
        if let Some(answer) = question.answer(hub) {
            let header = EnvelopeHeader::Answer {
                host_id: from,
                node: self.host_id(),
                id,
                answer: &answer,
            };
            self.publish(header.write(None));
        }
    }
}

/// Asks regularly which nodes there are, until the cluster is dropped.
pub(super) async fn discover(cluster: Weak<Cluster>) {
    loop {
        let Some(cluster) = cluster.upgrade() else {
            return;
        };
        cluster.subscribed().await;
        let _: Answers<()> = cluster.ask(&Question::Nodes, DISCOVERY_TIMEOUT).await;
        drop::<Arc<Cluster>>(cluster);
        sleep(DISCOVERY).await;
    }
}
