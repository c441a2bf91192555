//! Nodes whose paths to the event store are slow and fail at random, so that an operation may have had an effect although its node gets an
//! error. Each client has each event once, or was told that it has missed some.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use socketio::{
    BoxError, EventStore, MemoryEvents, OpenedStore, Reason, Recovery, SessionKey, SocketIo,
    StoredEntry, StoredSession, TakenSession, message_queue::BoxFuture,
};
use socketio_test::{TestClient, TestQueue};
use tokio::{sync::watch, time::sleep};

const NODES: usize = 3;
const CLIENTS: usize = 4;
const STEPS: usize = 60;

/// Numbers that follow from a seed (SplitMix64). Clones share the sequence.
#[derive(Clone, Debug)]
struct Random(Arc<AtomicU64>);

impl Random {
    fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Random(Arc::new(AtomicU64::new(state)))
    }

    /// Returns a number below `end`.
    fn below(&self, end: usize) -> usize {
        let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// The path of one node to the store.
#[derive(Clone, Debug)]
struct SlowPath {
    events: MemoryEvents,
    is_cut: Arc<watch::Sender<bool>>,
    random: Random,
}

impl SlowPath {
    async fn travel(&self) {
        sleep(Duration::from_millis(self.random.below(20) as u64)).await;
    }

    async fn unless_cut<T>(
        &self,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        let mut is_cut = self.is_cut.subscribe();
        tokio::select! {
            biased;
            _ = is_cut.wait_for(|is_cut| *is_cut) => Err("the store is cut".into()),
            result = async {
                self.travel().await;
                let result = operation.await;
                self.travel().await;
                result
            } => result,
        }
    }
}

impl EventStore for SlowPath {
    fn open<'a>(
        &'a self,
        proposal: &'a str,
        seen: Option<(&'a str, u64)>,
    ) -> BoxFuture<'a, Result<OpenedStore, BoxError>> {
        Box::pin(self.unless_cut(self.events.open(proposal, seen)))
    }

    fn append<'a>(
        &'a self,
        epoch: &'a str,
        entries: &'a [Bytes],
    ) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(self.unless_cut(self.events.append(epoch, entries)))
    }

    fn read<'a>(
        &'a self,
        epoch: &'a str,
        after: u64,
        limit: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<StoredEntry>, BoxError>> {
        Box::pin(self.unless_cut(self.events.read(epoch, after, limit, wait)))
    }

    fn trim<'a>(&'a self, epoch: &'a str, up_to: u64) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.unless_cut(self.events.trim(epoch, up_to)))
    }

    fn save_sessions<'a>(
        &'a self,
        owner: &'a str,
        sessions: &'a [StoredSession],
    ) -> BoxFuture<'a, Result<Vec<bool>, BoxError>> {
        Box::pin(self.unless_cut(self.events.save_sessions(owner, sessions)))
    }

    fn take_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<Option<TakenSession>, BoxError>> {
        Box::pin(self.unless_cut(self.events.take_session(key, owner)))
    }

    fn remove_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.unless_cut(self.events.remove_session(key, owner)))
    }
}

struct Node {
    io: SocketIo,
    path: SlowPath,
}

/// A client, and what its session must have received.
struct Member {
    client: TestClient,
    must: BTreeSet<u64>,
    received: Vec<u64>,
}

impl Member {
    fn collect(&mut self) {
        let events = self.client.received_named("tick");
        let numbers = events.iter().map(|event| event.arg::<u64>(0).unwrap());
        self.received.extend(numbers);
    }
}

struct Run {
    random: Random,
    nodes: Vec<Node>,
    members: Vec<Member>,
    queue: Option<TestQueue>,
    /// Which node has emitted each event.
    emitted: BTreeMap<u64, usize>,
    log: Vec<String>,
    outcomes: (usize, usize),
}

