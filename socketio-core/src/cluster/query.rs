//! Asking all Rust nodes of a cluster: what is asked, who answers, and who does not.
//!
//! Nodes are known by their answers. A node that asks at all also asks regularly who is there, so that it can name those
//! that are silent. Python nodes ignore these messages.

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

/// The pause between two questions of a node who is there.
const DISCOVERY: Duration = Duration::from_secs(10);
/// How long the answers to such a question are waited for.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a node that does not answer is named as silent, from when it was last heard of.
const MISSED: Duration = Duration::from_secs(60);
/// How long answers are waited for in any case: of nodes that are so new that they are not known.
const SETTLING: Duration = Duration::from_millis(100);
/// The number of nodes that are known, and of answers to one question that wait to be read.
const MAX_NODES: usize = 1_024;
/// The rows of an answer.
const MAX_ROWS: usize = 10_000;

/// What a node asks all others.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    Clients(ClientQuery),
    Rooms(RoomQuery),
    /// Who is there.
    Nodes,
}

impl Question {
    /// Answers with what this node has.
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
    /// Each with the node that has sent it.
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
    /// When each node was last heard of.
    nodes: Mutex<BTreeMap<String, Instant>>,
}

impl Queries {
    fn pending(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Answer>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a node is there.
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

    /// Passes an answer on to who waits for it.
    pub(super) fn receive(&self, id: u64, node: String, answer: Box<RawValue>) {
        self.heard_of(&node);
        let waiting = self.pending().get(&id).cloned();
        if let Some(waiting) = waiting {
            // An error means that nobody waits any more, or that there are more answers than nodes.
            let _ = waiting.try_send((node, answer));
        }
    }
}

/// Forgets a question when nobody waits for its answers any more.
struct Pending<'a>(&'a Queries, u64);

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.pending().remove(&self.1);
    }
}

impl Cluster {
    /// Asks all other Rust nodes, and waits for the answers of those that are known, up to `timeout`. Cancel-safe.
    ///
    /// An answer that can't be read counts as none.
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
                // Nobody else has the sender, which is in `pending`.
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

/// Asks regularly who is there, until the cluster is dropped.
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
