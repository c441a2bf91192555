//! [`Life`]: the observations of one client, from its CONNECT packet to the end of its `disconnect` handler.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use socketio::Socket;

use crate::world::World;

/// The outcome of `connect`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Connect {
    #[default]
    NotStarted,
    Running,
    Accepted,
    Refused,
    /// Its future was dropped.
    Dropped,
}

/// The state of the namespace, as the client knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Seen {
    #[default]
    Joining,
    Joined,
    /// It was refused, or it or the server has ended it.
    Gone,
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    // Of the server.
    pub(crate) socket: Option<Socket>,
    pub(crate) connect: Connect,
    pub(crate) rooms: BTreeSet<u64>,
    /// The events whose handlers have begun.
    pub(crate) started: BTreeSet<u64>,
    /// One more than the last event that may not overlap.
    ordered: u64,
    pub(crate) ordered_running: u64,
    pub(crate) running: u64,
    pub(crate) dropped: u64,
    pub(crate) disconnects: u64,
    pub(crate) disconnects_ended: u64,
    /// Messages that the server has emitted to the client, in order.
    pub(crate) emitted: Vec<u64>,
    /// The acknowledgements that a callback or `call` has received, by the message that asked for them.
    pub(crate) answers: BTreeMap<u64, u64>,
    // Of the client.
    pub(crate) sent: u64,
    pub(crate) seen: Seen,
    /// How many of `emitted` the client has received or skipped.
    pub(crate) received: usize,
    /// The acknowledgements that it asked for and received, by the number of the event.
    pub(crate) acks: BTreeMap<u64, u64>,
}

pub(crate) struct Life {
    pub(crate) number: u64,
    pub(crate) namespace: &'static str,
    pub(crate) world: Arc<World>,
    record: Mutex<Record>,
}

impl Life {
    pub(crate) fn new(world: &Arc<World>, number: u64, namespace: &'static str) -> Self {
        Life {
            number,
            namespace,
            world: Arc::clone(world),
            record: Mutex::default(),
        }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        self.world
            .note(|| format!("life {}: {}", self.number, text()));
    }

    pub(crate) fn violates(&self, text: &str) {
        self.world.violates(format!("life {}: {text}", self.number));
    }

    /// Whether an event to the client's rooms reaches it now, according to the server.
    pub(crate) fn is_in(&self, namespace: &str, room: Option<u64>) -> bool {
        let record = self.record();
        let connected = record.socket.as_ref().is_some_and(Socket::is_connected);
        self.namespace == namespace
            && connected
            && room.is_none_or(|room| record.rooms.contains(&room))
    }

    /// The server emits a message to the client.
    pub(crate) fn emits(&self, message: u64) {
        self.record().emitted.push(message);
    }

    /// The client receives a message.
    pub(crate) fn receives(&self, message: u64) {
        let drops = self.world.settings.drop_newest;
        let mut record = self.record();
        if record.seen != Seen::Joined {
            drop(record);
            return self.violates(&format!(
                "message {message} before CONNECT or after the end"
            ));
        }
        let next = &record.emitted[record.received.min(record.emitted.len())..];
        let position = next.iter().position(|emitted| *emitted == message);
        match position {
            Some(skipped) if skipped == 0 || drops => record.received += skipped + 1,
            found => {
                let received = record.received;
                drop(record);
                self.violates(&format!(
                    "message {message} out of order, twice or not its own, after {received} others: {found:?}"
                ));
            }
        }
    }

    /// The `connect` handler begins.
    pub(crate) fn connects(&self, socket: Socket) {
        let mut record = self.record();
        let before = std::mem::replace(&mut record.connect, Connect::Running);
        record.socket = Some(socket);
        drop(record);
        if before != Connect::NotStarted {
            self.violates(&format!("connect ran again, after {before:?}"));
        }
    }

    /// The handler of an event begins.
    pub(crate) fn begins(&self, event: u64, concurrent: bool) {
        let mut record = self.record();
        let expected = match self.world.settings.guard {
            // Events that may overlap overtake each other in guards that wait.
            true if concurrent => event,
            true => event.max(record.ordered),
            false => record.started.len() as u64,
        };
        let again = !record.started.insert(event);
        if !concurrent {
            record.ordered = event + 1;
        }
        record.running += 1;
        record.ordered_running += u64::from(!concurrent);
        let state = (record.connect, record.disconnects, record.ordered_running);
        drop(record);
        if again || event != expected {
            self.violates(&format!("event {event} began where {expected} was due"));
        }
        if state.0 != Connect::Accepted && !self.world.settings.always_connect {
            self.violates(&format!(
                "event {event} began while connect was {:?}",
                state.0
            ));
        }
        if state.1 > 0 {
            self.violates(&format!("event {event} began after disconnect"));
        }
        if state.2 > 1 {
            self.violates(&format!("event {event} began while another one ran"));
        }
    }

    /// The handler of an event ends, or is dropped.
    pub(crate) fn ends(&self, concurrent: bool, dropped: bool) {
        let mut record = self.record();
        record.running -= 1;
        record.ordered_running -= u64::from(!concurrent);
        record.dropped += u64::from(dropped);
    }

    /// The `disconnect` handler begins.
    pub(crate) fn disconnects(&self) {
        let mut record = self.record();
        record.disconnects += 1;
        let (times, running, connect) = (record.disconnects, record.running, record.connect);
        let connected = record.socket.as_ref().is_some_and(Socket::is_connected);
        drop(record);
        if times > 1 {
            self.violates("disconnect ran twice");
        }
        if running > 0 {
            self.violates(&format!("disconnect began while {running} events ran"));
        }
        // With `always_connect`, a client whose `connect` handler a shutdown has dropped has been connected.
        let let_in = self.world.settings.always_connect && connect == Connect::Dropped;
        if connect != Connect::Accepted && !let_in {
            self.violates(&format!("disconnect ran after connect was {connect:?}"));
        }
        if connected {
            self.violates("the client was connected in disconnect");
        }
    }

    /// An acknowledgement of the client has arrived.
    pub(crate) fn answered(&self, message: u64, value: u64) {
        let times = *self
            .record()
            .answers
            .entry(message)
            .and_modify(|times| *times += 1)
            .or_insert(1);
        if value != message {
            self.violates(&format!("message {message} was answered with {value}"));
        }
        if times > 1 {
            self.violates(&format!("message {message} was answered twice"));
        }
    }

    /// Checks what must hold when everything has ended. `graceful`: no deadline of a shutdown has dropped handlers.
    pub(crate) fn check_end(&self, graceful: bool) {
        let record = self.record();
        let mut wrong = Vec::new();
        match record.connect {
            Connect::Accepted if graceful && record.disconnects != 1 => {
                wrong.push(format!("disconnect ran {} times", record.disconnects));
            }
            Connect::Running => wrong.push("connect never ended".to_owned()),
            _ => {}
        }
        if graceful && record.disconnects_ended != record.disconnects {
            wrong.push("disconnect never ended".to_owned());
        }
        if record.running > 0 {
            wrong.push(format!("{} handlers never ended", record.running));
        }
        let (first, last) = (record.started.first(), record.started.last());
        let begun = record.started.len() as u64;
        let contiguous = begun == 0 || (first == Some(&0) && last == Some(&(begun - 1)));
        if begun > record.sent || (graceful && !contiguous) {
            wrong.push(format!("{:?} of {} events", record.started, record.sent));
        }
        if graceful && record.dropped > 0 {
            wrong.push(format!("{} handlers were dropped", record.dropped));
        }
        drop(record);
        for wrong in wrong {
            self.violates(&wrong);
        }
    }
}
