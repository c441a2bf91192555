//! [`LineQueue`]: the lines that wait for the writer, one after the other in one buffer.
//!
//! Connection tasks push whole lines and never wait: what does not fit is dropped and counted. The writer takes all
//! lines at once, so that a lock is held for a copy only.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::counters::RecorderCounters;

/// How long the writer collects lines after the first one, so that it writes many at once.
const COLLECT: Duration = Duration::from_millis(100);

/// The share of the limit at which the writer stops collecting.
const HURRY: usize = 4;

/// A buffer that had to grow beyond this is given back when it has been written, in bytes.
const KEPT: usize = 1 << 20;

/// Lines on their way to a file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<u8>,
    pub(super) rows: u64,
}

impl Batch {
    /// Empties the batch. Its memory is used for the next one.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.lines.shrink_to(KEPT);
        self.rows = 0;
    }
}

/// Why the writer returns from its wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wakeup {
    /// There are lines, which are in the batch now.
    Lines,
    Deadline,
    /// The queue is closed, and has no more lines.
    Closed,
}

/// A bounded queue of lines, shared by the tasks of all connections and the writer.
#[derive(Debug)]
pub(super) struct LineQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// In bytes.
    limit: usize,
    counters: Arc<RecorderCounters>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    /// Whether the writer waits for a line.
    is_idle: bool,
    is_closed: bool,
}

impl LineQueue {
    pub(super) fn new(limit: usize, counters: Arc<RecorderCounters>) -> Self {
        LineQueue {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit,
            counters,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends one line, with its line feed, unless the queue is full or closed: then it is counted as dropped.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        let is_closed = state.is_closed;
        let waiting = &mut state.waiting;
        let (before, after) = (waiting.lines.len(), waiting.lines.len() + line.len());
        if after > self.limit || is_closed {
            drop(state);
            self.counters.dropped.increment();
            return;
        }
        waiting.lines.extend_from_slice(line);
        waiting.rows += 1;
        let hurry = self.limit / HURRY;
        let wake = std::mem::take(&mut state.is_idle) || (before < hurry && after >= hurry);
        drop(state);
        if wake {
            self.changed.notify_one();
        }
    }

    /// Returns the bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.lines.len()
    }

    /// Refuses further lines, and has the writer end once it has taken the others.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for lines and moves them into `batch`, which must be empty.
    pub(super) fn take(&self, batch: &mut Batch, deadline: Option<Instant>) -> Wakeup {
        debug_assert!(batch.lines.is_empty());
        let mut state = self.lock();
        while state.waiting.rows == 0 {
            if state.is_closed {
                return Wakeup::Closed;
            }
            state.is_idle = true;
            let Some(left) = left(deadline) else {
                state.is_idle = false;
                return Wakeup::Deadline;
            };
            state = self.wait(state, left);
        }
        let collected = Instant::now() + COLLECT;
        while !state.is_closed && state.waiting.lines.len() < self.limit / HURRY {
            let Some(left) = left(Some(collected)) else {
                break;
            };
            state = self.wait(state, left);
        }
        std::mem::swap(&mut state.waiting, batch);
        Wakeup::Lines
    }

    /// Waits until the queue is closed, for `time` at most. Returns whether it is.
    pub(super) fn closed_within(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut state = self.lock();
        while !state.is_closed
            && let Some(left) = left(Some(deadline))
        {
            state = self.wait(state, left);
        }
        state.is_closed
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Returns the time until a deadline; `None` if it has passed. Without a deadline, an hour: the caller waits again.
fn left(deadline: Option<Instant>) -> Option<Duration> {
    let Some(deadline) = deadline else {
        return Some(Duration::from_secs(3600));
    };
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}