impl Run {
    async fn new(seed: u64, has_queue: bool) -> Run {
        let random = Random::new(seed);
        let events = MemoryEvents::new();
        let queue = has_queue.then(TestQueue::new);
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            let path = SlowPath {
                events: events.clone(),
                is_cut: Arc::default(),
                random: random.clone(),
            };
            let mut io = SocketIo::bare()
                .allow_namespace("/")
                .recovery(Recovery::default())
                .event_store(path.clone());
            if let Some(queue) = &queue {
                io = io.message_queue(queue.clone());
            }
            let io = io.build().unwrap();
            io.subscribed().await;
            nodes.push(Node { io, path });
        }
        let mut members = Vec::new();
        for index in 0..CLIENTS {
            let client = TestClient::builder(&nodes[index % NODES].io).recoverable();
            members.push(Member {
                client: client.connect().await.unwrap(),
                must: BTreeSet::new(),
                received: Vec::new(),
            });
        }
        Run {
            random,
            nodes,
            members,
            queue,
            emitted: BTreeMap::new(),
            log: Vec::new(),
            outcomes: (0, 0),
        }
    }

    async fn step(&mut self) {
        let (node, member) = (self.random.below(NODES), self.random.below(CLIENTS));
        match self.random.below(16) {
            0 => {
                let is_cut = self.random.below(2) == 0;
                self.nodes[node].path.is_cut.send_replace(is_cut);
                self.log.push(format!("node {node}: cut {is_cut}"));
            }
            1 => {
                if let Some(queue) = &self.queue {
                    match self.random.below(3) {
                        0 => queue.cut(),
                        _ => queue.restore(),
                    }
                }
            }
            2..=6 => {
                for _ in 0..=self.random.below(3) {
                    self.emit(node, None);
                }
            }
            7 => self.emit(node, Some(member)),
            8 | 9 => {
                if self.members[member].client.is_connected() {
                    let client = &self.members[member].client;
                    client.lose(Reason::TransportClose).await;
                    self.log.push(format!("client {member} is lost"));
                }
            }
            10 | 11 => self.come_back(member, node).await,
            12 => {
                let seconds = [1, 3, 12, 35][self.random.below(4)];
                self.wait(Duration::from_secs(seconds)).await;
            }
            _ => {
                let millis = self.random.below(80) as u64;
                self.wait(Duration::from_millis(millis)).await;
            }
        }
        self.check();
    }

    async fn wait(&mut self, duration: Duration) {
        self.log.push(format!("{duration:?}"));
        sleep(duration).await;
    }

    fn emit(&mut self, node: usize, member: Option<usize>) {
        let number = self.emitted.len() as u64 + 1;
        self.emitted.insert(number, node);
        self.log
            .push(format!("node {node}: emits {number} to {member:?}"));
        let io = &self.nodes[node].io;
        match member {
            None => {
                io.emit("tick", number);
                for member in &mut self.members {
                    member.must.insert(number);
                }
            }
            Some(member) => {
                let member = &mut self.members[member];
                io.to(member.client.sid()).emit("tick", number);
                member.must.insert(number);
            }
        }
    }

    async fn come_back(&mut self, index: usize, node: usize) {
        let member = &mut self.members[index];
        member.collect();
        if member.client.is_connected() {
            return;
        }
        let offset = member.client.offset();
        let Ok(client) = member.client.recover_on(&self.nodes[node].io).await else {
            return;
        };
        member.client = client;
        let is_recovered = member.client.recovered();
        if is_recovered {
            self.outcomes.0 += 1;
        } else {
            self.outcomes.1 += 1;
            member.received.clear();
            member.must.clear();
        }
        member.collect();
        let received = member.received.clone();
        self.log.push(format!(
            "client {index} at {offset:?} is back at node {node}: {is_recovered}, has {received:?}"
        ));
    }

    fn check(&mut self) {
        for index in 0..CLIENTS {
            self.members[index].collect();
            let received = &self.members[index].received;
            let once: BTreeSet<_> = received.iter().collect();
            if once.len() != received.len() {
                self.fail(&format!("client {index} has an event twice: {received:?}"));
            }
            if self.queue.is_some() {
                continue;
            }
            for node in 0..NODES {
                let own = received.iter().filter(|one| self.emitted[one] == node);
                if !own.is_sorted() {
                    self.fail(&format!("client {index}: another order: {received:?}"));
                }
            }
        }
    }

    async fn end(&mut self) {
        self.log.push("the end".to_owned());
        if let Some(queue) = &self.queue {
            queue.restore();
        }
        for node in &self.nodes {
            node.path.is_cut.send_replace(false);
        }
        for node in &self.nodes {
            while !node.io.health().store.unwrap().is_available {
                sleep(Duration::from_millis(100)).await;
            }
            node.io.flushed().await;
        }
        sleep(Duration::from_secs(40)).await;
        for index in 0..CLIENTS {
            while !self.members[index].client.is_connected() {
                let node = self.random.below(NODES);
                self.come_back(index, node).await;
            }
        }
        for node in 0..NODES {
            self.emit(node, None);
        }
        sleep(Duration::from_secs(1)).await;
        self.check();
        for (index, member) in self.members.iter().enumerate() {
            let received = member.received.iter().copied().collect();
            let lost: Vec<_> = member.must.difference(&received).collect();
            if !lost.is_empty() {
                self.fail(&format!("client {index} lacks {lost:?}"));
            }
        }
    }

    fn fail(&self, what: &str) {
        panic!("{what}\n{}", self.log.join("\n"));
    }
}

async fn run(has_queue: bool) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let first = number("SEED").unwrap_or(0);
    let (mut recovered, mut refused) = (0, 0);
    for seed in first..first + number("RUNS").unwrap_or(8) {
        println!("seed {seed}");
        let mut run = Run::new(seed, has_queue).await;
        for _ in 0..STEPS {
            run.step().await;
        }
        run.end().await;
        recovered += run.outcomes.0;
        refused += run.outcomes.1;
    }
    println!("{recovered} recovered, {refused} refused");
}

#[tokio::test(start_paused = true)]
async fn each_event_arrives_once_or_its_loss_is_told() {
    run(false).await;
}

#[tokio::test(start_paused = true)]
async fn each_event_arrives_once_with_a_message_queue_as_well() {
    run(true).await;
}
