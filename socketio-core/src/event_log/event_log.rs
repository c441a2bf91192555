//! [`EventLog`]: the latest events of one namespace, numbered.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{Entry, Epoch, Histories, HistoryEntry, HistoryRule, Offset, Position, Recipients};
use crate::{
    base::Sid,
    packet::{Frames, event_name},
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
    state: Mutex<LogState>,
}

/// The part under the lock.
#[derive(Debug)]
pub(crate) struct LogState {
    /// The sessions that may need the events. Without any, only histories are kept.
    sessions: usize,
    /// The position of the newest event.
    seq: u64,
    /// The position of the newest event that is not kept any more: all later ones are.
    floor: u64,
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    pub(crate) histories: Histories,
}

/// An event with its place in the log.
#[derive(Debug)]
pub(crate) struct Stamped {
    pub(crate) seq: u64,
    /// The packet with the offset as the last argument.
    pub(crate) packet: Frames,
}

impl EventLog {
    pub(crate) fn new(epoch: Epoch, limits: LogLimits, rules: Vec<Arc<HistoryRule>>) -> Self {
        EventLog {
            epoch,
            limits,
            state: Mutex::new(LogState {
                sessions: 0,
                seq: 0,
                floor: 0,
                entries: VecDeque::new(),
                bytes: 0,
                histories: Histories::new(rules),
            }),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
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
        let stamped = match is_kept {
            true => self.stamp(packet, state.seq + 1),
            // No client gets the offset.
            false => Stamped {
                seq: state.seq + u64::from(is_history),
                packet: packet.clone(),
            },
        };
        let delivered = deliver(&stamped)?;
        state.seq = stamped.seq;
        if !is_kept && !is_history {
            return Ok(delivered);
        }
        let (recipients, at) = (recipients(), Instant::now());
        if is_history {
            let (skip, except) = recipients.excluded();
            let entry = Arc::new(HistoryEntry {
                seq: stamped.seq,
                event: event_name(packet).into(),
                packet: packet.clone(),
                skip: skip.to_vec(),
                except: except.to_vec(),
                at,
                time: SystemTime::now(),
            });
            for room in rooms {
                state.histories.append(room, &entry);
            }
        }
        if is_kept {
            state.append(Entry {
                seq: stamped.seq,
                recipients,
                packet: stamped.packet,
                at,
            });
        }
        let dropped = state.trim(&self.limits);
        drop(state);
        drop(dropped);
        Ok(delivered)
    }

    /// Delivers an event that is not kept, with the position of the latest one that was.
    pub(crate) fn pass(&self, packet: &Frames, deliver: impl FnOnce(&Stamped)) {
        let state = self.lock();
        let stamped = match state.sessions > 0 {
            true => self.stamp(packet, state.seq),
            // No client gets the offset.
            false => Stamped {
                seq: state.seq,
                packet: packet.clone(),
            },
        };
        deliver(&stamped);
        drop(state);
    }

    /// Keeps an event for one client that was not sent anew, such as one of a history, under the next position. The caller
    /// delivers the packet that is returned, under the same lock.
    pub(crate) fn append_for(&self, state: &mut LogState, sid: &Sid, packet: &Frames) -> Stamped {
        let stamped = self.stamp(packet, state.seq + 1);
        state.seq = stamped.seq;
        state.append(Entry {
            seq: stamped.seq,
            recipients: Recipients::One(sid.clone()),
            packet: stamped.packet.clone(),
            at: Instant::now(),
        });
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
        state.bytes = 0;
        let dropped = std::mem::take(&mut state.entries);
        let is_empty = !state.histories.has_rules();
        drop(state);
        drop(dropped);
        is_empty
    }

    /// Returns whether it has never had an event, and nobody needs the next one.
    pub(crate) fn is_unused(&self) -> bool {
        let state = self.lock();
        state.seq == 0 && state.sessions == 0 && state.histories.is_unused()
    }

    fn stamp(&self, packet: &Frames, seq: u64) -> Stamped {
        let epoch = self.epoch;
        Stamped {
            seq,
            packet: packet.with_last_argument(Offset { epoch, seq }),
        }
    }

    /// Drops what is too old.
    pub(crate) fn trim(&self) {
        let mut state = self.lock();
        state.histories.trim();
        let dropped = state.trim(&self.limits);
        drop(state);
        drop(dropped);
    }

    /// Returns the number of kept events, and about how much memory they take in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.lock();
        (state.entries.len(), state.bytes)
    }
}

