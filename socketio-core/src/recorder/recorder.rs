//! [`Recorder`]: the options of a recorder, which `build()` checks and starts.

use std::{fs, io, path::PathBuf, sync::Arc, time::Duration};

use super::{
    line_file::Place,
    recording_sink::RecordingSink,
    row_queue::RowQueue,
    writer::{Rotation, Writer},
};
use crate::{
    activity::{Record, RecordWriter},
    counters::RecorderCounters,
};

/// The prefix of the names of all files.
pub(super) const PREFIX: &str = "events-";

/// Writes what happens on a server into files: connections, events and acknowledgements, each as a [`Row`](crate::Row)
/// on a line of JSON. Added with [`SocketIoBuilder::recorder`](crate::SocketIoBuilder::recorder).
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
/// its final name when it is closed, so that readers of `*.jsonl*` find only whole files. Several processes may write into
/// one directory. [`shutdown`](crate::SocketIo::shutdown) closes the last file.
///
/// A `.part` file that a killed process has left is cut after its last whole line and closed by the next recorder in the
/// directory.
///
/// # What is not recorded
///
/// Arguments are recorded only for events whose handler opts in: `#[event(record)]`. The `auth` object, headers and
/// cookies are never recorded.
///
/// # Failures
///
/// The recorder writes in its own thread, and clients never wait for it. While it can't write, because the disk is full or the
/// directory is missing, up to [`max_queued`](Recorder::max_queued) bytes of rows wait, and further ones are dropped. The first
/// failure is logged, all are counted ([`Metrics::recorder`](crate::metrics::Metrics)), and the recorder tries again after a pause
/// that doubles from half a second to 30 seconds.
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

    /// Sets the size and the age at which a file is closed and the next one begins, whichever comes first. The size is in bytes before
    /// compression. Default: 64 MiB (67,108,864 bytes) and 5 minutes.
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

    /// Sets how many bytes of rows may wait to be written. The size of a row is estimated as 256 bytes plus its names and arguments. Further
    /// rows are dropped and counted. Default: 8 MiB (8,388,608 bytes).
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

    /// Starts the thread that writes the rows of this node.
    ///
    /// # Errors
    ///
    /// If the system can't start a thread.
    pub(crate) fn start(self, node: &str) -> io::Result<Arc<RecordingSink>> {
        let counters = Arc::new(RecorderCounters::default());
        let queue = Arc::new(RowQueue::new(self.max_queued, Arc::clone(&counters)));
        let mut writer = RecordWriter::new(node);
        let writer = Writer::new(
            Arc::clone(&queue),
            self.place,
            self.rotation,
            Arc::clone(&counters),
            move |lines, record: &Record| writer.write_line(lines, record),
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
