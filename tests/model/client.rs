//! [`Client`]: the state of a Socket.IO client, and its reaction to each packet.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use crate::{
    life::{Life, Seen},
    packet::{self, Packet},
    random::Random,
    world::World,
};

/// An item to send.
#[derive(Clone, Debug)]
pub(crate) enum Out {
    Text(String),
    Binary(Vec<u8>),
    /// Bytes below the protocol.
    Raw(Vec<u8>),
}

/// How a client acknowledges the events that ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    Once,
    Twice,
    Never,
}

/// A namespace without handlers, which garbage names.
const NOWHERE: &str = "/nowhere";

struct State {
    lives: HashMap<&'static str, Arc<Life>>,
    /// The namespaces that the client has left itself. Packets for them are not checked until the client has joined again.
    left: HashMap<&'static str, bool>,
    /// The events that wait for an acknowledgement, by id.
    asked: HashMap<(String, u64), (Arc<Life>, u64)>,
    next_id: u64,
    incomplete: Option<(Packet, usize)>,
    open: bool,
}

/// One connection of a client, over any transport.
pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    state: Mutex<State>,
    outgoing: mpsc::UnboundedSender<Out>,
    answers: Answers,
    pongs: bool,
    pub(crate) changed: Notify,
}

impl Client {
    pub(crate) fn new(
        world: &Arc<World>,
        random: &mut Random,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Out>) {
        let (outgoing, sent) = mpsc::unbounded_channel();
        let client = Client {
            world: Arc::clone(world),
            state: Mutex::new(State {
                lives: HashMap::new(),
                left: HashMap::new(),
                asked: HashMap::new(),
                next_id: 0,
                incomplete: None,
                open: true,
            }),
            outgoing,
            answers: random.pick(&[Answers::Once, Answers::Once, Answers::Twice, Answers::Never]),
            pongs: !random.chance(5),
            changed: Notify::new(),
        };
        (Arc::new(client), sent)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn send(&self, out: Out) {
        // The connection may have ended.
        let _ = self.outgoing.send(out);
    }

    pub(crate) fn send_text(&self, text: String) {
        self.send(Out::Text(text));
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state().open
    }

    pub(crate) fn close(&self) {
        self.state().open = false;
        self.changed.notify_waiters();
    }

    /// Joins a namespace, unless the client is in it.
    pub(crate) fn join(&self, namespace: &'static str, hello: impl FnOnce(u64) -> Value) {
        let life = {
            let mut state = self.state();
            let current = state.lives.get(namespace);
            if current.is_some_and(|life| life.record().seen != Seen::Gone) {
                return;
            }
            let life = self.world.life(namespace);
            state.lives.insert(namespace, Arc::clone(&life));
            life
        };
        life.note(|| format!("joins {namespace}"));
        let hello = hello(life.number);
        self.send_text(format!(
            "4{}",
            packet::write("0", namespace, None, Some(&hello))
        ));
    }

    /// Leaves a namespace.
    pub(crate) fn leave(&self, namespace: &'static str) {
        {
            let mut state = self.state();
            let Some(life) = state.lives.get(namespace) else {
                return;
            };
            let mut record = life.record();
            if record.seen != Seen::Joined {
                return;
            }
            record.seen = Seen::Gone;
            drop(record);
            state.left.insert(namespace, true);
        }
        self.send_text(format!("4{}", packet::write("1", namespace, None, None)));
    }

    /// Sends an event, whose arguments begin with the life's number and its own.
    pub(crate) fn event(
        &self,
        namespace: &'static str,
        name: &str,
        steps: Value,
        asks: bool,
        attachments: usize,
    ) {
        let mut state = self.state();
        let Some(life) = state.lives.get(namespace).cloned() else {
            return;
        };
        let mut record = life.record();
        if record.seen != Seen::Joined {
            return;
        }
        let event = record.sent;
        record.sent += 1;
        drop(record);
        let id = asks.then(|| {
            state.next_id += 1;
            let id = state.next_id;
            state
                .asked
                .insert((namespace.to_owned(), id), (life.clone(), event));
            id
        });
        drop(state);
        let placeholder = |number| json!({"_placeholder": true, "num": number});
        let blobs: Vec<_> = (0..attachments).map(placeholder).collect();
        let data = json!([name, life.number, event, steps, blobs]);
        let kind = match attachments {
            0 => "2".to_owned(),
            count => format!("5{count}-"),
        };
        life.note(|| format!("sends event {event}, {name}, ack {id:?}"));
        self.send_text(format!(
            "4{}",
            packet::write(&kind, namespace, id, Some(&data))
        ));
        for _ in 0..attachments {
            self.send(Out::Binary(vec![b'y'; 10]));
        }
    }

    /// Receives a packet of Engine.IO.
    pub(crate) fn receives(&self, text: &str) {
        match text.chars().next() {
            Some('2') if self.pongs => self.send_text("3".to_owned()),
            Some('4') => match Packet::read(&text[1..]) {
                Some(packet) if packet.attachments > 0 => {
                    let count = packet.attachments;
                    self.state().incomplete = Some((packet, count));
                }
                Some(packet) => self.handle(packet),
                None => self
                    .world
                    .violates(format!("an invalid packet of the server: {text}")),
            },
            Some('0' | '1' | '2' | '6') => {}
            _ => self
                .world
                .violates(format!("an invalid packet of the server: {text}")),
        }
        self.changed.notify_waiters();
    }

    /// Receives an attachment.
    pub(crate) fn receives_binary(&self) {
        let complete = {
            let mut state = self.state();
            match state.incomplete.take() {
                Some((packet, 1)) => Some(packet),
                Some((packet, more)) => {
                    state.incomplete = Some((packet, more - 1));
                    None
                }
                None => {
                    drop(state);
                    return self
                        .world
                        .violates("an attachment without a packet".to_owned());
                }
            }
        };
        if let Some(packet) = complete {
            self.handle(packet);
        }
        self.changed.notify_waiters();
    }

    fn handle(&self, packet: Packet) {
        if packet.namespace == NOWHERE {
            return;
        }
        let mut state = self.state();
        let Some((&namespace, life)) = state.lives.get_key_value(&*packet.namespace) else {
            drop(state);
            return self
                .world
                .violates(format!("{packet:?} of a namespace never joined"));
        };
        let life = Arc::clone(life);
        let left = state.left.get(namespace).copied().unwrap_or(false);
        life.note(|| format!("client receives {packet:?}"));
        match packet.kind {
            '0' => {
                state.left.insert(namespace, false);
                drop(state);
                let seen = std::mem::replace(&mut life.record().seen, Seen::Joined);
                if seen != Seen::Joining {
                    life.violates(&format!("CONNECT while {seen:?}"));
                }
            }
            // The end that the client has requested itself, or one that has crossed its request.
            '1' if left => {}
            '1' | '4' => {
                drop(state);
                let seen = std::mem::replace(&mut life.record().seen, Seen::Gone);
                let expected = match packet.kind {
                    '1' => Seen::Joined,
                    _ => Seen::Joining,
                };
                if seen != expected {
                    life.violates(&format!("{} while {seen:?}", packet.kind));
                }
            }
            '2' | '5' if left => {}
            '2' | '5' => {
                drop(state);
                let message = packet.data[1].as_u64().unwrap_or(u64::MAX);
                life.receives(message);
                if let Some(id) = packet.id {
                    self.answer(namespace, id, message);
                }
            }
            '3' => {
                let key = (packet.namespace.clone(), packet.id.unwrap_or(u64::MAX));
                let asked = state.asked.get(&key).cloned();
                drop(state);
                match asked {
                    Some((life, event)) => acknowledged(&life, event, &packet.data),
                    None => life.violates(&format!("an ack that nobody asked for: {packet:?}")),
                }
            }
            other => {
                drop(state);
                life.violates(&format!("a packet of type {other}"));
            }
        }
    }

    fn answer(&self, namespace: &str, id: u64, message: u64) {
        let times = match self.answers {
            Answers::Never => 0,
            Answers::Once => 1,
            Answers::Twice => 2,
        };
        for _ in 0..times {
            let answer = packet::write("3", namespace, Some(id), Some(&json!([message])));
            self.send_text(format!("4{answer}"));
        }
    }

    /// Returns whether all live clients have received everything: their acknowledgements, and the messages emitted to them.
    fn has_everything(&self) -> bool {
        let state = self.state();
        let complete = |life: &Arc<Life>| {
            let record = life.record();
            let answered = || {
                let mut asked = state
                    .asked
                    .values()
                    .filter(|(asked, _)| asked.number == life.number);
                asked.all(|(_, event)| record.acks.contains_key(event))
            };
            let nothing_is_missing =
                self.world.settings.drop_newest || record.received == record.emitted.len();
            record.seen == Seen::Gone
                || (record.seen == Seen::Joined && answered() && nothing_is_missing)
        };
        state.incomplete.is_none() && state.lives.values().all(complete)
    }

    /// Waits until all live clients have received everything. The connection may end meanwhile.
    pub(crate) async fn quiet(&self) {
        let limit = tokio::time::Duration::from_secs(600);
        let quiet = async {
            while self.is_open() && !self.has_everything() {
                let _ = tokio::time::timeout(
                    tokio::time::Duration::from_secs(1),
                    self.changed.notified(),
                )
                .await;
            }
        };
        if tokio::time::timeout(limit, quiet).await.is_err() && self.pongs {
            let lives: VecDeque<_> = self.state().lives.values().cloned().collect();
            for life in lives {
                let record = life.record();
                let text = format!(
                    "an answer or a message never came: {} acks, {} of {} messages, {:?}, connect {:?}, {} events of {} began, {} run",
                    record.acks.len(),
                    record.received,
                    record.emitted.len(),
                    record.seen,
                    record.connect,
                    record.started.len(),
                    record.sent,
                    record.running,
                );
                drop(record);
                life.violates(&text);
            }
        }
    }
}

fn acknowledged(life: &Life, event: u64, data: &Value) {
    let times = *life
        .record()
        .acks
        .entry(event)
        .and_modify(|times| *times += 1)
        .or_insert(1);
    if times > 1 {
        life.violates(&format!("event {event} was acknowledged twice"));
    }
    if data != &json!([event]) && !data[0]["error"].is_string() {
        life.violates(&format!("event {event} was acknowledged with {data}"));
    }
}
