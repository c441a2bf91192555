//! The JSON of a [`Row`], written straight into a buffer: recorders write a row for every event.

use std::{
    cell::Cell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{Direction, Row};
use crate::base::date;

/// How many digits a fraction of a second has.
const MICROS: usize = 6;
const NANOS: usize = 9;

impl Row {
    /// Appends the row as JSON. Whoever reads it sees what serde would have written.
    pub(crate) fn write_json(&self, json: &mut Vec<u8>) {
        json.reserve(400);
        json.extend_from_slice(b"{\"seq\":");
        number(json, self.seq);
        json.extend_from_slice(b",\"at\":\"");
        time(json, self.at);
        json.extend_from_slice(b"\",\"node\":");
        text(json, &self.node);
        json.extend_from_slice(match self.direction {
            Direction::In => b",\"direction\":\"in\",\"namespace\":" as &[u8],
            Direction::Out => b",\"direction\":\"out\",\"namespace\":",
            Direction::Ack => b",\"direction\":\"ack\",\"namespace\":",
            Direction::Connect => b",\"direction\":\"connect\",\"namespace\":",
            Direction::Disconnect => b",\"direction\":\"disconnect\",\"namespace\":",
        });
        text(json, &self.namespace);
        json.extend_from_slice(b",\"event\":");
        optional(json, self.event.as_deref());
        json.extend_from_slice(b",\"socket\":");
        optional(json, self.socket.as_deref());
        json.extend_from_slice(b",\"user\":");
        optional(json, self.user.as_deref());
        json.extend_from_slice(b",\"rooms\":[");
        for (index, room) in self.rooms.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            text(json, room);
        }
        json.extend_from_slice(b"],\"clients\":");
        number(json, self.clients);
        json.extend_from_slice(b",\"bytes\":");
        number(json, self.bytes);
        json.extend_from_slice(b",\"duration\":");
        match self.duration {
            Some(duration) => seconds(json, duration),
            None => json.extend_from_slice(b"null"),
        }
        json.extend_from_slice(b",\"outcome\":");
        text(json, &self.outcome);
        json.extend_from_slice(b",\"arguments\":");
        match &self.arguments {
            // It has no line feed: values write it.
            Some(arguments) => json.extend_from_slice(arguments.get().as_bytes()),
            None => json.extend_from_slice(b"null"),
        }
        json.push(b'}');
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
        // A `Vec` takes everything.
        let _ = serde_json::to_writer(json, value);
        return;
    }
    json.push(b'"');
    json.extend_from_slice(value.as_bytes());
    json.push(b'"');
}

fn number(json: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    json.extend_from_slice(&digits[start..]);
}

/// Appends a point and so many digits.
fn fraction<const DIGITS: usize>(json: &mut Vec<u8>, mut value: u32) {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    json.push(b'.');
    json.extend_from_slice(&digits);
}

fn seconds(json: &mut Vec<u8>, duration: Duration) {
    number(json, duration.as_secs());
    fraction::<NANOS>(json, duration.subsec_nanos());
}

/// Appends a time like `2026-01-31T12:34:56.789012Z`.
fn time(json: &mut Vec<u8>, at: SystemTime) {
    thread_local! {
        /// The second that was written last, and its text up to the point.
        static SECOND: Cell<(u64, [u8; 19])> = const { Cell::new((u64::MAX, [0; 19])) };
    }
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut second, mut text) = SECOND.get();
    if second != since.as_secs() {
        second = since.as_secs();
        let written = date::iso_micros(UNIX_EPOCH + Duration::from_secs(second));
        let Some(start) = written.as_bytes().first_chunk() else {
            return;
        };
        text = *start;
        SECOND.set((second, text));
    }
    json.extend_from_slice(&text);
    fraction::<MICROS>(json, since.subsec_micros());
    json.push(b'Z');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, value::RawValue};

    use super::*;
    use crate::base::Sid;

    fn read(row: &Row) -> (Value, Value) {
        let mut json = Vec::new();
        row.write_json(&mut json);
        let serde = serde_json::to_value(row).unwrap();
        (serde_json::from_slice(&json).unwrap(), serde)
    }

    #[test]
    fn the_json_is_that_of_serde() {
        for direction in [
            Direction::In,
            Direction::Out,
            Direction::Ack,
            Direction::Connect,
            Direction::Disconnect,
        ] {
            let mut row = Row::new(direction, &Arc::from("/"));
            let (written, expected) = read(&row);
            assert_eq!(written, expected);
            row.seq = u64::MAX;
            row.at = UNIX_EPOCH + Duration::from_micros(1_769_862_896_000_012);
            row.namespace = Arc::from("/\"quoted\\\n\u{1}");
            row.event = Some("é \u{2028} \u{7f}".into());
            row.socket = Some(Sid::from("abc"));
            row.user = Some(Arc::from("ana"));
            row.rooms = vec![Arc::from(""), Arc::from("a\tb")];
            row.clients = 0;
            row.bytes = 1_234_567_890;
            row.duration = Some(Duration::from_nanos(1_500_000_001));
            row.outcome = "transport close".into();
            row.arguments = RawValue::from_string("[1,{\"a\":[]}]".into()).ok();
            let (written, expected) = read(&row);
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn durations_are_those_of_serde() {
        for duration in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_micros(1_500),
            Duration::from_secs(86_400),
            Duration::new(4_000, 999_999_999),
        ] {
            let mut row = Row::new(Direction::In, &Arc::from("/"));
            row.duration = Some(duration);
            let (written, expected) = read(&row);
            assert_eq!(written, expected);
        }
    }
}
