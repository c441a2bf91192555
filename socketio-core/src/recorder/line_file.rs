//! [`LineFile`]: a file of lines that grows under the name `..part` and is renamed when it is closed.
//!
//! It is locked while it grows, so that the `.part` of a killed process can be distinguished from one in use (`leftovers.rs`).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use flate2::{Compression, write::GzEncoder};

/// The end of the name of a growing file.
pub(super) const PART: &str = ".part";

/// Where files are written, and how.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) directory: PathBuf,
    pub(super) gzip: bool,
}

impl Place {
    pub(super) fn part(&self, stem: &str) -> PathBuf {
        self.directory.join(format!("{stem}{PART}"))
    }

    /// Returns the name of a closed file.
    pub(super) fn closed(&self, stem: &str) -> PathBuf {
        let end = if self.gzip { ".jsonl.gz" } else { ".jsonl" };
        self.directory.join(format!("{stem}{end}"))
    }
}

/// A file that grows by whole lines.
#[derive(Debug)]
pub(super) struct LineFile {
    part: PathBuf,
    closed: PathBuf,
    output: Output,
    /// The bytes of lines, before compression.
    pub(super) bytes: u64,
    /// The length of the file after the last write that succeeded.
    whole: u64,
    pub(super) rows: u64,
    pub(super) opened: Instant,
}

#[derive(Debug)]
enum Output {
    Plain(File),
    Gzip(Box<GzEncoder<File>>),
}

impl Output {
    fn new(file: File, gzip: bool) -> Self {
        match gzip {
            false => Output::Plain(file),
            // The server runs during compression: speed is more important than a slightly smaller file.
            true => Output::Gzip(Box::new(GzEncoder::new(file, Compression::fast()))),
        }
    }

    fn file(&self) -> &File {
        match self {
            Output::Plain(file) => file,
            Output::Gzip(encoder) => encoder.get_ref(),
        }
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Output::Plain(file) => file.write_all(lines),
            Output::Gzip(encoder) => {
                encoder.write_all(lines)?;
                // So that lines are in the file, and not in the encoder, if the process is killed.
                encoder.flush()
            }
        }
    }

    fn finish(self) -> io::Result<File> {
        match self {
            Output::Plain(file) => Ok(file),
            Output::Gzip(encoder) => encoder.finish(),
        }
    }
}

impl LineFile {
    /// Creates a file, and its directory if that is missing.
    ///
    /// # Errors
    ///
    /// If it can't be created, or there is a file of this name.
    pub(super) fn create(place: &Place, stem: &str) -> io::Result<Self> {
        let part = place.part(stem);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true);
        let file = match options.open(&part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&place.directory)?;
                options.open(&part)?
            }
            opened => opened?,
        };
        // Without locks in the file system, files that a killed process leaves stay `.part`.
        let _ = file.try_lock();
        Ok(LineFile {
            part,
            closed: place.closed(stem),
            output: Output::new(file, place.gzip),
            bytes: 0,
            whole: 0,
            rows: 0,
            opened: Instant::now(),
        })
    }

    /// Appends whole lines.
    ///
    /// # Errors
    ///
    /// If not all of them could be written: the file must be [abandoned](LineFile::abandon).
    pub(super) fn write(&mut self, lines: &[u8], rows: u64) -> io::Result<()> {
        self.output.write(lines)?;
        self.whole = self.output.file().stream_position()?;
        self.bytes += lines.len() as u64;
        self.rows += rows;
        Ok(())
    }

    /// Returns whether the file can still be found under its name.
    pub(super) fn is_there(&self) -> bool {
        is_same(self.output.file(), &self.part)
    }

    /// Closes the file and gives it its final name. Its modification time is the time of closing, so that a reader that remembers the latest
    /// time finds every file.
    ///
    /// # Errors
    ///
    /// If it could not be written or renamed.
    pub(super) fn finish(self) -> io::Result<()> {
        let file = self.output.finish()?;
        close(&file, &self.part, &self.closed)
    }

    /// Gives up a file that could not be written. It stays as a `.part` with the lines of the writes that have succeeded, like the file of a
    /// killed process.
    pub(super) fn abandon(self) {
        let file = self.output.file().try_clone();
        // Dropping an encoder writes the end of its stream.
        drop(self.output);
        if let Ok(file) = file {
            let _ = file.set_len(self.whole);
        }
    }
}

/// Gives a written file its final name.
pub(super) fn close(file: &File, part: &Path, closed: &Path) -> io::Result<()> {
    file.sync_all()?;
    fs::rename(part, closed)?;
    // Some file systems have no modification times.
    let _ = file.set_modified(SystemTime::now());
    Ok(())
}

/// Returns whether an open file is the file at this path.
#[cfg(unix)]
pub(super) fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
pub(super) fn is_same(_: &File, path: &Path) -> bool {
    path.exists()
}
