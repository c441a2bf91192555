//! [`Tail`]: when entries of the store were read, so that entries that are too old for all nodes can be dropped.

use std::{
    collections::VecDeque,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::stored_events::{OPERATION, StoredEvents};

/// The precision of the times at which entries were read.
const TICK: Duration = Duration::from_secs(5);

/// When the entries of the store were read.
#[derive(Default)]
pub(super) struct Tail {
    max_age: Duration,
    /// Numbers with the time at which they were read, at most one for each [`TICK`].
    times: VecDeque<(u64, Instant)>,
}

impl StoredEvents {
    /// Sets how long the store's entries are needed.
    pub(in crate::hub) fn keep_for(&self, max_age: Duration) {
        self.tail().max_age = max_age;
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes when an entry was read.
    pub(super) fn note_time(&self, number: u64) {
        let (tail, now) = (&mut *self.tail(), Instant::now());
        let latest = tail.times.back();
        if latest.is_none_or(|(_, at)| now.duration_since(*at) >= TICK) {
            tail.times.push_back((number, now));
        }
    }

    /// Forgets the times of another epoch.
    pub(super) fn forget_times(&self) {
        self.tail().times.clear();
    }

    /// Lets the store drop the entries that are too old.
    pub(in crate::hub) async fn trim(&self) {
        let old = {
            let tail = &mut *self.tail();
            let mut old = None;
            while let Some((number, at)) = tail.times.front()
                && at.elapsed() > tail.max_age
            {
                old = Some(*number);
                tail.times.pop_front();
            }
            old
        };
        let (Some(old), Some(epoch)) = (old, self.progress().epoch) else {
            return;
        };
        let epoch = epoch.to_string();
        let trimmed = tokio::time::timeout(OPERATION, self.store.trim(&epoch, old));
        if let Ok(Err(error)) = trimmed.await {
            tracing::debug!(target: "socketio", %error, "old entries of the event store can't be dropped");
        }
    }
}
