//! [`Writer`]: takes rows from the queue and writes them into files as lines, in its own thread.
//!
//! A file is closed when it is large or old enough. While nothing can be written, rows stay in the queue, up to its limit. The
//! first failure is logged, and the writer tries again after a pause that doubles.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    leftovers::close_leftovers,
    line_file::{LineFile, Place},
    recorder::PREFIX,
    row_queue::{Batch, QueuedRow, RowQueue, Wakeup},
};
use crate::{base::date, counters::RecorderCounters};

/// The pause after the first of several failures.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The number of bytes that are written at once, if the file has room for them.
const CHUNK: usize = 64 << 10;

/// The number of bytes of lines at which rows stop being formatted until the lines are written. With the last row, they are usually one
/// chunk.
const FILLED: usize = CHUNK - (CHUNK >> 3);

/// The capacity in bytes that the buffer of lines keeps after they were written. Memory beyond it is freed.
const KEPT: usize = 2 * CHUNK;

/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// When a file is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rotation {
    /// Before compression.
    pub(super) bytes: u64,
    pub(super) after: Duration,
}

/// Writes the rows of one server.
pub(super) struct Writer<R, F> {
    queue: Arc<RowQueue<R>>,
    /// Appends a row as a line, with its line feed.
    format: F,
    place: Place,
    rotation: Rotation,
    counters: Arc<RecorderCounters>,
    file: Option<LineFile>,
    batch: Batch<R>,
    /// The number of rows of the batch that are in `lines` or in files.
    formatted: usize,
    lines: Lines,
    /// How many files were opened.
    files: u64,
    /// Whether the last attempt has failed.
    is_failing: bool,
    /// When leftovers are closed next.
    leftovers: Option<Instant>,
    /// The pause after the last failure. Zero once something was written.
    pause: Duration,
    /// The number of rows that the queue had dropped at the last check.
    dropped: u64,
    is_lagging: bool,
}

/// Lines on their way to a file.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    rows: u64,
    /// The number of bytes that are in files.
    written: usize,
}

impl Lines {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.rows = 0;
        self.written = 0;
    }
}

impl<R: QueuedRow, F: FnMut(&mut Vec<u8>, &R)> Writer<R, F> {
    pub(super) fn new(
        queue: Arc<RowQueue<R>>,
        place: Place,
        rotation: Rotation,
        counters: Arc<RecorderCounters>,
        format: F,
    ) -> Self {
        Writer {
            queue,
            format,
            place,
            rotation,
            counters,
            file: None,
            batch: Batch::default(),
            formatted: 0,
            lines: Lines::default(),
            files: 0,
            is_failing: false,
            leftovers: Some(Instant::now()),
            pause: Duration::ZERO,
            dropped: 0,
            is_lagging: false,
        }
    }

    /// Writes until the queue is closed and empty, and closes the last file.
    pub(super) fn run(mut self) {
        loop {
            self.close_leftovers();
            let deadline = self.deadline();
            match self.queue.take(&mut self.batch, deadline) {
                Wakeup::Rows => {
                    self.report_dropped();
                    self.write_batch();
                }
                Wakeup::Deadline => {}
                Wakeup::Closed => break,
            }
            let is_old = |file: &LineFile| file.opened.elapsed() >= self.rotation.after;
            if self.file.as_ref().is_some_and(is_old)
                && let Err(error) = self.rotate()
            {
                self.failed(&error);
            }
        }
        if let Err(error) = self.rotate() {
            self.failed(&error);
        }
        // Files that were given up are closed now, rather than by the next process.
        self.leftovers = self.leftovers.map(|_| Instant::now());
        self.close_leftovers();
    }

    /// Returns when the writer has something to do even without rows.
    fn deadline(&self) -> Option<Instant> {
        let file = self.file.as_ref();
        let rotation = file.and_then(|file| file.opened.checked_add(self.rotation.after));
        rotation.into_iter().chain(self.leftovers).min()
    }

    fn close_leftovers(&mut self) {
        if self.leftovers.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.leftovers = None;
        if let Err(error) = close_leftovers(&self.place.directory) {
            self.failed(&error);
        }
    }

    /// Writes the batch, until it is written or the queue is closed.
    fn write_batch(&mut self) {
        while let Err(error) = self.write() {
            self.failed(&error);
            if self.queue.closed_within(self.pause) {
                self.write_or_lose();
                break;
            }
            self.close_leftovers();
        }
        self.batch.clear();
        self.formatted = 0;
        self.lines.clear();
        self.lines.bytes.shrink_to(KEPT);
    }

    /// Makes the last attempt before the server ends.
    fn write_or_lose(&mut self) {
        if let Err(error) = self.write() {
            let unformatted = self.batch.rows.len() - self.formatted;
            let rows = count_lines(self.lines.rest()) + unformatted as u64;
            self.counters.lost.add(rows);
            tracing::warn!(target: "socketio", %error, rows, "the recorder could not write these rows before the end of the server");
        }
    }

