//! [`EventLog`]: the latest events of one namespace, numbered.
//!
//! The hub delivers the events of a namespace through its log, if events of this namespace are kept. The lock of a log is taken after
//! that of a client, and before those of namespaces, rooms and outboxes.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{
    Epoch, Histories, HistoryEntry, HistoryRule, LogState, Offset, Place, Position, Recipients,
    entries::Entries, offset::OffsetText,
};
use crate::{
    base::{Sid, turn_clock},
    packet::Frames,
};

/// The limits of what is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogLimits {
    pub(crate) bytes: usize,
    pub(crate) age: Duration,
}

/// The latest events of one namespace. An event is delivered under the lock under which it is appended, so that every client receives
/// events in the order of their positions.
#[derive(Debug)]
pub(crate) struct EventLog {
    epoch: Epoch,
    limits: LogLimits,
    /// Whether events are numbered by a store.
    is_stored: bool,
    /// Whether the store has lost the events of this log.
    is_ended: AtomicBool,
    /// The number of [`LocalOffsets`] that exist.
    local_offsets: AtomicUsize,
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

    /// Creates the log of a namespace in a store, whose events up to `floor` are unknown. If it `serves_sessions`, all events are kept for
    /// them, since their clients may come to any node.
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
            local_offsets: AtomicUsize::new(0),
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

    /// Delivers an event under the next position. Unless that fails, keeps it for sessions and in the histories of `rooms`.
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
            // No recoverable session would use the offset.
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

