//! A directory that a recorder writes into.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

/// A directory that is removed at the end. It does not exist at first.
pub(crate) struct Directory(test_support::Directory);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Directory(test_support::Directory::new(&format!("recording-{number}")))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.join("events")
    }

    /// Returns the paths of all files, sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Returns all rows of the closed files, which are not compressed.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let files = self.files().into_iter();
        let closed = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
        let texts: String = closed
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        let lines = texts.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
