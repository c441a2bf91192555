//! [`Activity`]: numbers the records of a server and passes them to the ring and to other sinks.
//!
//! The hub passes records to it, if rows are wanted; the HTTP API reads pages of the ring. Numbers are given under one lock, so that
//! the ring and all sinks receive the records in the order of their numbers.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use tokio::sync::Notify;

use super::{
    Record,
    ring::{Ring, RingLimits},
};

/// Receives every record, in the order of their numbers.
pub(crate) trait Sink: Send + Sync {
    /// Takes a record. Called under a lock that every event takes, so it must return quickly, and neither wait nor call user code.
    fn record(&self, record: Record);

    /// Takes a record and gives it the next number, under the lock that keeps records in order. Called instead of
    /// [`record`](Self::record) if this sink is the only destination of records. Takes the record out of the option, so that it is moved
    /// only once.
    fn record_next(&self, record: &mut Option<Record>, next: &AtomicU64);
}

/// The places that receive the rows of a server. Default: none, in which case there is no [`Activity`].
#[derive(Clone, Default)]
pub(crate) struct ActivityOptions {
    /// The limits of the ring, if there is one.
    pub(crate) ring: Option<RingLimits>,
    pub(crate) sinks: Vec<Arc<dyn Sink>>,
}

impl ActivityOptions {
    /// Creates the activity of a node, if any rows are wanted.
    pub(crate) fn start(self, node: &Arc<str>) -> Option<Arc<Activity>> {
        if self.ring.is_none() && self.sinks.is_empty() {
            return None;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let first = since.map_or(1, |since| since.as_micros() as u64);
        Some(Arc::new(Activity {
            node: Arc::clone(node),
            first,
            next: AtomicU64::new(first),
            has_one_place: self.ring.is_none() && self.sinks.len() == 1,
            ring: Mutex::new(self.ring.map(Ring::new)),
            sinks: self.sinks,
            waiting: AtomicUsize::new(0),
            recorded: Notify::new(),
        }))
    }
}

impl fmt::Debug for ActivityOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityOptions")
            .field("ring", &self.ring)
            .field("sinks", &self.sinks.len())
            .finish()
    }
}

/// What happens on a server. The first number is the time of its start in microseconds since 1970, so that the rows of its next process
/// have greater numbers.
pub(crate) struct Activity {
    node: Arc<str>,
    /// The number of the first row.
    first: u64,
    /// The number of the next record. With several places of records, it is changed only under the lock of the ring.
    next: AtomicU64,
    has_one_place: bool,
    ring: Mutex<Option<Ring>>,
    sinks: Vec<Arc<dyn Sink>>,
    /// How many readers wait for a row.
    waiting: AtomicUsize,
    recorded: Notify,
}

/// Records of the ring, with the gap before them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) records: Vec<Record>,
    pub(crate) gap: Option<Gap>,
}

/// Rows that a reader has asked for and that are no longer in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    /// The number after which the reader asked.
    pub(crate) after: u64,
    /// The number of the first row that is still available.
    pub(crate) next: u64,
    /// How many rows of this process are missing.
    pub(crate) missed: u64,
    /// Whether rows of an earlier or another process may also be missing.
    pub(crate) other_process: bool,
}

impl Activity {
    fn ring(&self) -> MutexGuard<'_, Option<Ring>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a record, and passes it to the ring and to the sinks.
    #[inline]
    pub(crate) fn record(&self, record: Record) {
        self.take(&mut Some(record));
    }

    /// Does the same as [`record`](Self::record), but takes the record out of the option, so that it is moved only once.
    #[inline]
    pub(super) fn take(&self, record: &mut Option<Record>) {
        match &*self.sinks {
            [sink] if self.has_one_place => sink.record_next(record, &self.next),
            _ => {
                if let Some(record) = record.take() {
                    self.record_in_several(record);
                }
            }
        }
    }

    fn record_in_several(&self, mut record: Record) {
        let removed = {
            let ring = &mut *self.ring();
            record.seq = self.next.fetch_add(1, Ordering::Relaxed);
            for sink in &self.sinks {
                sink.record(record.clone());
            }
            ring.as_mut().map(|ring| ring.push(record))
        };
        drop(removed);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.recorded.notify_waiters();
        }
    }

    /// Returns up to `limit` rows after the number `after`; without it, from the oldest one.
    pub(crate) fn page(&self, after: Option<u64>, limit: usize) -> Page {
        let ring = self.ring();
        let Some(ring) = &*ring else {
            return Page::default();
        };
        let end = self.next.load(Ordering::Relaxed);
        let from = after.map_or(0, |after| after.saturating_add(1));
        let next = ring.oldest().unwrap_or(end);
        let gap = after.and_then(|after| {
            // A number that was not reached yet comes from another process.
            let is_future = from > end;
            let missed = next.saturating_sub(from.max(self.first));
            // After 0, a reader asks for everything that there is.
            let other_process = (after > 0 && from < self.first) || is_future;
            (missed > 0 || other_process).then_some(Gap {
                after,
                next,
                missed,
                other_process,
            })
        });
        let from = if from > end { next } else { from };
        Page {
            records: ring.from(from, limit),
            gap,
        }
    }

    /// Waits until there is a row after the number `after`. Cancel-safe.
    pub(crate) async fn recorded_after(&self, after: u64) {
        let _waiting = Waiting::new(&self.waiting);
        loop {
            let mut recorded = std::pin::pin!(self.recorded.notified());
            // Before the number is read, so that no row is missed.
            recorded.as_mut().enable();
            if self.newest() > after {
                return;
            }
            recorded.await;
        }
    }

    /// Returns the number of the newest row; if there is none, the number before the first one.
    pub(crate) fn newest(&self) -> u64 {
        // Under the lock, so that the row is in the ring.
        let _ring = self.ring();
        self.next.load(Ordering::Relaxed) - 1
    }

    /// Returns the name of the process.
    pub(crate) fn node(&self) -> &Arc<str> {
        &self.node
    }
}