    /// Formats the next rows of the batch as lines, unless there are lines already. Returns whether there are any.
    fn fill(&mut self) -> bool {
        let lines = &mut self.lines;
        if lines.written < lines.bytes.len() {
            return true;
        }
        lines.clear();
        for row in &self.batch.rows[self.formatted..] {
            (self.format)(&mut lines.bytes, row);
            lines.rows += 1;
            if lines.bytes.len() >= FILLED {
                break;
            }
        }
        self.formatted += lines.rows as usize;
        lines.rows > 0
    }

    /// Writes the rest of the batch.
    fn write(&mut self) -> io::Result<()> {
        while self.fill() {
            if self.file.as_ref().is_some_and(|file| !file.is_there()) {
                self.lose_file();
            }
            let mut file = match self.file.take() {
                Some(file) => file,
                None => {
                    let name = self.next_name();
                    LineFile::create(&self.place, &name)?
                }
            };
            let rest = self.lines.rest();
            let length = fitting(rest, self.rotation.bytes.saturating_sub(file.bytes), &file);
            let rows = match length == self.lines.bytes.len() {
                true => self.lines.rows,
                false => count_lines(&rest[..length]),
            };
            if let Err(error) = file.write(&rest[..length], rows) {
                file.abandon();
                return Err(error);
            }
            self.lines.written += length;
            self.pause = Duration::ZERO;
            self.counters.rows.add(rows);
            self.counters.bytes.add(length as u64);
            let is_full = length == 0 || file.bytes >= self.rotation.bytes;
            self.file = Some(file);
            if is_full {
                self.rotate()?;
            }
        }
        self.succeeded();
        Ok(())
    }

    /// Closes the file, if there is one.
    fn rotate(&mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        if !file.is_there() {
            self.file = Some(file);
            self.lose_file();
            return Ok(());
        }
        // After an error, the file is a leftover.
        file.finish()?;
        self.counters.files.increment();
        Ok(())
    }

    /// Forgets a file that was removed or renamed by another program.
    fn lose_file(&mut self) {
        if let Some(file) = self.file.take() {
            self.counters.lost.add(file.rows);
            let error = io::Error::new(io::ErrorKind::NotFound, "the file has been removed");
            self.failed(&error);
            // There is no leftover to close.
            self.leftovers = None;
        }
    }

    /// Returns the name of the next file. The names are in the order of writing within a process, and differ between processes.
    fn next_name(&mut self) -> String {
        self.files += 1;
        let time = date::iso(SystemTime::now()).replace(['-', ':'], "");
        format!("{PREFIX}{time}-{}-{}", std::process::id(), self.files)
    }

    /// Counts a failure, and logs the first.
    fn failed(&mut self, error: &io::Error) {
        self.counters.errors.increment();
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LAST_PAUSE);
        self.leftovers = Some(Instant::now() + self.pause);
        if !std::mem::replace(&mut self.is_failing, true) {
            let directory = self.place.directory.display();
            tracing::warn!(
                target: "socketio",
                %directory,
                %error,
                "the recorder can't write: rows wait up to `max_queued` bytes, then they are dropped; make room or create the directory, it tries again"
            );
        }
    }

    fn succeeded(&mut self) {
        if std::mem::take(&mut self.is_failing) {
            let (dropped, lost) = (self.counters.dropped.get(), self.counters.lost.get());
            tracing::info!(target: "socketio", dropped, lost, "the recorder writes again");
        }
    }

    /// Logs once that rows are dropped because the disk is too slow.
    fn report_dropped(&mut self) {
        let dropped = self.counters.dropped.get();
        let is_lagging = dropped > self.dropped && !self.is_failing;
        if is_lagging && !self.is_lagging {
            tracing::warn!(
                target: "socketio",
                dropped,
                "the recorder can't keep up and drops rows: use a faster disk, raise `max_queued`, or record fewer arguments"
            );
        }
        self.is_lagging = is_lagging;
        self.dropped = dropped;
    }
}

/// Returns how many bytes of these lines to write next into a file that has `room` bytes left: whole lines, up to a chunk of them, but at
/// least one if it fits or the file is empty.
fn fitting(lines: &[u8], room: u64, file: &LineFile) -> usize {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let chunk = room.min(CHUNK);
    if lines.len() <= chunk {
        return lines.len();
    }
    let is_end = |byte: &u8| *byte == b'\n';
    if let Some(at) = lines[..chunk].iter().rposition(is_end) {
        return at + 1;
    }
    let line = lines
        .iter()
        .position(is_end)
        .map_or(lines.len(), |at| at + 1);
    if line <= room || file.bytes == 0 {
        line
    } else {
        0
    }
}

fn count_lines(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}
