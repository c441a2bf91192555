//! Files are closed when they are large or old, with whole lines.

use std::time::SystemTime;

use super::*;

#[test]
fn a_file_gets_its_name_when_it_is_closed() {
    let directory = Directory::new();
    let writer = Running::start(&directory, 1 << 20, HOUR, false);
    assert_eq!(directory.names().len(), 0, "no file before the first row");
    writer.push(0..3);
    writer.written(3);
    let [part] = &directory.names()[..] else {
        panic!("{:?}", directory.names());
    };
    assert!(
        part.starts_with("events-") && part.ends_with(".part"),
        "{part}"
    );
    let counters = writer.end();
    let [closed] = &directory.names()[..] else {
        panic!("{:?}", directory.names());
    };
    assert_eq!(*closed, part.replace(".part", ".jsonl"));
    assert_eq!(read(&directory.0.join(closed)), lines(0..3));
    let counted = (counters.rows.get(), counters.bytes.get());
    assert_eq!(counted, (3, 60));
    assert_eq!((counters.files.get(), counters.errors.get()), (1, 0));
}

#[test]
fn files_are_closed_at_their_size_and_lines_are_never_split() {
    let directory = Directory::new();
    let writer = Running::start(&directory, 90, HOUR, false);
    writer.push(0..10);
    let counters = writer.end();
    let files = directory.files(".jsonl");
    assert_eq!(files.len(), 3, "four rows of 20 bytes each fit: {files:?}");
    let contents: Vec<_> = files.iter().map(|file| read(file)).collect();
    assert!(contents.iter().all(|content| content.len() <= 90));
    assert_eq!(contents.concat(), lines(0..10), "files are in order");
    assert_eq!(counters.files.get(), 3);
    assert_eq!(counters.rows.get(), 10);
}

#[test]
fn a_line_that_is_larger_than_a_file_has_one_of_its_own() {
    let directory = Directory::new();
    let writer = Running::start(&directory, 10, HOUR, false);
    writer.push(0..3);
    writer.end();
    let files = directory.files(".jsonl");
    let contents: Vec<_> = files.iter().map(|file| read(file)).collect();
    assert_eq!(contents, [line(0), line(1), line(2)]);
}

#[test]
fn a_file_is_closed_at_its_age_and_an_idle_server_writes_none() {
    let directory = Directory::new();
    let writer = Running::start(&directory, 1 << 20, Duration::from_millis(50), false);
    writer.push(0..1);
    let first = directory.until(".jsonl");
    assert_eq!(read(&first), lines(0..1));
    writer.push(1..2);
    until(|| (directory.files(".jsonl").len() == 2).then_some(()));
    let counters = writer.end();
    assert_eq!(counters.files.get(), 2);
    assert_eq!(directory.names().len(), 2);
}

#[test]
fn compressed_files_are_whole() {
    let directory = Directory::new();
    let writer = Running::start(&directory, 50_000, HOUR, true);
    writer.push(0..5_000);
    writer.end();
    let files = directory.files(".jsonl.gz");
    assert_eq!(files.len(), 2, "the size is that of the lines");
    assert_eq!(directory.names().len(), 2);
    let contents: Vec<_> = files.iter().map(|file| read(file)).collect();
    assert_eq!(contents.concat(), lines(0..5_000));
    let size = fs::metadata(&files[0]).unwrap().len();
    assert!(size < 25_000, "{size} bytes");
}

#[test]
fn the_time_of_a_file_is_that_of_its_closing() {
    let directory = Directory::new();
    let writer = Running::start(&directory, 1 << 20, HOUR, false);
    writer.push(0..1);
    writer.written(1);
    let written = fs::metadata(directory.until(".part")).unwrap();
    let closing = SystemTime::now();
    writer.end();
    let closed = fs::metadata(directory.until(".jsonl")).unwrap();
    assert!(closed.modified().unwrap() >= written.modified().unwrap());
    assert!(closed.modified().unwrap() >= closing);
}