/// Counts a reader that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activity")
            .field("node", &self.node)
            .field("newest", &self.newest())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Direction;

    fn activity(rows: usize) -> Arc<Activity> {
        let options = ActivityOptions {
            ring: Some(RingLimits {
                rows,
                ..RingLimits::default()
            }),
            sinks: Vec::new(),
        };
        options.start(&Arc::from("node")).unwrap()
    }

    fn record(activity: &Activity, times: usize) {
        for _ in 0..times {
            activity.record(Record::of_namespace(Direction::Out, "/"));
        }
    }

    #[test]
    fn without_a_ring_and_sinks_there_is_no_activity() {
        assert!(
            ActivityOptions::default()
                .start(&Arc::from("node"))
                .is_none()
        );
    }

    #[test]
    fn pages_follow_one_another_without_a_gap() {
        let activity = activity(9);
        record(&activity, 5);
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let page = activity.page(after, 2);
            assert_eq!(page.gap, None);
            let Some(last) = page.records.last() else {
                break;
            };
            after = Some(last.seq);
            seen.extend(page.records.iter().map(|row| row.seq));
        }
        let first = activity.first;
        assert_eq!(seen, (first..first + 5).collect::<Vec<_>>());
        assert_eq!(&**activity.node(), "node");
    }

    #[test]
    fn rows_that_have_left_the_ring_are_reported_as_a_gap() {
        let activity = activity(2);
        record(&activity, 5);
        let first = activity.first;
        let page = activity.page(Some(first), 9);
        let gap = Gap {
            after: first,
            next: first + 3,
            missed: 2,
            other_process: false,
        };
        assert_eq!(page.gap, Some(gap));
        assert_eq!(page.records[0].seq, first + 3);
        assert_eq!(activity.page(Some(first + 2), 9).gap, None);
        // A number of an earlier process, and one of a process whose clock was ahead.
        for after in [1, first + 100] {
            let gap = activity.page(Some(after), 9).gap.unwrap();
            assert!(gap.other_process, "{gap:?}");
        }
        let gap = activity.page(Some(0), 9).gap.unwrap();
        assert!(!gap.other_process && gap.missed == 3, "{gap:?}");
    }

    #[test]
    fn a_reader_that_is_up_to_date_has_no_gap() {
        let activity = activity(2);
        assert_eq!(activity.page(None, 9).gap, None);
        record(&activity, 3);
        let page = activity.page(Some(activity.newest()), 9);
        assert!(page.records.is_empty() && page.gap.is_none());
    }

    #[tokio::test]
    async fn a_reader_waits_for_the_next_row() {
        let activity = activity(2);
        record(&activity, 1);
        let newest = activity.newest();
        activity.recorded_after(newest - 1).await;
        let waiting = {
            let activity = Arc::clone(&activity);
            tokio::spawn(async move { activity.recorded_after(newest).await })
        };
        while activity.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        record(&activity, 1);
        waiting.await.unwrap();
        assert_eq!(activity.waiting.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn sinks_receive_rows_in_their_order() {
        struct Kept(Mutex<Vec<u64>>);

        impl Sink for Kept {
            fn record(&self, record: Record) {
                self.0.lock().unwrap().push(record.seq);
            }

            fn record_next(&self, _: &mut Option<Record>, next: &AtomicU64) {
                let mut kept = self.0.lock().unwrap();
                kept.push(next.fetch_add(1, Ordering::Relaxed));
            }
        }

        for (ring, sinks) in [(None, 1), (None, 2), (Some(RingLimits::default()), 2)] {
            let kept: Vec<_> = (0..sinks)
                .map(|_| Arc::new(Kept(Mutex::default())))
                .collect();
            let options = ActivityOptions {
                ring,
                sinks: kept.iter().map(|sink| Arc::clone(sink) as _).collect(),
            };
            let activity = options.start(&Arc::from("node")).unwrap();
            record(&activity, 2);
            let first = activity.first;
            assert_eq!(activity.newest(), first + 1);
            for kept in kept {
                assert_eq!(*kept.0.lock().unwrap(), [first, first + 1]);
            }
            let in_ring = if ring.is_some() { 2 } else { 0 };
            assert_eq!(activity.page(None, 9).records.len(), in_ring);
        }
    }
}
