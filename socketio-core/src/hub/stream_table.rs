//! [`StreamTable`]: the streams of a client, or of a server, that can be cancelled.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

/// The streams that run.
#[derive(Debug, Default)]
pub(crate) struct StreamTable(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    streams: Vec<Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    name: StreamName,
    cancel: Arc<Cancel>,
}

/// The names by which a stream can be cancelled.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamName {
    /// The namespace in which it runs, if it is detached from its client.
    pub(crate) namespace: Option<Arc<str>>,
    /// The key that its handler has given.
    pub(crate) key: Option<Arc<str>>,
    /// The event that cancels it.
    pub(crate) cancelled_by: Option<&'static str>,
}

/// Tells one stream that it is cancelled.
#[derive(Debug, Default)]
pub(crate) struct Cancel {
    is_cancelled: AtomicBool,
    changed: Notify,
}

impl Cancel {
    fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Waits until the stream is cancelled.
    pub(crate) async fn cancelled(&self) {
        let mut changed = std::pin::pin!(self.changed.notified());
        changed.as_mut().enable();
        if !self.is_cancelled.load(Ordering::Acquire) {
            changed.await;
        }
    }
}

impl StreamTable {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a stream, up to `limit`. It is removed when the entry is dropped.
    pub(crate) fn add(self: &Arc<Self>, name: StreamName, limit: usize) -> Option<StreamEntry> {
        let mut table = self.lock();
        if table.streams.len() >= limit {
            return None;
        }
        let id = table.next;
        table.next += 1;
        let cancel = Arc::new(Cancel::default());
        table.streams.push(Entry {
            id,
            name,
            cancel: Arc::clone(&cancel),
        });
        Some(StreamEntry {
            table: Arc::clone(self),
            id,
            cancel,
        })
    }

    /// Cancels the streams whose names match, and returns their number.
    pub(crate) fn cancel(&self, matches: impl Fn(&StreamName) -> bool) -> usize {
        let table = self.lock();
        let cancelled = table.streams.iter().filter(|entry| matches(&entry.name));
        cancelled.map(|entry| entry.cancel.cancel()).count()
    }
}

/// A stream that runs.
#[derive(Debug)]
pub(crate) struct StreamEntry {
    table: Arc<StreamTable>,
    id: u64,
    pub(crate) cancel: Arc<Cancel>,
}

impl Drop for StreamEntry {
    fn drop(&mut self) {
        self.table
            .lock()
            .streams
            .retain(|entry| entry.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn streams_are_bounded_cancelled_by_their_names_and_removed() {
        let table = Arc::new(StreamTable::default());
        let name = |key: &str| StreamName {
            key: Some(Arc::from(key)),
            ..StreamName::default()
        };
        let one = table.add(name("a"), 2).unwrap();
        let two = table.add(name("b"), 2).unwrap();
        assert!(table.add(name("c"), 2).is_none());
        assert_eq!(table.cancel(|name| name.key.as_deref() == Some("a")), 1);
        assert!(one.cancel.cancelled().now_or_never().is_some());
        assert!(two.cancel.cancelled().now_or_never().is_none());
        drop(one);
        assert_eq!(table.lock().streams.len(), 1);
        assert!(table.add(name("c"), 2).is_some());
    }
}
