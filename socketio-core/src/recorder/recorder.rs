//! [`Recorder`]: the options of a recorder, which `build()` checks and starts.

use std::{fs, io, path::PathBuf, sync::Arc, time::Duration};

use super::{
    line_file::Place,
    line_queue::LineQueue,
    recording_sink::RecordingSink,
    writer::{Rotation, Writer},
};
use crate::counters::RecorderCounters;

/// The names of all files begin with it.
pub(super) const PREFIX: &str = "events-";

/// Writes what happens on a server into files: connections, events and acknowledgements, each as a [`Row`](crate::Row)
/// in a line of JSON. Added with [`SocketIoBuilder::recorder`](crate::SocketIoBuilder::recorder).
///
/// ```
/// # use std::time::Duration;
/// # use socketio_core::{Recorder, SocketIo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> socketio_core::Result {
/// # let directory = std::env::temp_dir().join(format!("socketio-recorder-doc-{}", std::process::id()));
/// let recorder = Recorder::jsonl(&directory).rotate(64 << 20, Duration::from_secs(300)).gzip(true);
/// let io = SocketIo::builder().recorder(recorder).build()?;
/// # io.shutdown().await;
/// # std::fs::remove_dir_all(directory)?;
/// # Ok(())
/// # }
/// ```
///
/// # Files
///
/// A file is named `events-TIME-PROCESS-NUMBER.jsonl`, or `.jsonl.gz`. While it grows, its name ends with `.part`; it gets
/// its own name when it is closed, so that whoever reads `*.jsonl*` finds whole files only. Several processes may write
/// into one directory. [`shutdown`](crate::SocketIo::shutdown) closes the last file.
///
/// What a killed process leaves as `.part` is cut after its last whole line and closed by the next recorder in that
/// directory.
///
/// # What is not recorded
///
/// Arguments are recorded only for events whose handler opts in: `#[event(record)]`. The `auth` object, headers and
/// cookies are never recorded.
///
/// # Failures
///
/// A thread of its own writes; clients never wait for it. While it can't write, because the disk is full or the directory
/// has vanished, rows wait up to [`max_queued`](Recorder::max_queued) bytes, and further ones are dropped. The first failure is
/// logged, all are counted ([`Metrics::recorder`](crate::metrics::Metrics)), and the recorder tries again, after half a second
/// at first and every 30 seconds at last.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is passed to a server: `.recorder(recorder)`"]
pub struct Recorder {
    place: Place,
    rotation: Rotation,
    max_queued: usize,
}

impl Recorder {
    /// Creates a recorder that writes JSON lines into files of this directory, which is created if it is missing.
    pub fn jsonl(directory: impl Into<PathBuf>) -> Self {
        Recorder {
            place: Place {
                directory: directory.into(),
                gzip: false,
            },
            rotation: Rotation {
                bytes: 64 << 20,
                after: Duration::from_secs(300),
            },
            max_queued: 8 << 20,
        }
    }

    /// Sets when a file is closed and the next one begins: when it has so many bytes of lines (before compression), or when it is
    /// so old, whichever comes first. Default: 64 MiB (67,108,864 bytes) and 5 minutes.
    ///
    /// A file has at least one row: an idle server writes no files.
    pub fn rotate(mut self, bytes: u64, after: Duration) -> Self {
        self.rotation = Rotation { bytes, after };
        self
    }

    /// Sets whether files are compressed with gzip, while they are written. Default: false.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.place.gzip = gzip;
        self
    }

    /// Sets how many bytes of rows may wait to be written. Further ones are dropped and counted. Default: 8 MiB (8,388,608
    /// bytes).
    pub fn max_queued(mut self, bytes: usize) -> Self {
        self.max_queued = bytes;
        self
    }

    /// Returns the problems of these options.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.rotation.bytes == 0 || self.rotation.after.is_zero() {
            problems.push(String::from(
                "`recorder`: `rotate` must not have a size or time of zero",
            ));
        }
        if self.max_queued == 0 {
            problems.push(String::from("`recorder`: `max_queued` must not be zero"));
        }
        let directory = &self.place.directory;
        if directory.as_os_str().is_empty() {
            problems.push(String::from(
                "`recorder`: the directory has no name: write `./events`, for instance",
            ));
        } else if let Err(error) = fs::create_dir_all(directory) {
            problems.push(format!(
                "`recorder`: the directory {directory:?} can't be created ({error}): name one that this process may write to"
            ));
        }
        problems
    }

    /// Starts the thread that writes.
    ///
    /// # Errors
    ///
    /// If the system provides no thread.
    pub(crate) fn start(self) -> io::Result<Arc<RecordingSink>> {
        let counters = Arc::new(RecorderCounters::default());
        let queue = Arc::new(LineQueue::new(self.max_queued, Arc::clone(&counters)));
        let writer = Writer::new(
            Arc::clone(&queue),
            self.place,
            self.rotation,
            Arc::clone(&counters),
        );
        RecordingSink::start(queue, counters, move || writer.run())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let recorder = Recorder::jsonl("events");
        assert!(!recorder.place.gzip);
        assert_eq!(recorder.rotation.bytes, 67_108_864);
        assert_eq!(recorder.rotation.after, Duration::from_secs(300));
        assert_eq!(recorder.max_queued, 8_388_608);
    }
}
