//! [`RowQueue`]: the rows that wait for the writer.
//!
//! Connection tasks push rows and never wait: rows that do not fit are dropped and counted. A row is a small value that is moved, and
//! encoded as JSON by the writer's thread. The writer takes all rows at once, so that the lock is only held for a move.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::counters::RecorderCounters;

/// How long the writer collects rows after the first one, so that it writes many at once.
const COLLECT: Duration = Duration::from_millis(100);

/// The share of the limit at which the writer stops collecting.
const HURRY: usize = 4;

/// The capacity in rows that a list keeps after its rows were written. Memory beyond it is freed.
const KEPT: usize = 4096;

/// A value that waits in a [`RowQueue`].
pub(super) trait QueuedRow: Send + 'static {
    /// Returns its size for the limit, in bytes.
    fn weight(&self) -> usize;
}

/// Rows on their way to a file.
#[derive(Debug)]
pub(super) struct Batch<R> {
    pub(super) rows: Vec<R>,
    /// The sum of their weights.
    pub(super) bytes: usize,
}

impl<R> Default for Batch<R> {
    fn default() -> Self {
        Batch {
            rows: Vec::new(),
            bytes: 0,
        }
    }
}

impl<R> Batch<R> {
    /// Empties the batch, and keeps its memory for the next one.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.rows.shrink_to(KEPT);
        self.bytes = 0;
    }
}

/// Why the writer returns from its wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wakeup {
    /// Rows have been moved into the batch.
    Rows,
    Deadline,
    /// The queue is closed, and has no more rows.
    Closed,
}

/// A bounded queue of rows, shared by the tasks of all connections and the writer.
#[derive(Debug)]
pub(super) struct RowQueue<R> {
    state: Mutex<State<R>>,
    changed: Condvar,
    /// In bytes.
    limit: usize,
    counters: Arc<RecorderCounters>,
}

#[derive(Debug)]
struct State<R> {
    waiting: Batch<R>,
    /// Whether the writer waits for a row.
    is_idle: bool,
    is_closed: bool,
}

impl<R: QueuedRow> RowQueue<R> {
    pub(super) fn new(limit: usize, counters: Arc<RecorderCounters>) -> Self {
        RowQueue {
            state: Mutex::new(State {
                waiting: Batch::default(),
                is_idle: false,
                is_closed: false,
            }),
            changed: Condvar::new(),
            limit,
            counters,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a row, unless the queue is full or closed: then it is counted as dropped.
    pub(super) fn push(&self, row: R) {
        self.push_with(&mut Some(row), |_| ());
    }

    /// Takes a row, and appends it as [`push`](Self::push) does. `complete` is called under the lock, in the order of rows.
    #[inline]
    pub(super) fn push_with(&self, row: &mut Option<R>, complete: impl FnOnce(&mut R)) {
        let Some(unnumbered) = row else {
            return;
        };
        let weight = unnumbered.weight();
        let mut state = self.lock();
        complete(unnumbered);
        let is_closed = state.is_closed;
        let waiting = &mut state.waiting;
        let (before, after) = (waiting.bytes, waiting.bytes + weight);
        if after > self.limit || is_closed {
            drop(state);
            self.counters.dropped.increment();
            return;
        }
        waiting.bytes = after;
        waiting.rows.extend(row.take());
        let hurry = self.limit / HURRY;
        let wake = std::mem::take(&mut state.is_idle) || (before < hurry && after >= hurry);
        drop(state);
        if wake {
            self.changed.notify_one();
        }
    }

    /// Returns the size of the waiting rows, in bytes.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.bytes
    }

    /// Refuses further rows. The writer ends once it has taken the waiting ones.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for rows and moves them into `batch`, which must be empty.
    pub(super) fn take(&self, batch: &mut Batch<R>, deadline: Option<Instant>) -> Wakeup {
        debug_assert!(batch.rows.is_empty());
        let mut state = self.lock();
        while state.waiting.rows.is_empty() {
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
        while !state.is_closed && state.waiting.bytes < self.limit / HURRY {
            let Some(left) = left(Some(collected)) else {
                break;
            };
            state = self.wait(state, left);
        }
        std::mem::swap(&mut state.waiting, batch);
        Wakeup::Rows
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

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State<R>>,
        time: Duration,
    ) -> MutexGuard<'a, State<R>> {
        let waited = self.changed.wait_timeout(state, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Returns the time until a deadline; `None` if it has passed. Without a deadline, returns an hour, after which the caller waits again.
fn left(deadline: Option<Instant>) -> Option<Duration> {
    let Some(deadline) = deadline else {
        return Some(Duration::from_secs(3600));
    };
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}
