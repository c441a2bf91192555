//! Placeholders, and the grammar of JSON as far as finding them needs it.

use std::{borrow::Cow, ops::Range};

use bytes::Bytes;

use super::lenient::unescape;

/// A placeholder is an object with `"_placeholder": true` and the number of its attachment, `"num"` ([socket.io-protocol,
/// "Sending and receiving binary data"](https://socket.io/docs/v4/socket-io-protocol/)).
const MARK: &str = "_placeholder";
const NUMBER: &str = "num";

/// Levels of arrays and objects in one value: as many as serde_json reads.
pub(crate) const MAX_DEPTH: usize = 127;

/// A placeholder as all official clients write it, up to the number.
const USUAL: &str = r#"{"_placeholder":true,"num":"#;

/// The placeholders of one argument, in order: the offset of the opening brace, and the number of the attachment.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    first: Option<(usize, usize)>,
    others: Vec<(usize, usize)>,
}

/// An object that has not been closed yet.
struct Open {
    start: usize,
    marked: bool,
    number: Option<usize>,
}

impl Placeholders {
    /// Finds the placeholders in `json`, which must be one valid value, for `count` attachments. Returns `None` if one has a
    /// number without an attachment.
    ///
    /// As in JavaScript, the order of the two keys and other keys beside them don't matter, and the last of two equal keys
    /// counts. What is nested too deeply to be read is ordinary data.
    pub(super) fn find(json: &str, count: usize) -> Option<Self> {
        let mut found = Vec::new();
        if has_more_marks(json.as_bytes(), 0) {
            // A placeholder does not count as a level, so there is one more level than is read.
            let valid = walk(json, MAX_DEPTH + 1, |object| {
                let number = object.number.filter(|&number| number < count);
                found.extend(number.map(|number| (object.start, number)));
                number.is_some()
            });
            if !valid {
                return None;
            }
        }
        found.sort_unstable();
        Some(Placeholders {
            first: None,
            others: found,
        })
    }

    /// Returns the placeholder with which `json` begins, if it is spelled as usual and has one of `count` attachments, and its length.
    pub(super) fn usual(json: &str, count: usize) -> Option<(Self, usize)> {
        let digits = json.strip_prefix(USUAL)?;
        let number = integer(digits)?;
        let len = digits.find('}')?;
        let is_plain = digits[..len].bytes().all(|byte| byte.is_ascii_digit())
            && (len == 1 || !digits.starts_with('0'));
        let placeholders = Placeholders {
            first: Some((0, number)),
            others: Vec::new(),
        };
        (is_plain && number < count).then_some((placeholders, USUAL.len() + len + 1))
    }

    fn iter(&self) -> impl Iterator<Item = &(usize, usize)> {
        self.first.iter().chain(&self.others)
    }

    /// Returns the number of the attachment whose placeholder begins at an offset.
    pub(super) fn at(&self, offset: usize) -> Option<usize> {
        if let Some((start, number)) = self.first
            && start == offset
        {
            return Some(number);
        }
        let index = self
            .others
            .binary_search_by_key(&offset, |&(start, _)| start)
            .ok()?;
        Some(self.others[index].1)
    }

    /// Returns how many bytes a reader copies that reads all of them.
    pub(super) fn bytes(&self, attachments: &[Bytes]) -> usize {
        self.iter()
            .filter_map(|&(_, number)| attachments.get(number))
            .map(Bytes::len)
            .fold(0, usize::saturating_add)
    }

    /// Returns whether a placeholder begins in a range of offsets.
    pub(super) fn any_in(&self, range: Range<usize>) -> bool {
        let index = self
            .others
            .partition_point(|&(start, _)| start < range.start);
        let next = self.first.iter().chain(self.others.get(index));
        next.into_iter().any(|(start, _)| range.contains(start))
    }
}

