//! Estimates of the memory that the values in a text take.

use super::placeholders::string_end;
use crate::{base::Data, packet::packet::NODE};

/// The most bytes that a byte of JSON can take: `{"":0},` is a node of a map.
const MOST: usize = 128;

/// A map with its first entry, and the first elements of a list.
const OBJECT: usize = NODE + size_of::<(String, Data)>();
const ARRAY: usize = 4 * size_of::<Data>();

/// Returns whether the values in `json` may take more than `budget` bytes as [`Data`]. This is an estimate from the structure of the text;
/// texts that are too small to exceed the budget are not scanned.
pub(super) fn exceeds(json: &str, budget: usize) -> bool {
    json.len().saturating_mul(MOST) > budget && at_most(json) > budget && structure(json) > budget
}

fn count(json: &str, wanted: u8) -> usize {
    json.bytes().filter(|&byte| byte == wanted).count()
}

/// Returns an upper bound, since characters in strings are counted as structure.
fn at_most(json: &str) -> usize {
    count(json, b'{') * OBJECT
        + count(json, b'[') * ARRAY
        + count(json, b',') * size_of::<(String, Data)>()
        + json.len()
}

fn structure(json: &str) -> usize {
    let bytes = json.as_bytes();
    let (mut total, mut position) = (json.len(), 0);
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'"' => match string_end(json, position) {
                Some(end) => {
                    position = end;
                    continue;
                }
                None => break,
            },
            b'{' => total += OBJECT,
            b'[' => total += ARRAY,
            b',' => total += size_of::<Data>(),
            _ => {}
        }
        position += 1;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_objects_take_many_times_their_text_and_strings_do_not() {
        let list = |value: &str| format!("[{}]", vec![value; 10_000].join(","));
        let objects = list(r#"{"":0}"#);
        assert!(exceeds(&objects, 64 * objects.len()));
        assert!(!exceeds(&objects, 128 * objects.len()));
        for value in [
            r#"{"id":12,"name":"Ann"}"#,
            "0",
            "[0]",
            r#"{"x":1.25,"y":-7}"#,
        ] {
            let json = list(value);
            assert!(!exceeds(&json, 64 * json.len()), "{value}");
        }
        let code = format!("[\"{}\"]", "{".repeat(10_000));
        assert!(!exceeds(&code, 64 * code.len()));
    }
}
