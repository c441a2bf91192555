//! Suggests an option for an unknown one.

/// Returns the option that is similar to `name`, or that `name` abbreviates.
pub(super) fn nearest<'a>(name: &str, options: &[&'a str]) -> Option<&'a str> {
    socketio_names::nearest(name, options.iter().copied()).or_else(|| abbreviated(name, options))
}

/// Returns the option for an abbreviation. Other implementations of the protocol use `ns` and `nsp`.
fn abbreviated<'a>(name: &str, options: &[&'a str]) -> Option<&'a str> {
    let meant = |option: &&&str| {
        let short = matches!(name, "ns" | "nsp" | "path") && **option == "namespace";
        short || (name.len() > 2 && option.starts_with(name))
    };
    options.iter().find(meant).copied()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const OPTIONS: &[&str] = &["namespace", "server", "concurrent", "crate"];

    #[test]
    fn a_typo_is_recognised() {
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
    fn an_unrelated_word_is_not_recognised() {
        assert_eq!(nearest("room", OPTIONS), None);
        assert_eq!(nearest("broadcast", OPTIONS), None);
    }
}
