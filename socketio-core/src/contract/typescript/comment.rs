//! Doc comments of TypeScript.

/// Returns a doc comment at an indentation; nothing for an empty text.
pub(super) fn comment(docs: &str, indentation: &str) -> String {
    let docs = docs.trim().replace("*/", "*\\/");
    let mut lines = docs.lines();
    match (lines.next(), lines.next()) {
        (None, _) => String::new(),
        (Some(line), None) => format!("{indentation}/** {line} */\n"),
        _ => {
            let lines = docs.lines().map(|line| match line.trim_end() {
                "" => format!("{indentation} *\n"),
                line => format!("{indentation} * {line}\n"),
            });
            let lines: String = lines.collect();
            format!("{indentation}/**\n{lines}{indentation} */\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn a_comment_has_one_line_or_a_star_for_each() {
        assert_eq!(comment("", ""), "");
        assert_eq!(comment("one", "  "), "  /** one */\n");
        assert_eq!(comment("a\n\nb", ""), "/**\n * a\n *\n * b\n */\n");
    }

    #[test]
    fn a_comment_does_not_end_in_its_text() {
        assert_eq!(comment("a */ b", ""), "/** a *\\/ b */\n");
    }
}
