//! The length of files: one that is longer than [`MAX_LINES`] has more than one subject.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::root;

const MAX_LINES: usize = 400;

/// Files that may be longer, each with its reason.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "examples/page/client.js",
    "a page loads one file, without a bundler",
)];

/// The extensions of source files.
const SOURCES: [&str; 4] = ["rs", "js", "mjs", "py"];

/// Directories of generated files, besides hidden ones.
const GENERATED: [&str; 4] = ["node_modules", "target", "built", "__pycache__"];

/// Adds the source files below a directory.
fn add_sources(directory: &Path, sources: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            let is_generated = name.to_string_lossy().starts_with('.')
                || GENERATED.iter().any(|generated| name == *generated);
            if !is_generated {
                add_sources(&path, sources);
            }
        } else if path
            .extension()
            .is_some_and(|extension| SOURCES.iter().any(|source| extension == *source))
        {
            sources.push(path);
        }
    }
}

/// Returns the paths of the source files of the repository that are too long, each with its number of lines.
fn long_files() -> Vec<(String, usize)> {
    let root = root();
    let mut files = Vec::new();
    add_sources(&root, &mut files);
    assert!(files.len() > 1_000, "{} files", files.len());
    let long = files.iter().filter_map(|file| {
        let lines = fs::read_to_string(file).unwrap().lines().count();
        let path = file.strip_prefix(&root).unwrap().display().to_string();
        (lines > MAX_LINES).then_some((path, lines))
    });
    long.collect()
}

#[test]
fn no_file_has_more_than_400_lines() {
    let found = long_files();
    let is_exception = |path: &str| EXCEPTIONS.iter().any(|(exception, _)| *exception == path);
    let long: Vec<_> = found
        .iter()
        .filter(|(path, _)| !is_exception(path))
        .map(|(path, lines)| format!("{path} has {lines} lines: cut it where a subject ends"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    for (path, reason) in EXCEPTIONS {
        let is_long = found.iter().any(|(found, _)| found == path);
        assert!(
            is_long,
            "{path} is not too long any more: remove the exception ({reason})"
        );
    }
}
