//! [`EventLog`]: the latest events of one namespace, numbered.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{
    Epoch, Histories, HistoryRule, LogState, Offset, Place, Position, Recipients, entries::Entries,
    offset::OffsetText,
};
use crate::{
    base::{Sid, turn_clock},
    packet::Frames,
};

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogLimits {
    pub(crate) bytes: usize,
    pub(crate) age: Duration,
}

/// The latest events of one namespace. What is appended is delivered under the same lock, so that every client receives events
/// in the order of their positions.
#[derive(Debug)]
pub(crate) struct EventLog {
    epoch: Epoch,
    limits: LogLimits,
    /// Whether events are numbered by a store.
    is_stored: bool,
    /// Whether the store has lost what this log was made of.
    is_ended: AtomicBool,
    state: Mutex<LogState>,
}

/// An event with its place in the log.
#[derive(Debug)]
pub(crate) struct Stamped {
    pub(crate) seq: Place,
    /// The packet with the offset as the last argument.
    pub(crate) packet: Frames,
}

/// An event of a store.
#[derive(Debug)]
pub(crate) struct Numbered<'a> {
    pub(crate) number: u64,
    pub(crate) packet: &'a Frames,
    pub(crate) recipients: Recipients,
    pub(crate) at: Instant,
    pub(crate) time: SystemTime,
}

impl EventLog {
    pub(crate) fn new(epoch: Epoch, limits: LogLimits, rules: Vec<Arc<HistoryRule>>) -> Self {
        Self::with(epoch, limits, rules, Place::START)
    }

    /// Creates the log of a namespace of a store, of which nothing is known up to `floor`. If it `serves_sessions`, everything is kept
    /// for them, since any node may get their clients.
    pub(crate) fn of_store(
        epoch: Epoch,
        limits: LogLimits,
        rules: Vec<Arc<HistoryRule>>,
        floor: Place,
        serves_sessions: bool,
    ) -> Self {
        let mut log = Self::with(epoch, limits, rules, floor);
        log.is_stored = true;
        let state = log.state.get_mut();
        state.unwrap_or_else(PoisonError::into_inner).sessions = usize::from(serves_sessions);
        log
    }

