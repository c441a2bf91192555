//! The files of the tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

const MAX_LINES: usize = 400;

/// Directories of generated files, besides hidden ones.
const GENERATED: &[&str] = &["node_modules", "target", "__pycache__"];

/// Returns the `.rs`, `.py` and `.js` files below a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let mut sources = Vec::new();
    for entry in entries.map(|entry| entry.unwrap()) {
        let path = entry.path();
        let name = entry.file_name();
        let is_directory = entry.file_type().unwrap().is_dir();
        let is_generated = name.to_string_lossy().starts_with('.')
            || GENERATED.iter().any(|generated| name == *generated);
        if is_directory && is_generated {
            continue;
        }
        if is_directory {
            sources.extend(self::sources(&path));
        } else if ["rs", "py", "js"]
            .map(Some)
            .contains(&path.extension().and_then(|e| e.to_str()))
        {
            sources.push(path);
        }
    }
    sources
}

#[test]
fn no_file_has_more_than_400_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = sources(&root.join("tests"));
    assert!(files.len() > 100, "{} files", files.len());
    let long: Vec<_> = files
        .iter()
        .map(|file| (file, fs::read_to_string(file).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(file, lines)| {
            format!(
                "{}: {lines} lines",
                file.strip_prefix(root).unwrap().display()
            )
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
