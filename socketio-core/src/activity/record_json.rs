//! [`RecordWriter`]: writes [`Record`]s as the JSON of their rows. Used by recorders, and optimized because they write one or two records for
//! every event.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use super::{
    Direction, Record,
    digits::{number, pairs},
};
use crate::base::date;

/// How many heads of rows a writer keeps.
const HEADS: usize = 32;

/// The number of digits of the fraction of a second in a time.
const MICROS: usize = 6;

/// The columns of a row about one client, without rooms.
const NO_ROOM: &[u8] = b",\"rooms\":[],\"clients\":1,\"bytes\":";

/// The maximum size of a row without its texts, in bytes.
const ROW: usize = 400;

/// Writes records of one node as lines of JSON. Parts that successive records have in common are encoded once and then copied.
pub(crate) struct RecordWriter {
    node: Vec<u8>,
    beginning: Beginning,
    heads: [Head; HEADS],
}

impl RecordWriter {
    pub(crate) fn new(node: &str) -> Self {
        let mut written = Vec::new();
        text(&mut written, node);
        RecordWriter {
            node: written,
            beginning: Beginning::default(),
            heads: std::array::from_fn(|_| Head::default()),
        }
    }

    /// Appends a record as JSON, and a line feed. The JSON is equivalent to what serde writes of its row.
    pub(crate) fn write_line(&mut self, json: &mut Vec<u8>, record: &Record) {
        json.reserve(ROW);
        json.extend_from_slice(self.beginning.of(record));
        let head = &mut self.heads[Head::place(record)];
        if !head.is_of(record) {
            head.set(&self.node, record);
        }
        json.extend_from_slice(&head.json);
        let columns = record.subject.columns(|json, subject| {
            json.extend_from_slice(b"\"socket\":");
            optional(json, subject.socket.as_deref());
            json.extend_from_slice(b",\"user\":");
            optional(json, subject.user.as_deref());
            json.extend_from_slice(NO_ROOM);
        });
        let rooms = record.rooms();
        if rooms.is_empty() && record.clients == 1 {
            // Most rows.
            json.extend_from_slice(columns);
        } else {
            json.extend_from_slice(&columns[..columns.len() - NO_ROOM.len()]);
            json.extend_from_slice(b",\"rooms\":[");
            for (index, room) in rooms.iter().enumerate() {
                if index > 0 {
                    json.push(b',');
                }
                text(json, room);
            }
            json.extend_from_slice(b"],\"clients\":");
            number(json, record.clients);
            json.extend_from_slice(b",\"bytes\":");
        }
        number(json, record.bytes);
        match (record.duration, record.outcome, record.arguments()) {
            // Most rows.
            (None, "ok", None) => {
                json.extend_from_slice(
                    b",\"duration\":null,\"outcome\":\"ok\",\"arguments\":null}\n",
                );
            }
            (Some(duration), "ok", None) if duration.as_secs() == 0 => {
                json.extend_from_slice(&end(duration.subsec_nanos()));
            }
            (duration, outcome, arguments) => {
                match duration {
                    Some(duration) => seconds(json, duration),
                    None => json.extend_from_slice(b",\"duration\":null"),
                }
                json.extend_from_slice(b",\"outcome\":");
                text(json, outcome);
                json.extend_from_slice(b",\"arguments\":");
                // They contain no line feed, since they were encoded from values.
                let arguments = arguments.map_or("null", |arguments| arguments.get());
                json.extend_from_slice(arguments.as_bytes());
                json.extend_from_slice(b"}\n");
            }
        }
    }
}

/// The beginning of rows: their number and their time. Usually the number is greater by one than the previous one, and the second is the
/// same.
#[derive(Default)]
struct Beginning {
    json: Vec<u8>,
    seq: u64,
    /// The index of the last digit of the number.
    seq_end: usize,
    second: u64,
}

impl Beginning {
    #[inline]
    fn of(&mut self, record: &Record) -> &[u8] {
        let second = record.at / 1_000_000;
        if self.second != second || !self.increment(record.seq) {
            self.set(record.seq, second);
        }
        self.seq = record.seq;
        let mut micros = [0; MICROS];
        pairs(&mut micros, (record.at % 1_000_000) as u32);
        if let Some(end) = self.json.last_chunk_mut() {
            *end = micros;
        }
        &self.json
    }

