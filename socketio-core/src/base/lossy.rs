//! [`lossy`]: converts bytes that are not quite UTF-8 into text.

/// Returns the text in `bytes`, with one U+FFFD for half a surrogate pair, which takes three bytes, and for every other invalid
/// sequence.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    /// The first byte of every surrogate. Two more follow.
    const SURROGATE: &[u8] = &[0xed];
    let mut text = String::with_capacity(bytes.len());
    let mut left = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let invalid = chunk.invalid();
        if !chunk.valid().is_empty() {
            left = 0;
        }
        if left > 0 && matches!(invalid, [0x80..=0xbf]) {
            left -= 1;
        } else if !invalid.is_empty() {
            left = if invalid == SURROGATE { 2 } else { 0 };
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_one_replacement_character() {
        for (bytes, text) in [
            (&b"plain \xe2\x98\x95"[..], "plain ☕"),
            (b"cut \xed\xa0\xbd", "cut \u{fffd}"),
            (b"\xed\xa0\xbd\xed\xb8\x80", "\u{fffd}\u{fffd}"),
            (b"\xed\xa0\xbdx\x80", "\u{fffd}x\u{fffd}"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            (b"\xed", "\u{fffd}"),
        ] {
            assert_eq!(lossy(bytes), text);
        }
    }
}