    /// Delivers an event for one client under the next position, and keeps it for its session unless the delivery fails.
    pub(crate) fn publish_to<T, E>(
        &self,
        sid: &Sid,
        packet: Frames,
        deliver: impl FnOnce(Stamped) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.lock();
        if state.sessions == 0 {
            // No recoverable session would use the offset.
            let seq = state.seq;
            return deliver(Stamped { seq, packet });
        }
        let seq = state.seq.next();
        let stamped = state.stamp(&packet, seq);
        let now = turn_clock::tokio_now();
        let recipient = Recipients::One(sid.clone());
        state.entries.push(seq, now, recipient, &stamped.packet);
        // The log has copied a short text, so the packet that `deliver` takes shares no bytes with the log.
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

    /// Delivers an event of the store under its number, and keeps it for sessions and in the histories of `rooms`. Unless the nodes `are_settled`,
    /// the event gets the offset of one that is not kept: at another node, it does not say what the client has.
    pub(crate) fn publish_numbered(
        &self,
        event: Numbered<'_>,
        rooms: &[Arc<str>],
        are_settled: impl FnOnce() -> bool,
        deliver: impl FnOnce(&Stamped),
    ) {
        let place = Place::of(event.number);
        let mut state = self.lock();
        let offset = match are_settled() && !self.has_local_offsets() {
            true => place,
            false => place.next_unkept(),
        };
        let stamped = state.stamp_for_sessions(event.packet, offset);
        deliver(&stamped);
        state.seq = stamped.seq;
        let kept = Stamped {
            seq: place,
            ..stamped
        };
        let dropped = state.keep(&self.limits, &kept, event, rooms, Instant::now());
        drop(state);
        drop(dropped);
    }

    /// Notes that all events of this namespace in the store up to a number are known.
    pub(crate) fn advance(&self, number: u64) {
        let mut state = self.lock();
        let place = match state.seq.is_unkept() {
            // The next offset must not say more than the previous one.
            true => Place::of(number).next_unkept(),
            false => Place::of(number),
        };
        state.seq = state.seq.max(place);
    }

    /// Gives events offsets that count only at this node until the result is dropped, since the changes of a session can't be stored: a client that
    /// presents such an offset at another node is not recovered there.
    pub(crate) fn begin_local_offsets(self: &Arc<Self>) -> LocalOffsets {
        self.local_offsets.fetch_add(1, Ordering::Relaxed);
        LocalOffsets(Arc::clone(self))
    }

    /// Called under the lock, so that an event that was stamped before is also delivered before.
    fn has_local_offsets(&self) -> bool {
        self.local_offsets.load(Ordering::Relaxed) > 0
    }

    /// Returns the position of the newest event, for an offset.
    fn latest(&self, state: &mut LogState) -> Place {
        if self.has_local_offsets() && !state.seq.is_unkept() {
            state.seq = state.seq.next_unkept();
        }
        state.seq
    }

    /// Notes that an event was not kept, so that clients that were away have missed it. `number` is the entry that tells it to all nodes;
    /// `None` if only this node knows.
    pub(crate) fn lose(&self, number: Option<u64>) {
        let mut state = self.lock();
        let seq = match number {
            Some(number) => state.seq.max(Place::of(number)),
            None => state.seq.next_unkept(),
        };
        let dropped = state.lose(seq);
        drop(state);
        drop(dropped);
    }

    /// Delivers an event before it is kept, if it ever is. Clients that are away miss it.
    pub(crate) fn pass_unkept(&self, packet: &Frames, deliver: impl FnOnce(&Stamped)) {
        let mut state = self.lock();
        let seq = state.seq.next_unkept();
        let dropped = state.lose(seq);
        let stamped = state.stamp_for_sessions(packet, seq);
        deliver(&stamped);
        drop(state);
        drop(dropped);
    }

    /// Returns an event for one client, with an offset behind this place that counts only at this node. The log need not be locked.
    pub(crate) fn with_local_offset(&self, packet: &Frames, seq: Place) -> Frames {
        let (epoch, seq) = (self.epoch, seq.next_unkept());
        packet.with_last_argument(&Offset { epoch, seq }.to_string())
    }

    /// Delivers an event that is not kept, with the position of the latest event that was kept.
    pub(crate) fn pass(&self, packet: &Frames, deliver: impl FnOnce(&Stamped)) {
        let mut state = self.lock();
        let seq = self.latest(&mut state);
        let stamped = state.stamp_for_sessions(packet, seq);
        deliver(&stamped);
        drop(state);
    }

    /// Keeps an event of a history that is sent again to one client, under the next place. The caller delivers the returned packet under the same
    /// lock.
    pub(crate) fn append_for(
        &self,
        state: &mut LogState,
        sid: &Sid,
        event: &HistoryEntry,
    ) -> Stamped {
        let seq = match self.is_stored {
            true => self.latest(state).next_local(),
            false => state.seq.next(),
        };
        let offset = Offset {
            epoch: self.epoch,
            seq,
        };
        let packet = event
            .packet
            .with_last_argument(&offset.of_history(event.seq));
        let stamped = Stamped { seq, packet };
        let recipient = Recipients::One(sid.clone());
        state.seq = seq;
        state
            .entries
            .push(seq, Instant::now(), recipient, &stamped.packet);
        stamped
    }

    /// Begins a session, for which later events are kept.
    pub(crate) fn begin_session(&self) {
        let mut state = self.lock();
        if state.sessions == 0 {
            // Events that were numbered for histories before are not kept for sessions.
            state.floor = state.seq;
        }
        state.sessions += 1;
    }

    /// Ends a session. Returns whether nothing in the log is needed any more.
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

    /// Returns whether it has never had an event, and neither a session nor a reader needs the next one.
    pub(crate) fn is_unused(&self) -> bool {
        let state = self.lock();
        state.seq == Place::START && state.sessions == 0 && state.histories.is_unused()
    }

    /// Drops events that are too old.
    pub(crate) fn trim(&self) {
        let mut state = self.lock();
        state.histories.trim();
        let dropped = state.trim(&self.limits, Instant::now());
        drop(state);
        drop(dropped);
    }

    /// Returns the number of kept events, and an estimate of their memory in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.lock();
        (state.entries.len(), state.entries.bytes())
    }
}

/// While it exists, events get offsets that count only at this node: see [`EventLog::begin_local_offsets`].
#[derive(Debug)]
pub(crate) struct LocalOffsets(Arc<EventLog>);

impl Drop for LocalOffsets {
    fn drop(&mut self) {
        self.0.local_offsets.fetch_sub(1, Ordering::Relaxed);
    }
}