    /// Increments the written number, if `seq` is the next one and has as many digits. Returns false otherwise.
    #[inline]
    fn increment(&mut self, seq: u64) -> bool {
        if self.json.is_empty() || self.seq.checked_add(1) != Some(seq) {
            return false;
        }
        for digit in self.json[..=self.seq_end].iter_mut().rev() {
            match digit {
                b'0'..=b'8' => {
                    *digit += 1;
                    return true;
                }
                b'9' => *digit = b'0',
                _ => break,
            }
        }
        false
    }

    #[cold]
    fn set(&mut self, seq: u64, second: u64) {
        let json = &mut self.json;
        json.clear();
        json.extend_from_slice(b"{\"seq\":");
        number(json, seq);
        self.seq_end = json.len() - 1;
        json.extend_from_slice(b",\"at\":\"");
        let time = date::iso_micros(UNIX_EPOCH + Duration::from_secs(second));
        json.extend_from_slice(time.trim_end_matches('Z').as_bytes());
        self.second = second;
    }
}

/// The part of rows between their time and their client.
struct Head {
    direction: Direction,
    namespace: Arc<str>,
    event: Option<Arc<str>>,
    json: Vec<u8>,
}

impl Default for Head {
    fn default() -> Self {
        Head {
            direction: Direction::In,
            namespace: Arc::default(),
            event: None,
            json: Vec::new(),
        }
    }
}

impl Head {
    /// Returns the index at which the head of a record may be kept. It is computed from the address of the event's name, which successive
    /// records share, because hashing the text would cost more.
    fn place(record: &Record) -> usize {
        let name = record.event.as_ref();
        let address = name.map_or(0, |name| Arc::as_ptr(name).cast::<u8>().addr());
        // Allocations are at least 16 bytes apart.
        ((address >> 4) + record.direction as usize) % HEADS
    }

    fn is_of(&self, record: &Record) -> bool {
        let is_same = |a: &Arc<str>, b: &Arc<str>| Arc::ptr_eq(a, b) || **a == **b;
        !self.json.is_empty()
            && self.direction == record.direction
            && is_same(&self.namespace, &record.subject.namespace)
            && match (&self.event, &record.event) {
                (Some(a), Some(b)) => is_same(a, b),
                (None, None) => true,
                _ => false,
            }
    }

    #[cold]
    fn set(&mut self, node: &[u8], record: &Record) {
        self.direction = record.direction;
        self.namespace = Arc::clone(&record.subject.namespace);
        self.event = record.event.clone();
        let json = &mut self.json;
        json.clear();
        json.extend_from_slice(b"Z\",\"node\":");
        json.extend_from_slice(node);
        json.extend_from_slice(match record.direction {
            Direction::In => b",\"direction\":\"in\",\"namespace\":" as &[u8],
            Direction::Out => b",\"direction\":\"out\",\"namespace\":",
            Direction::Ack => b",\"direction\":\"ack\",\"namespace\":",
            Direction::Connect => b",\"direction\":\"connect\",\"namespace\":",
            Direction::Disconnect => b",\"direction\":\"disconnect\",\"namespace\":",
        });
        text(json, &record.subject.namespace);
        json.extend_from_slice(b",\"event\":");
        optional(json, record.event.as_deref());
        json.push(b',');
    }
}

fn optional(json: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => text(json, value),
        None => json.extend_from_slice(b"null"),
    }
}

/// Appends a string. Most have nothing to escape.
fn text(json: &mut Vec<u8>, value: &str) {
    let escaped = |byte: &u8| (*byte < b' ') | (*byte == b'"') | (*byte == b'\\');
    // Without an early exit, several bytes are compared at once.
    if value
        .as_bytes()
        .iter()
        .fold(false, |any, byte| any | escaped(byte))
    {
        // Writing to a `Vec` does not fail.
        let _ = serde_json::to_writer(json, value);
        return;
    }
    json.push(b'"');
    json.extend_from_slice(value.as_bytes());
    json.push(b'"');
}

