//! Clients that join and leave rooms at nodes whose paths to the event store fail at random. A client that is recovered is in the rooms whose
//! joining was acknowledged, and in none that it has left; it has each event of its rooms once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use socketio::{MemoryEvents, Reason, Recovery, SocketIo, join_room, leave_room};
use socketio_test::{TestClient, TestQueue};
use tokio::time::sleep;

use crate::path::{Random, SlowPath, seeds};

const NODES: usize = 2;
const CLIENTS: usize = 4;
const STEPS: usize = 60;
const ROOMS: [&str; 2] = ["a", "b"];

struct Node {
    io: SocketIo,
    path: SlowPath,
}

/// A client, and what it must have in its present session.
struct Member {
    client: TestClient,
    /// Whether it is in a room; absent if that is unknown, since an acknowledgement was lost.
    rooms: BTreeMap<&'static str, bool>,
    /// The events that it must receive, and those that it must not, with their rooms.
    must: BTreeMap<u64, &'static str>,
    must_not: BTreeMap<u64, &'static str>,
    received: Vec<u64>,
}

impl Member {
    async fn connect(io: &SocketIo) -> Self {
        let client = TestClient::builder(io).recoverable().connect().await;
        let mut member = Member {
            client: client.unwrap(),
            rooms: BTreeMap::new(),
            must: BTreeMap::new(),
            must_not: BTreeMap::new(),
            received: Vec::new(),
        };
        member.begin();
        member
    }

    /// Begins a new session.
    fn begin(&mut self) {
        self.rooms = ROOMS.into_iter().map(|room| (room, false)).collect();
        self.must.clear();
        self.must_not.clear();
        self.received.clear();
    }

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
    emitted: u64,
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
                .on("enter", |room: String| join_room(room).is_ok())
                .on("leave", |room: String| {
                    leave_room(room);
                    true
                })
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
            members.push(Member::connect(&nodes[index % NODES].io).await);
        }
        Run {
            random,
            nodes,
            members,
            queue,
            emitted: 0,
            log: Vec::new(),
            outcomes: (0, 0),
        }
    }

    async fn step(&mut self) {
        let (node, member) = (self.random.below(NODES), self.random.below(CLIENTS));
        let path = &self.nodes[node].path;
        match self.random.below(20) {
            0 | 1 => {
                let fault = self.random.below(10);
                self.log.push(format!("node {node}: fault {fault}"));
                path.set_cut(fault == 1);
                path.set_full(fault == 2);
                path.set_refuses_sessions(fault == 3);
            }
            2 => {
                if let Some(queue) = &self.queue {
                    match self.random.below(3) {
                        0 => queue.cut(),
                        _ => queue.restore(),
                    }
                }
            }
            3..=7 => {
                for _ in 0..=self.random.below(3) {
                    let room = ROOMS[self.random.below(ROOMS.len())];
                    self.emit(node, room);
                }
            }
            8..=10 => {
                self.change(member).await;
                if self.random.below(2) == 0 {
                    self.lose(member).await;
                    self.come_back(member, node).await;
                }
            }
            11 | 12 => self.lose(member).await,
            13 | 14 => self.come_back(member, node).await,
            15 => {
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

    async fn lose(&mut self, member: usize) {
        let client = &self.members[member].client;
        if client.is_connected() {
            client.lose(Reason::TransportClose).await;
            self.log.push(format!("client {member} is lost"));
        }
    }

    /// A client joins or leaves a room, and waits for the acknowledgement, perhaps not long enough.
    async fn change(&mut self, index: usize) {
        let room = ROOMS[self.random.below(ROOMS.len())];
        let enters = self.random.below(2) == 0;
        let timeout = [1, 15_000][self.random.below(2)];
        let member = &mut self.members[index];
        if !member.client.is_connected() {
            return;
        }
        // An event that is still on its way may or may not arrive.
        member.collect();
        member.rooms.remove(room);
        member.must.retain(|_, of| *of != room);
        member.must_not.retain(|_, of| *of != room);
        let command = if enters { "enter" } else { "leave" };
        let acknowledged = tokio::time::timeout(
            Duration::from_millis(timeout),
            member.client.call::<bool>(command, room),
        );
        let is_done = acknowledged.await.is_ok_and(|result| result.is_ok());
        if is_done {
            member.rooms.insert(room, enters);
        }
        self.log
            .push(format!("client {index}: {command} {room}: {is_done}"));
    }

    fn emit(&mut self, node: usize, room: &'static str) {
        self.emitted += 1;
        let number = self.emitted;
        self.nodes[node].io.to(room).emit("tick", number);
        for member in &mut self.members {
            match member.rooms.get(room) {
                Some(true) => _ = member.must.insert(number, room),
                Some(false) => _ = member.must_not.insert(number, room),
                None => {}
            }
        }
        self.log
            .push(format!("node {node}: emits {number} to {room}"));
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
        match is_recovered {
            true => self.outcomes.0 += 1,
            false => {
                self.outcomes.1 += 1;
                member.begin();
            }
        }
        member.collect();
        let received = &member.received;
        self.log.push(format!(
            "client {index} at {offset:?} is back at node {node}: {is_recovered}, has {received:?}"
        ));
    }

    fn check(&mut self) {
        for index in 0..CLIENTS {
            self.members[index].collect();
            let Member {
                received, must_not, ..
            } = &self.members[index];
            let once: BTreeSet<_> = received.iter().copied().collect();
            if once.len() != received.len() {
                self.fail(&format!("client {index} has an event twice: {received:?}"));
            }
            if let Some((number, room)) = must_not.iter().find(|(number, _)| once.contains(number))
            {
                self.fail(&format!("client {index} has {number} of {room}"));
            }
        }
    }

    async fn end(&mut self) {
        self.log.push("the end".to_owned());
        if let Some(queue) = &self.queue {
            queue.restore();
        }
        for Node { path, .. } in &self.nodes {
            path.set_cut(false);
            path.set_full(false);
            path.set_refuses_sessions(false);
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
            for room in ROOMS {
                self.emit(node, room);
            }
        }
        sleep(Duration::from_secs(1)).await;
        self.check();
        for (index, member) in self.members.iter().enumerate() {
            let mut must = member.must.keys();
            if let Some(lost) = must.find(|number| !member.received.contains(number)) {
                self.fail(&format!("client {index} lacks {lost}"));
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
async fn a_recovered_client_is_in_the_rooms_that_were_acknowledged() {
    run(false).await;
}

#[tokio::test(start_paused = true)]
async fn it_is_with_a_message_queue_as_well() {
    run(true).await;
}
