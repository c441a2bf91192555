//! The lines in which two texts differ.

use std::fmt::Write as _;

/// The number of equal lines that are shown around a difference.
const AROUND: usize = 2;

/// The maximum number of lines that are compared with each other. Longer differences are shown as a whole.
const MOST: usize = 2_000;

/// Returns the differing lines, `-` before those of `old` and `+` before those of `new`; empty if there are none. Line ends are
/// ignored.
pub(super) fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let changes = changes(&old, &new);
    let near = |index: usize| {
        let around = index.saturating_sub(AROUND)..=index + AROUND;
        let around = changes.iter().skip(*around.start()).take(around.count());
        around.into_iter().any(|(sign, _)| *sign != ' ')
    };
    let (mut text, mut is_gap) = (String::new(), false);
    for (index, (sign, line)) in changes.iter().enumerate() {
        if near(index) {
            let _ = writeln!(text, "{sign} {line}");
            is_gap = false;
        } else if !is_gap && !text.is_empty() {
            text.push_str("  ..\n");
            is_gap = true;
        }
    }
    text.trim_end_matches("  ..\n").to_owned()
}

/// Returns all lines in order, each with a sign.
fn changes<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (head, old, new) = (&old[..same], &old[same..], &new[same..]);
    let same = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old, tail) = old.split_at(old.len() - same);
    let new = &new[..new.len() - same];

    let signed = |sign| move |line: &&'a str| (sign, *line);
    let mut all: Vec<(char, &str)> = head.iter().map(signed(' ')).collect();
    if old.len() > MOST || new.len() > MOST {
        all.extend(old.iter().map(signed('-')));
        all.extend(new.iter().map(signed('+')));
    } else {
        all.extend(longest_common(old, new));
    }
    all.extend(tail.iter().map(signed(' ')));
    all
}

/// Returns the lines of both, with the longest common sequence once.
fn longest_common<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let width = new.len() + 1;
    // The length of the longest common sequence from each pair of lines on.
    let mut lengths = vec![0_u16; (old.len() + 1) * width];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            lengths[i * width + j] = match a == b {
                true => lengths[(i + 1) * width + j + 1] + 1,
                false => lengths[(i + 1) * width + j].max(lengths[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        let is_removed = i < old.len()
            && (j == new.len() || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]);
        if i < old.len() && j < new.len() && old[i] == new[j] {
            all.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if is_removed {
            all.push(('-', old[i]));
            i += 1;
        } else {
            all.push(('+', new[j]));
            j += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn equal_texts_have_no_difference_whatever_their_line_ends_are() {
        assert_eq!(diff("a\nb\n", "a\r\nb"), "");
    }

    #[test]
    fn differing_lines_are_shown_with_those_around_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\nten\n";
        let expected = "  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n  9\n+ ten";
        assert_eq!(diff(old, new).trim_end(), expected);
        assert_eq!(diff("", "a"), "+ a\n");
        assert_eq!(
            diff("a\nb\nc\nd\ne\nf\ng", "b\nc\nd\ne\nf").lines().count(),
            7
        );
    }
}
