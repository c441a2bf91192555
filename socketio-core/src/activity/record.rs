//! [`Record`]: the compact form that a [`Row`] has until it is read.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::value::RawValue;

use super::{Direction, Row, Subject};
use crate::base::turn_clock;

/// The estimated size of a [`Record`] in memory without its texts, in bytes. Names that records share count for each of them. A line of JSON
/// takes about as much.
const WEIGHT: usize = 256;

/// One thing that happened, as it travels to the ring and to the sinks: small, with shared names, and not encoded yet. Every event creates
/// one or two while it is handled, so that creating one must be cheap.
///
/// Its fields are those of [`Row`], which it becomes when it is read. The reader adds the node.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) seq: u64,
    /// In microseconds since 1970.
    pub(crate) at: u64,
    pub(crate) direction: Direction,
    pub(crate) subject: Arc<Subject>,
    pub(crate) event: Option<Arc<str>>,
    pub(crate) clients: u64,
    pub(crate) bytes: u64,
    pub(crate) duration: Option<Duration>,
    pub(crate) outcome: &'static str,
    /// Shared, so that a copy is cheap. Usually `None`.
    pub(super) more: Option<Arc<More>>,
}

/// The fields that most records don't have.
#[derive(Clone, Debug, Default)]
pub(super) struct More {
    rooms: Vec<Arc<str>>,
    arguments: Option<Box<RawValue>>,
}

impl Record {
    /// Creates a record of the current time (within a turn, of its last reading of the clock) with nothing but a direction and a subject.
    #[inline]
    pub(crate) fn new(direction: Direction, subject: Arc<Subject>) -> Self {
        Record {
            seq: 0,
            at: turn_clock::unix_micros(),
            direction,
            subject,
            event: None,
            clients: 1,
            bytes: 0,
            duration: None,
            outcome: "ok",
            more: None,
        }
    }

    /// Returns the time of the event.
    pub(crate) fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.at)
    }

    fn more(&mut self) -> &mut More {
        Arc::make_mut(self.more.get_or_insert_default())
    }

    /// Sets the user that an event was sent to.
    pub(crate) fn set_user(&mut self, user: &str) {
        let Subject {
            namespace, socket, ..
        } = &*self.subject;
        let subject = Subject::new(Arc::clone(namespace), socket.clone(), Some(Arc::from(user)));
        self.subject = Arc::new(subject);
    }

    pub(crate) fn add_room(&mut self, room: Arc<str>) {
        self.more().rooms.push(room);
    }

    pub(crate) fn set_rooms(&mut self, rooms: Vec<Arc<str>>) {
        if !rooms.is_empty() {
            self.more().rooms = rooms;
        }
    }

    pub(crate) fn set_arguments(&mut self, arguments: Option<Box<RawValue>>) {
        if arguments.is_some() {
            self.more().arguments = arguments;
        }
    }

    #[inline]
    pub(super) fn rooms(&self) -> &[Arc<str>] {
        self.more.as_ref().map_or(&[], |more| &more.rooms)
    }

    #[inline]
    pub(super) fn arguments(&self) -> Option<&RawValue> {
        self.more.as_ref()?.arguments.as_deref()
    }

    /// Returns an estimate of its size in bytes, in memory and as a line of JSON.
    #[inline]
    pub(crate) fn weight(&self) -> usize {
        let event = self.event.as_ref().map_or(0, |event| event.len());
        let more = self.more.as_ref().map_or(0, |more| {
            let rooms: usize = more.rooms.iter().map(|room| room.len() + 32).sum();
            let arguments = more.arguments.as_ref();
            rooms + arguments.map_or(0, |json| json.get().len())
        });
        WEIGHT + self.subject.namespace.len() + event + more
    }

    /// Returns the record as a row of a node.
    pub(crate) fn row(&self, node: &Arc<str>) -> Row {
        let mut row = Row::new(self.direction, &self.subject.namespace);
        row.seq = self.seq;
        row.at = self.time();
        row.node = Arc::clone(node);
        let event = self.event.as_deref();
        row.event = event.map(|event| Cow::Owned(event.to_owned()));
        row.socket = self.subject.socket.clone();
        row.user = self.subject.user.clone();
        row.rooms = self.rooms().to_vec();
        row.clients = self.clients;
        row.bytes = self.bytes;
        row.duration = self.duration;
        row.outcome = Cow::Borrowed(self.outcome);
        row.arguments = self.arguments().map(ToOwned::to_owned);
        row
    }
}

#[cfg(test)]
impl Record {
    /// Creates a record of a namespace, without a client.
    pub(super) fn of_namespace(direction: Direction, namespace: &str) -> Self {
        let subject = Subject::new(Arc::from(namespace), None, None);
        Record::new(direction, Arc::new(subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small_since_it_is_moved_several_times() {
        assert!(size_of::<Record>() <= 104, "{}", size_of::<Record>());
    }
}