/// Returns the end of a row with a duration of less than a second, the outcome `ok` and no arguments, as most rows of clients' events have.
fn end(nanos: u32) -> [u8; END.len()] {
    let mut end = *END;
    let mut fraction = [0; 10];
    pairs(&mut fraction, nanos);
    // The first of the ten digits is always zero.
    end[DIGITS..DIGITS + 9].copy_from_slice(&fraction[1..]);
    end
}

const END: &[u8; 57] = b",\"duration\":0.000000000,\"outcome\":\"ok\",\"arguments\":null}\n";

/// The position of the fraction's digits in [`END`].
const DIGITS: usize = 14;

/// Appends the column of a duration.
fn seconds(json: &mut Vec<u8>, duration: Duration) {
    json.extend_from_slice(b",\"duration\":");
    match duration.as_secs() {
        0 => json.push(b'0'),
        seconds => number(json, seconds),
    }
    // The first of ten digits of nanoseconds is always zero: it makes room for the point.
    let mut fraction = [0; 10];
    pairs(&mut fraction, duration.subsec_nanos());
    fraction[0] = b'.';
    json.extend_from_slice(&fraction);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, value::RawValue};

    use super::*;
    use crate::{activity::Subject, base::Sid};

    const DIRECTIONS: [Direction; 5] = [
        Direction::In,
        Direction::Out,
        Direction::Ack,
        Direction::Connect,
        Direction::Disconnect,
    ];

    /// Returns what is written of a record, and what serde writes of its row.
    fn read(writer: &mut RecordWriter, record: &Record) -> (Value, Value) {
        let mut json = Vec::new();
        writer.write_line(&mut json, record);
        assert_eq!(json.pop(), Some(b'\n'));
        let row = record.row(&Arc::from("no\"de"));
        let serde = serde_json::to_value(row).unwrap();
        (serde_json::from_slice(&json).unwrap(), serde)
    }

    #[test]
    fn the_json_is_that_of_serde() {
        let mut writer = RecordWriter::new("no\"de");
        for direction in DIRECTIONS {
            let mut record = Record::of_namespace(direction, "/");
            let (written, expected) = read(&mut writer, &record);
            assert_eq!(written, expected);
            record.seq = u64::MAX;
            record.at = 1_769_862_896_000_012;
            let namespace = Arc::from("/\"quoted\\\n\u{1}");
            let subject = Subject::new(namespace, Some(Sid::from("abc")), Some(Arc::from("ana")));
            record.subject = Arc::new(subject);
            record.event = Some("é \u{2028} \u{7f}".into());
            record.set_rooms(vec![Arc::from("")]);
            record.add_room(Arc::from("a\tb"));
            record.clients = 0;
            record.bytes = 1_234_567_890;
            record.duration = Some(Duration::from_nanos(1_500_000_001));
            record.outcome = "transport close";
            record.set_arguments(RawValue::from_string("[1,{\"a\":[]}]".into()).ok());
            let (written, expected) = read(&mut writer, &record);
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn records_that_differ_in_one_column_are_written_as_they_are() {
        let mut writer = RecordWriter::new("no\"de");
        let mut records = Vec::new();
        for direction in DIRECTIONS {
            for namespace in ["/", "/chat"] {
                for event in [None, Some(""), Some("say"), Some("sey"), Some("tell")] {
                    let mut record = Record::of_namespace(direction, namespace);
                    record.event = event.map(Arc::from);
                    records.push(record);
                }
            }
        }
        let mut seq = 1_795_960_486_789_990;
        for _ in 0..3 {
            for record in &mut records {
                record.seq = seq;
                record.at += 333_333;
                let (written, expected) = read(&mut writer, record);
                assert_eq!(written, expected);
                seq += 1;
            }
            seq += 10;
        }
    }

    #[test]
    fn durations_are_those_of_serde() {
        let mut writer = RecordWriter::new("no\"de");
        for duration in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_micros(1_500),
            Duration::from_secs(86_400),
            Duration::new(4_000, 999_999_999),
        ] {
            let mut record = Record::of_namespace(Direction::In, "/");
            record.duration = Some(duration);
            let (written, expected) = read(&mut writer, &record);
            assert_eq!(written, expected);
        }
    }
}