impl LogState {
    /// Returns the position of the newest event.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns whether all events after a position are kept.
    pub(crate) fn is_complete_after(&self, seq: u64) -> bool {
        seq >= self.floor
    }

    /// Returns the position after which all events are kept.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Returns the kept events after a position, in order.
    pub(crate) fn after(&self, seq: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let known = seq.saturating_sub(self.floor);
        let first = usize::try_from(known).unwrap_or(usize::MAX);
        self.entries.range(first.min(self.entries.len())..)
    }

    fn append(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_back(Arc::new(entry));
    }

    /// Removes the oldest events past the limits. They are dropped outside of the lock.
    fn trim(&mut self, limits: &LogLimits) -> Vec<Arc<Entry>> {
        let mut dropped = Vec::new();
        while let Some(oldest) = self.entries.front()
            && (self.bytes > limits.bytes || oldest.at.elapsed() > limits.age)
        {
            self.bytes -= oldest.bytes();
            self.floor = oldest.seq;
            dropped.extend(self.entries.pop_front());
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::packet::Codec;

    fn session_log(limits: LogLimits) -> EventLog {
        let log = EventLog::new(Epoch::random(), limits, Vec::new());
        log.begin_session();
        log
    }

    fn append(log: &EventLog) {
        let packet = Codec::default().event("/", None, "tick", &1).unwrap();
        let everyone = || Recipients::Some {
            rooms: None,
            skip: Vec::new(),
            except: Vec::new(),
        };
        let Ok(()) = log.publish(&packet, &[], everyone, |_| Ok::<_, Infallible>(()));
    }

    fn kept(log: &EventLog, after: u64) -> Vec<u64> {
        log.lock().after(after).map(|entry| entry.seq).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_latest_events_are_kept_by_age() {
        let log = session_log(LogLimits {
            bytes: usize::MAX,
            age: Duration::from_secs(10),
        });
        for _ in 0..4 {
            append(&log);
            tokio::time::advance(Duration::from_secs(4)).await;
        }
        log.trim();
        assert_eq!(kept(&log, 0), [3, 4]);
        assert_eq!(kept(&log, 3), [4]);
        assert_eq!(kept(&log, 4), [0; 0]);
        assert_eq!(kept(&log, 99), [0; 0]);
        assert!(log.lock().is_complete_after(2));
        assert!(!log.lock().is_complete_after(1));
    }

    #[test]
    fn the_latest_events_are_kept_by_bytes() {
        let log = session_log(LogLimits {
            bytes: 700,
            age: Duration::MAX,
        });
        for _ in 0..9 {
            append(&log);
        }
        assert_eq!(kept(&log, 0), [8, 9]);
        assert_eq!(log.lock().floor(), 7);
        assert!(log.size().1 <= 700);
    }

    #[test]
    fn an_event_that_could_not_be_delivered_has_no_position() {
        let log = session_log(LogLimits {
            bytes: 700,
            age: Duration::MAX,
        });
        let packet = Codec::default().event("/", None, "tick", &1).unwrap();
        let refused = log.publish(
            &packet,
            &[],
            || unreachable!("it is not kept"),
            |_| Err::<(), _>(()),
        );
        assert_eq!(refused, Err(()));
        assert_eq!(log.lock().seq(), 0);
        append(&log);
        assert_eq!(kept(&log, 0), [1]);
    }
}
