//! [`RoomPattern`]: the names of rooms that have a history.

/// A pattern of room names: text with parameters in braces, each of which matches any text that is not empty: `job:{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoomPattern {
    /// The text before, between and after the parameters.
    texts: Vec<Box<str>>,
}

impl RoomPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// If its braces don't match, a parameter has no name, or two parameters follow one another.
    pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("the room pattern {pattern:?} {why}");
        let mut texts = Vec::new();
        let mut rest = pattern;
        while let Some((text, behind)) = rest.split_once('{') {
            let Some((name, behind)) = behind.split_once('}') else {
                return Err(wrong("has a `{` without a `}`"));
            };
            if name.is_empty() || name.contains('{') {
                return Err(wrong("has a parameter without a name"));
            }
            if text.contains('}') {
                return Err(wrong("has a `}` without a `{`"));
            }
            if text.is_empty() && !texts.is_empty() {
                return Err(wrong("has two parameters without text in between"));
            }
            texts.push(Box::from(text));
            rest = behind;
        }
        if rest.contains('}') {
            return Err(wrong("has a `}` without a `{`"));
        }
        texts.push(Box::from(rest));
        Ok(RoomPattern { texts })
    }

    /// Returns whether it matches the name of a room.
    pub(crate) fn matches(&self, room: &str) -> bool {
        let [first, others @ ..] = &*self.texts else {
            return false;
        };
        let Some(mut rest) = room.strip_prefix(&**first) else {
            return false;
        };
        let Some((last, inner)) = others.split_last() else {
            return rest.is_empty();
        };
        for text in inner {
            // A parameter matches at least one character.
            let begin = rest.chars().next().map_or(rest.len(), char::len_utf8);
            match rest[begin..].find(&**text) {
                Some(found) if !rest.is_empty() => rest = &rest[begin + found + text.len()..],
                _ => return false,
            }
        }
        rest.len() > last.len() && rest.ends_with(&**last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_match_any_text_but_none() {
        for (pattern, room, expected) in [
            ("lobby", "lobby", true),
            ("lobby", "lobby2", false),
            ("lobby", "", false),
            ("", "", true),
            ("job:{id}", "job:1", true),
            ("job:{id}", "job:a:b", true),
            ("job:{id}", "job:", false),
            ("job:{id}", "jobs:1", false),
            ("{any}", "x", true),
            ("{any}", "", false),
            ("{a}:{b}", "x:y", true),
            ("{a}:{b}", "x:", false),
            ("{a}:{b}", ":y", false),
            ("{a}:{b}", "ü:ö", true),
            ("team:{id}:log", "team:7:log", true),
            ("team:{id}:log", "team::log", false),
            ("team:{id}:log", "team:log", false),
            ("a{x}b{y}c", "a1b2c", true),
            ("a{x}b{y}c", "abbc", false),
        ] {
            let parsed = RoomPattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(room), expected, "{pattern} {room}");
        }
    }

    #[test]
    fn a_pattern_with_other_braces_is_refused() {
        for pattern in ["{", "}", "a{}", "a{b", "a}b{c}", "{a}{b}", "{{a}}", "{a}}"] {
            let error = RoomPattern::parse(pattern).unwrap_err();
            assert!(error.contains(pattern), "{error}");
        }
    }
}