/// Returns whether more than `count` objects in `json` are placeholders for the clients that receive it, escaped spellings
/// included. `count` of them are known to have an attachment.
pub(super) fn has_more_placeholders(json: &str, count: usize) -> bool {
    // Usually the word occurs only in placeholders with an attachment, and nothing is escaped.
    if !has_more_marks(json.as_bytes(), count) {
        return false;
    }
    let mut left = count;
    !walk(json, usize::MAX, |_| {
        let is_real = left > 0;
        left = left.saturating_sub(1);
        is_real
    })
}

/// Returns whether there are more than `count` marks of placeholders, of which `count` are known, or an escaped character, which may hide one.
/// Searches in one pass, since the general search for a string costs more than the rest of a short packet.
fn has_more_marks(json: &[u8], count: usize) -> bool {
    // Each mark has one of these characters, so has an escaped one, and the `count` that are known. Counted first, since that is fast.
    let hints = json.iter().filter(|byte| matches!(byte, b'\\' | b'_'));
    if hints.count() <= count {
        return false;
    }
    let mut marks = 0;
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'_')) {
        rest = &rest[at..];
        if rest.starts_with(b"\\u") {
            return true;
        }
        marks += usize::from(rest.starts_with(MARK.as_bytes()));
        rest = &rest[1..];
    }
    marks > count
}

/// Calls `placeholder` for each object that is marked as a placeholder, down to a depth, until it returns false. Returns true if all calls
/// returned true.
fn walk(json: &str, depth: usize, mut placeholder: impl FnMut(Open) -> bool) -> bool {
    // `None` for an array.
    let mut open: Vec<Option<Open>> = Vec::new();
    let mut too_deep = 0usize;
    let mut position = 0;
    while let Some(&byte) = json.as_bytes().get(position) {
        match byte {
            b'{' | b'[' if open.len() >= depth => too_deep += 1,
            b'}' | b']' if too_deep > 0 => too_deep -= 1,
            b'{' => open.push(Some(Open {
                start: position,
                marked: false,
                number: None,
            })),
            b'[' => open.push(None),
            b'}' | b']' => {
                if let Some(object) = open.pop().flatten()
                    && object.marked
                    && !placeholder(object)
                {
                    return false;
                }
            }
            b'"' => {
                let Some(end) = string_end(json, position) else {
                    break;
                };
                let colon = skip_whitespace(json, end);
                if json.as_bytes().get(colon) != Some(&b':') {
                    position = end;
                    continue;
                }
                let value = skip_whitespace(json, colon + 1);
                if let (0, Some(Some(object))) = (too_deep, open.last_mut()) {
                    match &*unescaped(&json[position..end]) {
                        MARK => object.marked = json[value..].starts_with("true"),
                        NUMBER => object.number = integer(&json[value..]),
                        _ => {}
                    }
                }
                position = value;
                continue;
            }
            _ => {}
        }
        position += 1;
    }
    true
}

/// Returns the key in a token. Only short ones are unescaped: longer ones are no keys of placeholders.
fn unescaped(token: &str) -> Cow<'_, str> {
    const LONGEST: usize = "\\u005f".len() * MARK.len() + 2;
    if token.len() <= LONGEST && token.contains('\\') {
        return unescape(token).map_or(Cow::Borrowed(""), Cow::Owned);
    }
    Cow::Borrowed(&token[1..token.len() - 1])
}

/// Returns whether JSON counts a byte as white space.
pub(super) fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Returns the first offset from `position` on that is not white space.
pub(super) fn skip_whitespace(json: &str, position: usize) -> usize {
    let rest = &json.as_bytes()[position..];
    position + rest.iter().take_while(|&&byte| is_whitespace(byte)).count()
}

