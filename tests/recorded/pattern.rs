//! [`Names`]: the values of `$NAME`, and the comparison of texts with patterns.

use std::collections::BTreeMap;

/// The names that are known so far.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Replaces names and escapes in a text that is sent.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let text = unescape(text);
        let mut rest = &*text;
        while let Some((before, after)) = rest.split_once('$') {
            let (name, after) = split_name(after);
            filled.push_str(before);
            filled.push_str(self.0.get(name).ok_or(format!("${name} is not known"))?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Compares a text with a pattern, and remembers the names in it.
    pub(crate) fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let mut found = BTreeMap::new();
        let is = self.compare(&unescape(pattern), text, &mut found);
        if is {
            self.0.extend(found);
        }
        is
    }

    fn compare(&self, pattern: &str, text: &str, found: &mut BTreeMap<String, String>) -> bool {
        let Some(first) = pattern.chars().next() else {
            return text.is_empty();
        };
        let rest = &pattern[first.len_utf8()..];
        match first {
            '*' => (0..=text.len())
                .filter(|end| text.is_char_boundary(*end))
                .any(|end| self.compare(rest, &text[end..], found)),
            '$' => {
                let (name, rest) = split_name(rest);
                if let Some(value) = found.get(name).or(self.0.get(name)).cloned() {
                    let after = text.strip_prefix(&*value);
                    return after.is_some_and(|after| self.compare(rest, after, found));
                }
                let end = text
                    .find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c))
                    .unwrap_or(text.len());
                found.insert(name.to_owned(), text[..end].to_owned());
                end > 0 && self.compare(rest, &text[end..], found)
            }
            _ => text
                .strip_prefix(first)
                .is_some_and(|text| self.compare(rest, text, found)),
        }
    }
}

/// Splits what follows a `$` behind the name.
fn split_name(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Replaces `\xHH`, which JSON does not have.
fn unescape(text: &str) -> String {
    let mut parts = text.split("\\x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2);
        plain.push(char::from(
            u8::from_str_radix(code, 16).expect("two digits"),
        ));
        plain.push_str(rest);
    }
    plain
}

#[test]
fn names_stand_for_the_same_wherever_they_appear() {
    let mut names = Names::default();
    assert!(names.matches(r#"0{"sid":"$SID",*}"#, r#"0{"sid":"a-B_3","x":1}"#));
    assert_eq!(names.fill("sid=$SID\\x1e").unwrap(), "sid=a-B_3\u{1e}");
    assert!(names.matches("$SID,*", "a-B_3,"));
    assert!(!names.matches("$SID", "b"));
    assert!(!names.matches("a*c", "abcd"));
    assert!(names.matches("a*c*", "abcd"));
    assert!(names.fill("$NONE").is_err());
}
