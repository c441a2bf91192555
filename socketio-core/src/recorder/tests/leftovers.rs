//! Files that a killed process has left are closed.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::recorder::{leftovers::close_leftovers, line_file::LineFile};

fn directory_with(name: &str, content: &[u8]) -> Directory {
    let directory = Directory::new();
    fs::create_dir_all(&directory.0).unwrap();
    fs::write(directory.0.join(name), content).unwrap();
    directory
}

#[test]
fn a_leftover_is_cut_after_its_last_whole_line() {
    let torn = format!("{}{{\"numb", lines(0..7_000));
    let directory = directory_with("events-1.part", torn.as_bytes());
    close_leftovers(&directory.0).unwrap();
    assert_eq!(directory.names(), ["events-1.jsonl"]);
    assert_eq!(read(&directory.until(".jsonl")), lines(0..7_000));
}

#[test]
fn a_leftover_without_a_whole_line_is_removed() {
    for content in ["", "{\"numb"] {
        let directory = directory_with("events-1.part", content.as_bytes());
        close_leftovers(&directory.0).unwrap();
        assert_eq!(directory.names(), [""; 0]);
    }
}

#[test]
fn a_compressed_leftover_keeps_all_that_was_flushed() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(lines(0..500).as_bytes()).unwrap();
    encoder.flush().unwrap();
    let flushed = encoder.get_ref().len();
    encoder.write_all(lines(500..900).as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    // Killed after the first flush, at any point of the second write, or before the file was renamed.
    for (length, least) in [
        (flushed, 500),
        (flushed + 5, 500),
        (whole.len() - 9, 500),
        (whole.len(), 900),
    ] {
        let directory = directory_with("events-1.part", &whole[..length]);
        close_leftovers(&directory.0).unwrap();
        assert_eq!(directory.names(), ["events-1.jsonl.gz"]);
        let text = read(&directory.until(".jsonl.gz"));
        let count = text.lines().count() as u32;
        assert!((least..=900).contains(&count), "{count} of {length} bytes");
        assert_eq!(text, lines(0..count));
    }
}

#[test]
fn a_compressed_leftover_without_a_line_is_removed() {
    let header = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let directory = directory_with("events-1.part", header);
    close_leftovers(&directory.0).unwrap();
    assert_eq!(directory.names(), [""; 0]);
}

#[test]
fn the_file_of_a_running_recorder_and_those_of_others_are_left_alone() {
    let directory = directory_with("download.part", b"{}\n{");
    let place = Place {
        directory: directory.0.clone(),
        gzip: false,
    };
    let mut file = LineFile::create(&place, "events-2").unwrap();
    file.write(line(0).as_bytes(), 1).unwrap();
    close_leftovers(&directory.0).unwrap();
    assert_eq!(directory.names(), ["download.part", "events-2.part"]);
    drop(file);
    close_leftovers(&directory.0).unwrap();
    assert_eq!(directory.names(), ["download.part", "events-2.jsonl"]);
}

#[test]
fn a_recorder_closes_what_the_one_before_it_has_left() {
    let directory = directory_with("events-1.part", b"{}\n{");
    let writer = Running::start(&directory, 1 << 20, HOUR, false);
    assert_eq!(read(&directory.until("events-1.jsonl")), "{}\n");
    writer.end();
    assert_eq!(directory.names(), ["events-1.jsonl"]);
}