/// Returns the offset after the closing quote of the string that begins at `start`.
pub(super) fn string_end(json: &str, start: usize) -> Option<usize> {
    let bytes = json.as_bytes();
    let mut position = start + 1;
    loop {
        match bytes.get(position)? {
            b'"' => return Some(position + 1),
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
}

/// Returns the number, `true`, `false` or `null` at the beginning of `json`.
fn scalar(json: &str) -> &str {
    let is_end = |byte: &u8| is_whitespace(*byte) || matches!(byte, b',' | b']' | b'}');
    &json[..json
        .bytes()
        .position(|byte| is_end(&byte))
        .unwrap_or(json.len())]
}

/// Returns the integer at the beginning of `json`, if the number there is one. Reads only its digits: a nested value behind a key
/// would be read once for each level.
fn integer(json: &str) -> Option<usize> {
    const MOST_DIGITS: usize = 20;
    let digits = json.bytes().take(MOST_DIGITS + 1);
    let len = digits.take_while(u8::is_ascii_digit).count();
    let is_whole = json[len..]
        .bytes()
        .next()
        .is_none_or(|next| !matches!(next, b'0'..=b'9' | b'.' | b'e' | b'E'));
    json[..len].parse().ok().filter(|_| is_whole)
}

/// Returns whether arrays and objects in valid JSON are nested deeper than a number of arguments' levels, with the array around
/// the arguments.
pub(crate) fn is_deeper_than(json: &str, levels: usize) -> bool {
    let bytes = json.as_bytes();
    let opened = |byte: u8| bytes.iter().filter(|&&other| other == byte).count();
    if opened(b'[') + opened(b'{') <= levels {
        return false;
    }
    let (mut depth, mut position) = (0usize, 0);
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'"' => {
                position = string_end(json, position).unwrap_or(json.len());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > levels + 1 {
            return true;
        }
        position += 1;
    }
    false
}

/// Returns the offset after the value that begins at `start`, in valid JSON.
pub(super) fn value_end(json: &str, start: usize) -> usize {
    let mut depth = 0usize;
    let mut position = start;
    while let Some(&byte) = json.as_bytes().get(position) {
        match byte {
            b'"' => {
                position = string_end(json, position).unwrap_or(json.len());
                if depth == 0 {
                    return position;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return position + 1;
                }
            }
            _ if depth == 0 => return position + scalar(&json[position..]).len().max(1),
            _ => {}
        }
        position += 1;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_is_that_of_brackets_outside_of_strings() {
        let nested = |levels: usize| format!("[{}{}]", "[".repeat(levels), "]".repeat(levels));
        assert!(!is_deeper_than(&nested(127), 127));
        assert!(is_deeper_than(&nested(128), 127));
        let wide = format!("[{}\"{}\"]", "[],{},".repeat(1_000), "[".repeat(1_000));
        assert!(!is_deeper_than(&wide, 127));
    }

    #[test]
    fn a_usual_placeholder_is_found_without_a_search() {
        let usual = |json: &str| Placeholders::usual(json, 12);
        for (number, rest) in [(0, ""), (7, "]"), (11, r#",{"num":1}]"#)] {
            let json = format!(r#"{{"_placeholder":true,"num":{number}}}"#);
            let (found, len) = usual(&(json.clone() + rest)).unwrap();
            assert_eq!((found.at(0), len), (Some(number), json.len()));
            assert!(found.any_in(0..len) && !found.any_in(1..len));
            let searched = Placeholders::find(&json, 12).unwrap();
            assert_eq!(searched.at(0), found.at(0));
        }
        for end in [
            "",
            "}",
            "12}",
            "07}",
            "-1}",
            "1.0}",
            "1e1}",
            "1 }",
            "1,\"a\":1}",
            "1",
        ] {
            assert!(
                usual(&format!(r#"{{"_placeholder":true,"num":{end}"#)).is_none(),
                "{end}"
            );
        }
        assert!(usual(r#"{"num":1,"_placeholder":true}"#).is_none());
    }

    #[test]
    fn an_integer_is_digits_and_nothing_behind_them_is_read() {
        assert_eq!(integer("12,"), Some(12));
        assert_eq!(integer("0 }"), Some(0));
        assert_eq!(integer("7"), Some(7));
        for other in ["", "-1", "1.0", "1e1", "\"1\"", "true", "{\"num\":1}"] {
            assert_eq!(integer(other), None, "{other}");
        }
        assert_eq!(integer(&"1".repeat(1_000)), None);
    }
}
