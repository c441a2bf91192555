//! [`RecordingSink`]: a running recorder, which takes the rows of the server.

use std::{
    fmt, io,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::sync::watch;

use super::row_queue::{QueuedRow, RowQueue};
use crate::{
    activity::{Record, Sink},
    counters::RecorderCounters,
};

/// How long a server that is dropped without a shutdown waits for its rows to be written.
const DROP_TIME: Duration = Duration::from_secs(1);

/// Puts rows into the queue of the writer, whose thread it owns.
pub(crate) struct RecordingSink {
    queue: Arc<RowQueue<Record>>,
    pub(crate) counters: Arc<RecorderCounters>,
    end: Arc<End>,
    /// Closed when the thread has ended.
    ended: watch::Receiver<()>,
}

/// Whether the thread has ended, for callers that can't await it.
#[derive(Debug, Default)]
struct End(Mutex<bool>, Condvar);

impl RecordingSink {
    /// Starts the thread.
    pub(super) fn start(
        queue: Arc<RowQueue<Record>>,
        counters: Arc<RecorderCounters>,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let (sender, ended) = watch::channel(());
        let end = Arc::new(End::default());
        let ending = Arc::clone(&end);
        let thread = thread::Builder::new().name(String::from("socketio-recorder"));
        thread.spawn(move || {
            run();
            drop(sender);
            *ending.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            ending.1.notify_all();
        })?;
        Ok(Arc::new(RecordingSink {
            queue,
            counters,
            end,
            ended,
        }))
    }

    /// Returns how many bytes of rows wait to be written, by the estimate of [`Record::weight`].
    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Writes what waits, closes the file, and ends the thread. Rows that come later are counted as dropped.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: the thread ends in any case.
    pub(crate) async fn stop(&self) {
        self.queue.close();
        let mut ended = self.ended.clone();
        // No value is ever sent: this waits until the sender is dropped.
        while ended.changed().await.is_ok() {}
    }
}

impl QueuedRow for Record {
    #[inline]
    fn weight(&self) -> usize {
        Record::weight(self)
    }
}

impl Sink for RecordingSink {
    fn record(&self, record: Record) {
        self.queue.push(record);
    }

    fn record_next(&self, record: &mut Option<Record>, next: &AtomicU64) {
        let number = |record: &mut Record| record.seq = next.fetch_add(1, Ordering::Relaxed);
        self.queue.push_with(record, number);
    }
}

impl Drop for RecordingSink {
    fn drop(&mut self) {
        self.queue.close();
        let End(has_ended, changed) = &*self.end;
        let has_ended = has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        // The thread continues after this time, if the process does not end.
        drop(changed.wait_timeout_while(has_ended, DROP_TIME, |has_ended| !*has_ended));
    }
}

impl fmt::Debug for RecordingSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingSink")
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}
