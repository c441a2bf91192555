//! The name that a misspelled one was meant to be.

/// Returns the candidate that is most similar to `name`, if one is similar enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Whether one edit makes `name` another name: an added, missing or wrong letter.
pub fn is_one_edit_from(name: &str, other: &str) -> bool {
    distance(name, other) == 1
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

    #[test]
    fn a_slip_of_the_fingers_is_recognized_and_another_word_is_not() {
        let names = ["admin", "metrics"];
        assert_eq!(nearest("admn", names), Some("admin"));
        assert_eq!(nearest("metric", names), Some("metrics"));
        assert_eq!(nearest("chat", names), None);
    }
}
