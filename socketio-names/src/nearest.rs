//! Suggestions for misspelled names.

/// Returns the candidate that is most similar to `name`, if at most a third of its letters differ.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns whether the names differ by one edit: an added, missing or wrong letter.
pub fn is_one_edit_from(name: &str, other: &str) -> bool {
    distance(name, other) == 1
}

/// Returns the Levenshtein distance in bytes.
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

    #[test]
    fn a_typo_is_recognized_and_an_unrelated_word_is_not() {
        let names = ["admin", "metrics"];
        assert_eq!(nearest("admn", names), Some("admin"));
        assert_eq!(nearest("metric", names), Some("metrics"));
        assert_eq!(nearest("chat", names), None);
    }
}
