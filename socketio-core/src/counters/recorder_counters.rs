//! [`RecorderCounters`]: what is counted for the recorder of a server.

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
    /// Rows that were in a file which was removed, and those that could not be written before the server ended.
    pub(crate) lost: Counter,
    /// Attempts to write, to close or to create a file that have failed.
    pub(crate) errors: Counter,
}
