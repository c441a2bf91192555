//! Random outages of the event store and of the queue, and what each client must have afterwards.

use std::time::Duration;

use socketio::{MemoryEvents, Reason, Recovery, SocketIo};
use socketio_test::{TestClient, TestQueue, TestStore};
use tokio::time::sleep;

use crate::path::Random;

/// The kinds of runs: without a message queue, with one, and both again while the store also loses its data.
const KINDS: u64 = 4;

/// A client, and what it has received in its present session.
struct Reader {
    client: TestClient,
    received: Vec<u32>,
    /// It must have received this event and all later ones.
    first: u32,
}

impl Reader {
    async fn connect(io: &SocketIo, first: u32) -> Self {
        let client = TestClient::builder(io).recoverable().connect().await;
        Reader {
            client: client.unwrap(),
            received: Vec::new(),
            first,
        }
    }

    fn read(&mut self) {
        let events = self.client.received();
        let numbers = events.iter().map(|event| event.args()[0].as_u64().unwrap());
        self.received.extend(numbers.map(|number| number as u32));
    }

    fn check(&mut self, last: u32, what: &str) {
        self.read();
        for number in self.first..=last {
            let count = self.received.iter().filter(|one| **one == number).count();
            assert_eq!(
                count, 1,
                "{what}: {number} of {}..={last} in {:?}",
                self.first, self.received
            );
        }
    }
}

struct Node {
    io: SocketIo,
    path: TestStore,
}

async fn nodes(queue: Option<&TestQueue>) -> (MemoryEvents, Vec<Node>) {
    let events = MemoryEvents::new();
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let path = TestStore::of(&events);
        let builder = SocketIo::bare()
            .allow_namespace("/")
            .recovery(Recovery::default())
            .event_store(path.clone());
        let builder = match queue {
            Some(queue) => builder.message_queue(queue.clone()),
            None => builder,
        };
        let io = builder.build().unwrap();
        io.subscribed().await;
        nodes.push(Node { io, path });
    }
    (events, nodes)
}

async fn run(seed: u64, queue: Option<TestQueue>, may_clear: bool, verbose: bool) {
    let numbers = Random::new(seed);
    let (events, nodes) = nodes(queue.as_ref()).await;
    let mut readers = Vec::new();
    for index in 0..4 {
        readers.push(Reader::connect(&nodes[index % 2].io, 1).await);
    }
    let mut last = 0;
    let begin = tokio::time::Instant::now();
    macro_rules! note { ($($text:tt)*) => { if verbose { eprintln!("{:?} {}", begin.elapsed(), format!($($text)*)); } } }
    for _ in 0..40 {
        match numbers.below(16) {
            0..=4 => {
                last += 1;
                let node = numbers.below(2);
                note!("emit {last} at {node}");
                nodes[node].io.emit("tick", last);
            }
            5 => {
                let node = numbers.below(2);
                if numbers.below(4) == 0 {
                    note!("fill {node}");
                    nodes[node].path.fill();
                } else {
                    note!("cut {node}");
                    nodes[node].path.cut();
                }
            }
            6 | 7 => {
                let node = numbers.below(2);
                note!("restore {node}");
                nodes[node].path.restore();
            }
            8 => {
                if may_clear && numbers.below(3) == 0 {
                    note!("clear");
                    events.clear();
                }
            }
            9 | 10 => {
                if let Some(queue) = &queue {
                    if numbers.below(2) == 0 {
                        note!("queue cut");
                        queue.cut();
                    } else {
                        note!("queue restored");
                        queue.restore();
                    }
                }
            }
            11 | 12 => {
                let index = numbers.below(readers.len());
                let node = numbers.below(2);
                note!("lose {index}");
                readers[index].client.lose(Reason::TransportClose).await;
                readers[index].read();
                if numbers.below(2) == 0 {
                    last += 1;
                    let at = numbers.below(2);
                    note!("emit {last} at {at}");
                    nodes[at].io.emit("tick", last);
                }
                if numbers.below(2) == 0 {
                    sleep(Duration::from_millis(numbers.below(3_000) as u64)).await;
                }
                let before = last;
                let Ok(back) = readers[index].client.recover_on(&nodes[node].io).await else {
                    continue;
                };
                note!(
                    "back {index} at {node}: {} {:?}",
                    back.recovered(),
                    back.offset()
                );
                if back.recovered() {
                    readers[index].client = back;
                } else {
                    readers[index] = Reader {
                        client: back,
                        received: Vec::new(),
                        first: before + 1,
                    };
                }
            }
            _ => {
                let pause = match numbers.below(3) {
                    0 => 1 + numbers.below(60),
                    1 => numbers.below(1_000),
                    _ => numbers.below(5_000),
                };
                sleep(Duration::from_millis(pause as u64)).await;
            }
        }
    }
    if let Some(queue) = &queue {
        queue.restore();
    }
    for node in &nodes {
        node.path.restore();
    }
    note!("all restored");
    sleep(Duration::from_secs(20)).await;
    for (index, reader) in readers.iter_mut().enumerate() {
        let connected = reader.client.is_connected();
        if !connected {
            continue;
        }
        let what = format!("seed {seed}, reader {index}");
        reader.check(last, &what);
    }
}

#[tokio::test(start_paused = true)]
async fn every_client_has_every_event_once_or_is_told() {
    let from = std::env::var("SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let kind: Option<u64> = std::env::var("KIND")
        .ok()
        .and_then(|text| text.parse().ok());
    let count: u64 = std::env::var("COUNT")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20);
    let seeds = from.map_or(1..=count, |seed: u64| seed..=seed);
    let mut failures = Vec::new();
    for seed in seeds {
        for one in 0..KINDS {
            if kind.is_some_and(|kind| kind != one) {
                continue;
            }
            let queue = (one % 2 == 1).then(TestQueue::new);
            let verbose = from.is_some();
            let result = tokio::task::LocalSet::new();
            let task = result.spawn_local(run(seed, queue, one >= 2, verbose));
            let done = result.run_until(task).await;
            if let Err(error) = done {
                failures.push(format!("SEED={seed} KIND={one}: {error}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
