//! Nodes whose paths to the event store are slow and fail at random, so that an operation may have had an effect although its node gets an
//! error. Each client has each event once, or was told that it has missed some.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use socketio::{MemoryEvents, Reason, Recovery, SocketIo};
use socketio_test::{TestClient, TestQueue, event};
use tokio::time::sleep;

use crate::path::{Random, SlowPath, seeds};

const NODES: usize = 3;
const CLIENTS: usize = 4;
const STEPS: usize = 60;

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
            let path = SlowPath::new(&events, &random);
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
                self.nodes[node].path.set_cut(is_cut);
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
            node.path.set_cut(false);
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
    let (mut recovered, mut refused) = (0, 0);
    for seed in seeds() {
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

/// There is always a late event that is not stored yet.
#[tokio::test(start_paused = true)]
async fn a_store_is_used_again_although_events_are_emitted_all_the_time() {
    let (events, random) = (MemoryEvents::new(), Random::new(1));
    let path = SlowPath::new(&events, &random);
    let io = SocketIo::bare().allow_namespace("/");
    let io = io.recovery(Recovery::default()).event_store(path.clone());
    let io = io.build().unwrap();
    io.subscribed().await;
    let client = TestClient::builder(&io).recoverable().connect().await;
    let client = client.unwrap();
    path.set_full(true);
    for number in 1..=10_000 {
        if number == 5_000 {
            assert!(!io.health().store.unwrap().is_available);
            path.set_full(false);
        }
        io.emit("tick", number);
        sleep(Duration::from_millis(1)).await;
    }
    assert!(io.health().store.unwrap().is_available);
    io.flushed().await;
    for number in 1..=10_000 {
        assert_eq!(client.next().await, event("tick", number));
    }
}
