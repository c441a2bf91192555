//! The grammar of namespace paths accepts and refuses the paths of the table that attributes and the builder are tested with.

use socketio_names::Pattern;

#[test]
fn the_table_of_paths_holds() {
    for row in include_str!("paths.txt")
        .lines()
        .filter(|row| !row.starts_with('#'))
    {
        let (verdict, path) = row.split_once(' ').unwrap_or((row, ""));
        assert_eq!(Pattern::parse(path).is_ok(), verdict == "valid", "{row:?}");
    }
}
