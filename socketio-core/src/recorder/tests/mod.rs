//! Tests of files: their contents when they are closed, and after failures.

mod failures;
mod files;
mod leftovers;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;

use super::{
    line_file::Place,
    row_queue::{QueuedRow, RowQueue},
    writer::{Rotation, Writer},
};
use crate::counters::RecorderCounters;

const HOUR: Duration = Duration::from_secs(3600);

/// A directory that is removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("socketio-recorder-{}-{number}", std::process::id());
        Directory(std::env::temp_dir().join(name))
    }

    /// Returns the names of the files, sorted.
    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.0) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Returns the files whose names end like this.
    fn files(&self, end: &str) -> Vec<PathBuf> {
        let names = self.names().into_iter();
        let names = names.filter(|name| name.ends_with(end));
        names.map(|name| self.0.join(name)).collect()
    }

    /// Waits for a file whose name ends like this.
    fn until(&self, end: &str) -> PathBuf {
        until(|| self.files(end).pop())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        let _ = fs::remove_file(&self.0);
    }
}

/// Waits for a condition that a thread brings about.
fn until<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it never came");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A row that is a line already.
#[derive(Debug, PartialEq, Eq)]
struct Line(String);

impl QueuedRow for Line {
    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// A writer in its thread.
struct Running {
    queue: Arc<RowQueue<Line>>,
    counters: Arc<RecorderCounters>,
    thread: JoinHandle<()>,
}

impl Running {
    fn start(directory: &Directory, bytes: u64, after: Duration, gzip: bool) -> Self {
        let counters = Arc::new(RecorderCounters::default());
        let queue = Arc::new(RowQueue::new(1 << 20, Arc::clone(&counters)));
        let place = Place {
            directory: directory.0.clone(),
            gzip,
        };
        let rotation = Rotation { bytes, after };
        let (taken, counted) = (Arc::clone(&queue), Arc::clone(&counters));
        let format =
            |lines: &mut Vec<u8>, Line(line): &Line| lines.extend_from_slice(line.as_bytes());
        let writer = Writer::new(taken, place, rotation, counted, format);
        Running {
            queue,
            counters,
            thread: thread::spawn(move || writer.run()),
        }
    }

    fn push(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.queue.push(Line(line(number)));
        }
    }

    /// Waits until so many rows are in files.
    fn written(&self, rows: u64) {
        until(|| (self.counters.rows.get() >= rows).then_some(()));
    }

    fn end(self) -> Arc<RecorderCounters> {
        self.queue.close();
        self.thread.join().unwrap();
        self.counters
    }
}

/// A line of 20 bytes.
fn line(number: u32) -> String {
    format!("{{\"number\":\"{number:06}\"}}\n")
}

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.map(line).collect()
}

/// Reads a file, compressed or not.
fn read(path: &Path) -> String {
    let mut text = String::new();
    let mut file = fs::File::open(path).unwrap();
    match path.extension().is_some_and(|end| end == "gz") {
        true => GzDecoder::new(file).read_to_string(&mut text).unwrap(),
        false => file.read_to_string(&mut text).unwrap(),
    };
    text
}
