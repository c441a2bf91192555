//! While nothing can be written, rows wait, then they are dropped and counted, and the recorder tries again.

use super::*;
use crate::recorder::row_queue::{Batch, Wakeup};

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let counters = Arc::new(RecorderCounters::default());
    let queue = RowQueue::new(50, Arc::clone(&counters));
    // Nobody takes them.
    for number in 0..5 {
        queue.push(Line(line(number)));
    }
    assert_eq!(queue.waiting(), 40);
    assert_eq!(counters.dropped.get(), 3);
    let mut batch = Batch::default();
    assert_eq!(queue.take(&mut batch, None), Wakeup::Rows);
    assert_eq!(batch.rows, [0, 1].map(line).map(Line));
    assert_eq!(batch.bytes, 40);
    batch.clear();
    queue.push(Line(line(5)));
    queue.close();
    queue.push(Line(line(6)));
    assert_eq!(counters.dropped.get(), 4);
    assert_eq!(queue.take(&mut batch, None), Wakeup::Rows);
    assert_eq!(batch.rows, [Line(line(5))]);
    batch.clear();
    assert_eq!(queue.take(&mut batch, None), Wakeup::Closed);
}

#[test]
fn rows_wait_until_the_directory_can_be_made() {
    let directory = Directory::new();
    fs::write(&directory.0, "a file where the directory should be").unwrap();
    let writer = Running::start(&directory, 1 << 20, HOUR, false);
    writer.push(0..5);
    until(|| (writer.counters.errors.get() > 1).then_some(()));
    assert_eq!(writer.counters.rows.get(), 0);
    fs::remove_file(&directory.0).unwrap();
    writer.push(5..7);
    writer.written(7);
    let counters = writer.end();
    assert_eq!(read(&directory.until(".jsonl")), lines(0..7));
    assert_eq!((counters.dropped.get(), counters.lost.get()), (0, 0));
}

#[test]
fn a_directory_that_vanishes_is_made_again_and_what_was_in_it_is_counted() {
    for gzip in [false, true] {
        let directory = Directory::new();
        let writer = Running::start(&directory, 1 << 20, HOUR, gzip);
        writer.push(0..5);
        writer.written(5);
        fs::remove_dir_all(&directory.0).unwrap();
        writer.push(5..8);
        writer.written(8);
        let counters = writer.end();
        assert_eq!(counters.lost.get(), 5);
        assert!(counters.errors.get() >= 1);
        let closed = directory.until(if gzip { ".jsonl.gz" } else { ".jsonl" });
        assert_eq!(read(&closed), lines(5..8));
    }
}

#[test]
fn a_file_that_was_removed_is_counted_when_it_would_be_closed() {
    let directory = Directory::new();
    let writer = Running::start(&directory, 1 << 20, HOUR, false);
    writer.push(0..5);
    writer.written(5);
    fs::remove_file(directory.until(".part")).unwrap();
    let counters = writer.end();
    assert_eq!((counters.lost.get(), counters.files.get()), (5, 0));
    assert_eq!(directory.names(), [""; 0]);
}

#[test]
fn what_can_not_be_written_before_the_end_is_counted() {
    let directory = Directory::new();
    fs::write(&directory.0, "a file where the directory should be").unwrap();
    let writer = Running::start(&directory, 1 << 20, HOUR, false);
    writer.push(0..5);
    let counters = writer.end();
    assert_eq!((counters.lost.get(), counters.rows.get()), (5, 0));
}
