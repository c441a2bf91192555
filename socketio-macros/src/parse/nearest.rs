//! The option that a misspelled one was meant to be.

/// The option nearest to `name`, when it is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, options: &[&'a str]) -> Option<&'a str> {
    options
        .iter()
        .map(|option| (distance(name, option), *option))
        .filter(|(distance, option)| *distance * 3 <= option.len())
        .min()
        .map(|(_, option)| option)
        .or_else(|| abbreviated(name, options))
}

/// `ns` and `nsp` are what other implementations of the protocol say.
fn abbreviated<'a>(name: &str, options: &[&'a str]) -> Option<&'a str> {
    let meant = |option: &&&str| {
        let short = matches!(name, "ns" | "nsp" | "path") && **option == "namespace";
        short || (name.len() > 2 && option.starts_with(name))
    };
    options.iter().find(meant).copied()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const OPTIONS: &[&str] = &["namespace", "server", "concurrent", "crate"];

    #[test]
    fn a_slip_of_the_fingers_is_recognised() {
        assert_eq!(nearest("namepsace", OPTIONS), Some("namespace"));
        assert_eq!(nearest("servers", OPTIONS), Some("server"));
        assert_eq!(nearest("concurent", OPTIONS), Some("concurrent"));
        assert_eq!(nearest("name_space", OPTIONS), Some("namespace"));
    }

    #[test]
    fn an_abbreviation_is_recognised() {
        assert_eq!(nearest("nsp", OPTIONS), Some("namespace"));
        assert_eq!(nearest("conc", OPTIONS), Some("concurrent"));
    }

    #[test]
    fn another_word_is_not() {
        assert_eq!(nearest("room", OPTIONS), None);
        assert_eq!(nearest("broadcast", OPTIONS), None);
    }
}
