//! Namespace paths are accepted and refused as in the table `paths.txt`, which also tests the attributes and the builder.

use socketio_names::Pattern;

#[test]
fn paths_are_accepted_and_refused_as_in_the_table() {
    for row in include_str!("paths.txt")
        .lines()
        .filter(|row| !row.starts_with('#'))
    {
        let (verdict, path) = row.split_once(' ').unwrap_or((row, ""));
        assert_eq!(Pattern::parse(path).is_ok(), verdict == "valid", "{row:?}");
    }
}
