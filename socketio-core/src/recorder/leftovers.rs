//! Closes what a killed process has left: `.part` files that no process has locked.
//!
//! The files are cut after their last whole line and get their final name. Called by the writer before it opens its first file, and after
//! each failure.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::Path,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::{
    line_file::{PART, Place, close, is_same},
    recorder::PREFIX,
};

/// The first bytes of a compressed file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Closes the files that killed processes have left in a directory.
///
/// # Errors
///
/// The first error. The other files are closed nevertheless.
pub(super) fn close_leftovers(directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut result = Ok(());
    for entry in entries {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(PART));
        if let Some(stem) = stem.filter(|stem| stem.starts_with(PREFIX)) {
            result = result.and(close_leftover(directory, stem));
        }
    }
    result
}

fn close_leftover(directory: &Path, stem: &str) -> io::Result<()> {
    let part = directory.join(format!("{stem}{PART}"));
    let mut file = match OpenOptions::new().read(true).write(true).open(&part) {
        // Its process has closed it in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    // A locked file is in use. If the name belongs to another file, this one was closed in the meantime.
    if file.try_lock().is_err() || !is_same(&file, &part) {
        return Ok(());
    }
    let mut magic = [0; GZIP_MAGIC.len()];
    let gzip = file.read_exact(&mut magic).is_ok() && magic == GZIP_MAGIC;
    file.rewind()?;
    let place = Place {
        directory: directory.to_owned(),
        gzip,
    };
    let closed = place.closed(stem);
    match gzip {
        false => {
            let length = whole_lines(&mut file)?;
            if length == 0 {
                return fs::remove_file(&part);
            }
            file.set_len(length)?;
            close(&file, &part, &closed)
        }
        true => {
            let copy = directory.join(format!("{stem}.recovered"));
            let written = recompress(&file, &copy);
            let lines = written.inspect_err(|_| drop(fs::remove_file(&copy)))?;
            match lines {
                None => fs::remove_file(&copy)?,
                Some(recovered) => close(&recovered, &copy, &closed)?,
            }
            fs::remove_file(&part)
        }
    }
}

/// Returns the length of a file up to the end of its last whole line.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const BLOCK: u64 = 64 << 10;
    let mut end = file.metadata()?.len();
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        Read::by_ref(file)
            .take(end - start)
            .read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Copies the whole lines of a compressed file whose end is missing. Returns `None` if there are none.
fn recompress(file: &File, copy: &Path) -> io::Result<Option<File>> {
    let mut lines = BufReader::new(GzDecoder::new(BufReader::new(file)));
    let mut encoder = GzEncoder::new(File::create(copy)?, Compression::fast());
    let (mut line, mut is_empty) = (Vec::new(), true);
    // Nothing can be read after an error.
    while lines.read_until(b'\n', &mut line).is_ok() && line.ends_with(b"\n") {
        encoder.write_all(&line)?;
        line.clear();
        is_empty = false;
    }
    let copy = encoder.finish()?;
    Ok((!is_empty).then_some(copy))
}
