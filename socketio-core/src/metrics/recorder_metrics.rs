//! [`RecorderMetrics`]: the rows that the recorder of a server has written, and those that it has lost.

use super::samples::{Kind, Samples, plain, sample};
use crate::recorder::RecordingSink;

/// The rows that a [`Recorder`](crate::Recorder) has written, dropped and lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderMetrics {
    /// The number of rows in files.
    pub rows: u64,
    /// Their bytes, before compression.
    pub bytes: u64,
    /// The number of files that were closed.
    pub files: u64,
    /// The number of rows that were dropped because [`max_queued`](crate::Recorder::max_queued) bytes waited.
    pub dropped: u64,
    /// The number of rows in files that were removed by another program while they grew, and of rows that could not be written before
    /// the server ended.
    pub lost: u64,
    /// The number of failures to create, write or close a file.
    pub errors: u64,
    /// The bytes of rows that wait to be written, now.
    pub waiting: u64,
}

impl RecorderMetrics {
    pub(super) fn of(recorder: &RecordingSink) -> Self {
        let counters = &recorder.counters;
        RecorderMetrics {
            rows: counters.rows.get(),
            bytes: counters.bytes.get(),
            files: counters.files.get(),
            dropped: counters.dropped.get(),
            lost: counters.lost.get(),
            errors: counters.errors.get(),
            waiting: recorder.waiting() as u64,
        }
    }

    pub(super) fn samples(&self) -> Vec<Samples> {
        use Kind::{Counter, Gauge};
        let dropped = [("queue_full", self.dropped), ("lost", self.lost)];
        vec![
            Samples::new(
                Counter,
                "socketio_recorder_rows_total",
                "Rows that the recorder has written.",
                plain(self.rows),
            ),
            Samples::new(
                Counter,
                "socketio_recorder_bytes_total",
                "Bytes of these rows, before compression.",
                plain(self.bytes),
            ),
            Samples::new(
                Counter,
                "socketio_recorder_files_total",
                "Files that the recorder has closed.",
                plain(self.files),
            ),
            Samples::new(
                Counter,
                "socketio_recorder_dropped_rows_total",
                "Rows that are in no file, by the cause.",
                dropped.map(|(cause, rows)| sample([("cause", cause)], rows)),
            ),
            Samples::new(
                Counter,
                "socketio_recorder_errors_total",
                "Failures to create, write or close a file.",
                plain(self.errors),
            ),
            Samples::new(
                Gauge,
                "socketio_recorder_waiting_bytes",
                "Bytes of rows that wait to be written.",
                plain(self.waiting),
            ),
        ]
    }
}
