//! [`Escaped`]: text that comes from clients, for log lines.

use std::fmt::{self, Write};

/// The maximum length of the text that is written, in bytes.
const MAX: usize = 1_024;

/// Text that may come from a client, for a log line. Control characters are escaped, so that a line stays one line and contains no
/// terminal commands. Long text is cut.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = (0..=MAX.min(self.0.len()))
            .rev()
            .find(|end| self.0.is_char_boundary(*end));
        let shown = &self.0[..end.unwrap_or_default()];
        for character in shown.chars() {
            match character {
                '\'' | '"' | '\\' => f.write_char(character)?,
                // Also escapes characters that change the direction of text.
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        if shown.len() < self.0.len() {
            f.write_str("..")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_long_text_is_cut() {
        let shown = Escaped("a \"quoted\" line\n2026 ERROR forged\u{1b}[31m é\u{202e}").to_string();
        assert_eq!(
            shown,
            "a \"quoted\" line\\n2026 ERROR forged\\u{1b}[31m é\\u{202e}"
        );
        let long = "é".repeat(1_000);
        assert_eq!(Escaped(&long).to_string(), format!("{}..", "é".repeat(512)));
    }
}