    fn with(epoch: Epoch, limits: LogLimits, rules: Vec<Arc<HistoryRule>>, floor: Place) -> Self {
        EventLog {
            epoch,
            limits,
            is_stored: false,
            is_ended: AtomicBool::new(false),
            state: Mutex::new(LogState {
                sessions: 0,
                seq: floor,
                floor,
                entries: Entries::default(),
                trimmed_at: None,
                offset: OffsetText::new(Offset { epoch, seq: floor }),
                histories: Histories::new(rules, floor),
            }),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Returns whether events are numbered by a store.
    pub(crate) fn is_stored(&self) -> bool {
        self.is_stored
    }

    /// Notes that the store has another epoch.
    pub(crate) fn end(&self) {
        self.is_ended.store(true, Ordering::Release);
    }

    /// Returns whether the store has another epoch.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    /// Returns the position of the newest event.
    pub(crate) fn position(&self, state: &LogState) -> Position {
        let (epoch, seq) = (self.epoch, state.seq);
        Position(Offset { epoch, seq })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, LogState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers an event under the next position, and keeps it unless that fails: for sessions, and in the histories of `rooms`.
    pub(crate) fn publish<T, E>(
        &self,
        packet: &Frames,
        rooms: &[Arc<str>],
        recipients: impl FnOnce() -> Recipients,
        deliver: impl FnOnce(&Stamped) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.lock();
        let is_history = state.histories.keep_any(rooms);
        let is_kept = state.sessions > 0;
        let (latest, next) = (state.seq, state.seq.next());
        let stamped = match is_kept {
            true => state.stamp(packet, next),
            // No client gets the offset.
            false => Stamped {
                seq: match is_history {
                    true => next,
                    false => latest,
                },
                packet: packet.clone(),
            },
        };
        let delivered = deliver(&stamped)?;
        state.seq = stamped.seq;
        if !is_kept && !is_history {
            return Ok(delivered);
        }
        let now = turn_clock::tokio_now();
        let numbered = Numbered {
            number: stamped.seq.number(),
            packet,
            recipients: recipients(),
            at: now,
            time: SystemTime::now(),
        };
        let dropped = state.keep(&self.limits, &stamped, numbered, rooms, now);
        drop(state);
        drop(dropped);
        Ok(delivered)
    }

    /// Delivers an event for one client under the next position, and keeps it for its session unless that fails.
    pub(crate) fn publish_to<T, E>(
        &self,
        sid: &Sid,
        packet: Frames,
        deliver: impl FnOnce(Stamped) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.lock();
        if state.sessions == 0 {
            // No client gets the offset.
            let seq = state.seq;
            return deliver(Stamped { seq, packet });
        }
        let seq = state.seq.next();
        let stamped = state.stamp(&packet, seq);
        let now = turn_clock::tokio_now();
        let recipient = Recipients::One(sid.clone());
        state.entries.push(seq, now, recipient, &stamped.packet);
        // `deliver` takes the packet: its bytes are not shared with the log, which has copied what is short.
        let delivered = deliver(stamped);
        if delivered.is_err() {
            state.entries.pop_newest();
            return delivered;
        }
        state.seq = seq;
        let dropped = state.trim_once(&self.limits, now);
        drop(state);
        drop(dropped);
        delivered
    }

    /// Delivers an event of the store under its number, and keeps it: for sessions, and in the histories of `rooms`.
    pub(crate) fn publish_numbered(
        &self,
        event: Numbered<'_>,
        rooms: &[Arc<str>],
        deliver: impl FnOnce(&Stamped),
    ) {
        let mut state = self.lock();
        let seq = Place::of(event.number);
        let stamped = match state.sessions > 0 {
            true => state.stamp(event.packet, seq),
            false => Stamped {
                seq,
                packet: event.packet.clone(),
            },
        };
        deliver(&stamped);
        state.seq = stamped.seq;
        let dropped = state.keep(&self.limits, &stamped, event, rooms, Instant::now());
        drop(state);
        drop(dropped);
    }

    /// Notes that the store has no event of this namespace up to a number but those that are known.
    pub(crate) fn advance(&self, number: u64) {
        let mut state = self.lock();
        state.seq = state.seq.max(Place::of(number));
    }

    /// Notes that an event was not kept: whoever was away has missed it. All nodes know it by the number of an entry, or this one alone.
    pub(crate) fn lose(&self, number: Option<u64>) {
        let mut state = self.lock();
        state.seq = match number {
            Some(number) => state.seq.max(Place::of(number)),
            None => state.seq.next_local(),
        };
        state.floor = state.seq;
        let seq = state.seq;
        state.histories.lose(seq);
        let dropped = std::mem::take(&mut state.entries);
        drop(state);
        drop(dropped);
    }

    /// Delivers an event that is not kept, with the position of the latest one that was.
    pub(crate) fn pass(&self, packet: &Frames, deliver: impl FnOnce(&Stamped)) {
        let mut state = self.lock();
        let seq = state.seq;
        let stamped = match state.sessions > 0 {
            true => state.stamp(packet, seq),
            // No client gets the offset.
            false => Stamped {
                seq,
                packet: packet.clone(),
            },
        };
        deliver(&stamped);
        drop(state);
    }

    /// Keeps an event for one client that was not sent anew, such as one of a history, under the next position. The caller
    /// delivers the packet that is returned, under the same lock.
    pub(crate) fn append_for(&self, state: &mut LogState, sid: &Sid, packet: &Frames) -> Stamped {
        let seq = match self.is_stored {
            true => state.seq.next_local(),
            false => state.seq.next(),
        };
        let stamped = state.stamp(packet, seq);
        let recipient = Recipients::One(sid.clone());
        state.seq = seq;
        state
            .entries
            .push(seq, Instant::now(), recipient, &stamped.packet);
        stamped
    }

    /// A session begins that may need what comes.
    pub(crate) fn begin_session(&self) {
        let mut state = self.lock();
        if state.sessions == 0 {
            // What was numbered for histories before is not kept for sessions.
            state.floor = state.seq;
        }
        state.sessions += 1;
    }

    /// A session ends. Returns whether nothing in the log is needed any more.
    pub(crate) fn end_session(&self) -> bool {
        let mut state = self.lock();
        state.sessions -= 1;
        if state.sessions > 0 {
            return false;
        }
        state.floor = state.seq;
        let dropped = std::mem::take(&mut state.entries);
        let is_empty = !state.histories.has_rules();
        drop(state);
        drop(dropped);
        is_empty
    }

    /// Returns whether it has never had an event, and nobody needs the next one.
    pub(crate) fn is_unused(&self) -> bool {
        let state = self.lock();
        state.seq == Place::START && state.sessions == 0 && state.histories.is_unused()
    }

    /// Drops what is too old.
    pub(crate) fn trim(&self) {
        let mut state = self.lock();
        state.histories.trim();
        let dropped = state.trim(&self.limits, Instant::now());
        drop(state);
        drop(dropped);
    }

    /// Returns the number of kept events, and about how much memory they take in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.lock();
        (state.entries.len(), state.entries.bytes())
    }
}
