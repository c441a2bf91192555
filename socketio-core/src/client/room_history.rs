//! [`RoomHistory`]: reading the history of a room.

use std::{fmt, sync::Arc, time::SystemTime};

use serde::{Serialize, Serializer};

use super::{Socket, SocketIo};
use crate::{
    admission::PacketLimits,
    base::{Data, date},
    event_log::{HistoryEntry, Offset, Place, Position},
    hub::{HistoryWatch, Hub},
    node::Node,
};

/// Reads the history of one room. Created by [`SocketIo::history`] and [`history`](crate::history).
#[must_use = "nothing is read before `read` is called"]
pub struct RoomHistory {
    node: Arc<Node>,
    namespace: Arc<str>,
    room: String,
    since: Option<Position>,
    limit: usize,
}

/// Events of a room, returned by [`RoomHistory::read`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The position behind the last of these events, from which the next page is read.
    #[serde(flatten)]
    pub position: Position,
    /// Whether all events after the position that was asked for are kept.
    pub recovered: bool,
    /// The events, in the order in which they were sent.
    pub events: Vec<HistoryEvent>,
}

/// An event of a history.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistoryEvent {
    /// Its number.
    pub seq: u64,
    /// Its name.
    pub event: String,
    /// Its arguments.
    pub args: Vec<Data>,
    /// When it was sent. In JSON: `"2026-01-31T12:34:56.789012Z"`.
    #[serde(serialize_with = "iso")]
    pub time: SystemTime,
}

impl RoomHistory {
    pub(crate) fn new(node: Arc<Node>, namespace: Arc<str>, room: String) -> Self {
        RoomHistory {
            node,
            namespace,
            room,
            since: None,
            limit: usize::MAX,
        }
    }

    /// Reads only the events after a position. Default: all kept events.
    pub fn since(mut self, position: impl Into<Option<Position>>) -> Self {
        self.since = position.into();
        self
    }

    /// Reads up to `events` events: the oldest after the position, or the newest if there is no position. Default: all.
    pub fn limit(mut self, events: usize) -> Self {
        self.limit = events;
        self
    }

    /// Reads the events. Returns `None` if events to this room are not kept.
    pub fn read(self) -> Option<HistoryPage> {
        let selected = self.select(usize::MAX)?;
        Some(HistoryPage {
            position: selected.position,
            recovered: selected.recovered,
            events: selected.events(&self.node.hub).collect(),
        })
    }

    /// Selects the events, up to about `bytes` bytes, without decoding them. Returns `None` if events to this room are not kept.
    pub(crate) fn select(&self, bytes: usize) -> Option<SelectedEvents> {
        let log = self.node.hub.log(&self.namespace)?;
        let (mut entries, newest, known) = {
            let mut state = log.lock();
            if !state.histories.keep(&self.room) {
                return None;
            }
            state.histories.trim_room(&self.room);
            let newest = log.position(&state);
            let own = self.since.map(|since| since.0);
            let own = own.filter(|since| since.epoch == log.epoch());
            let hub = &self.node.hub;
            let is_known = |since: &Offset| {
                let since = Position(*since);
                hub.known_position(&log, &state, &self.room, since)
                    .is_some()
            };
            let known = own.filter(is_known);
            let after = own.map_or(Place::START, |since| since.seq);
            (state.histories.after(&self.room, after), newest, known)
        };
        let mut left = bytes;
        let mut fits = |entry: &Arc<HistoryEntry>| {
            let (size, first) = (entry.packet.bytes(), left == bytes);
            let fits = first || size <= left;
            left = left.saturating_sub(size.max(1));
            fits
        };
        let before = |entry: &Arc<HistoryEntry>| {
            let (epoch, seq) = (newest.0.epoch, entry.seq.previous());
            Position(Offset { epoch, seq })
        };
        let mut position = newest;
        let mut is_cut = false;
        match self.since {
            None => {
                let newest = entries.iter().rev().take(self.limit);
                let count = newest.take_while(|entry| fits(entry)).count();
                entries.drain(..entries.len() - count);
            }
            Some(_) => {
                let oldest = entries.iter().take(self.limit);
                let count = oldest.take_while(|entry| fits(entry)).count();
                if let Some(next) = entries.get(count) {
                    (position, is_cut) = (before(next), true);
                }
                entries.truncate(count);
            }
        }
        let start = match known {
            Some(since) => Position(since),
            None => entries.first().map_or(position, before),
        };
        Some(SelectedEvents {
            entries,
            start,
            position,
            recovered: self.since.is_none() || known.is_some(),
            is_cut,
        })
    }

    /// Starts to wait for further events. Returns `None` if events to this room are not kept.
    pub(crate) fn watch(&self) -> Option<HistoryWatch> {
        self.node.hub.watch_history(&self.namespace, &self.room)
    }
}

/// Events of a room that are not decoded yet.
pub(crate) struct SelectedEvents {
    pub(crate) entries: Vec<Arc<HistoryEntry>>,
    /// The position after which they begin.
    pub(crate) start: Position,
    /// The position behind the last of them.
    pub(crate) position: Position,
    /// Whether all events after the position that was asked for are kept.
    pub(crate) recovered: bool,
    /// Whether there are more after them.
    pub(crate) is_cut: bool,
}

impl SelectedEvents {
    pub(crate) fn events(&self, hub: &Hub) -> impl Iterator<Item = HistoryEvent> {
        self.entries.iter().filter_map(|entry| event(hub, entry))
    }
}

/// Reads the packet of an event, which this server has written.
fn event(hub: &Hub, entry: &HistoryEntry) -> Option<HistoryEvent> {
    let limits = PacketLimits::unlimited();
    let mut reader = hub.codec.reader(&limits);
    let mut packet = None;
    for message in entry.packet.messages() {
        packet = reader.read(message.clone(), &limits, |_| true).ok()?;
    }
    let packet = packet?;
    Some(HistoryEvent {
        seq: entry.seq.number(),
        event: packet.event().to_owned(),
        args: packet.into_arguments().rest().ok()?,
        time: entry.time,
    })
}

/// Writes a time in ISO 8601, with microseconds.
fn iso<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&date::iso_micros(*time))
}

impl Socket {
    /// Returns a reader of the history of a room of this namespace.
    pub fn history(&self, room: impl Into<String>) -> RoomHistory {
        let namespace = Arc::clone(self.client().namespace());
        RoomHistory::new(Arc::clone(self.node()), namespace, room.into())
    }
}

impl SocketIo {
    /// Returns a reader of the history of a room.
    ///
    /// ```
    /// use socketio_core::{History, SocketIo};
    ///
    /// let io = SocketIo::bare()
    ///     .history("/", "job:{id}", History::new())
    ///     .build()
    ///     .unwrap();
    /// io.to("job:1").emit("progress", 50);
    /// let page = io.history("/", "job:1").limit(10).read().unwrap();
    /// assert_eq!(page.events[0].event, "progress");
    /// ```
    pub fn history(&self, namespace: &str, room: impl Into<String>) -> RoomHistory {
        let path = if namespace.is_empty() { "/" } else { namespace };
        RoomHistory::new(Arc::clone(self.node()), Arc::from(path), room.into())
    }
}

impl fmt::Debug for RoomHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomHistory")
            .field("namespace", &self.namespace)
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}
