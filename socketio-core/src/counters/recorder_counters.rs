//! [`RecorderCounters`]: the counters of a server's recorder.

use super::Counter;

/// The counters of one recorder.
#[derive(Debug, Default)]
pub(crate) struct RecorderCounters {
    /// Rows that were written into files.
    pub(crate) rows: Counter,
    /// Their bytes, before compression.
    pub(crate) bytes: Counter,
    /// Files that were closed.
    pub(crate) files: Counter,
    /// Rows that were dropped because the queue was full.
    pub(crate) dropped: Counter,
    /// Rows in files that were removed, and rows that could not be written before the server ended.
    pub(crate) lost: Counter,
    /// Failed attempts to create, write or close a file.
    pub(crate) errors: Counter,
}
