//! Every line that the core can log, and every text of an invalid packet, is in the guide.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A text of the sources and the file that it is in.
struct Found {
    file: PathBuf,
    text: String,
}

fn read(path: &str) -> String {
    fs::read_to_string(super::root().join(path)).unwrap()
}

/// Returns the sources of the core without the files of tests, and without the modules of tests at their ends.
fn sources(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
            found.push((path, text));
        }
    }
    found
}

/// Returns the string literals of the parenthesis that the text begins with, unescaped.
fn literals(text: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let (mut depth, mut characters) = (0, text.chars());
    while let Some(character) = characters.next() {
        match character {
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            '"' => {
                let mut literal = String::new();
                loop {
                    match characters.next().expect("the end of a literal") {
                        '"' => break,
                        '\\' => match characters.next().expect("what is escaped") {
                            // The literal continues in the next line.
                            '\n' => characters = characters.as_str().trim_start().chars(),
                            other => literal.push(other),
                        },
                        other => literal.push(other),
                    }
                }
                literals.push(literal);
            }
            _ => {}
        }
    }
    literals
}

/// Returns the last literal of every call in these sources, such as of `DecodeError(`.
fn last_literals(directory: &str, calls: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    for (file, source) in sources(&super::root().join(directory)) {
        for call in calls {
            for (at, _) in source.match_indices(call) {
                let parenthesis = &source[at + call.len() - 1..];
                if let Some(text) = literals(parenthesis).pop() {
                    let file = file.clone();
                    found.push(Found { file, text });
                }
            }
        }
    }
    found
}

/// Returns whether a page has this text in backticks, or its beginning and two dots.
fn has(page: &str, text: &str) -> bool {
    let mut beginnings = page
        .split("``")
        .filter_map(|quoted| quoted.strip_suffix(" .."));
    if beginnings.any(|beginning| beginning.len() > 30 && text.starts_with(beginning)) {
        return true;
    }
    if !text.contains('`') {
        return page.contains(&format!("`{text}`"));
    }
    let space = |yes: bool| if yes { " " } else { "" };
    let (first, last) = (space(text.starts_with('`')), space(text.ends_with('`')));
    [
        format!("``{first}{text}{last}``"),
        format!("``{text}{last}``"),
    ]
    .iter()
    .any(|quoted| page.contains(quoted.as_str()))
}

fn assert_none(missing: Vec<Found>, page: &str) {
    let missing: Vec<_> = missing
        .iter()
        .map(|found| format!("{}: {}", found.file.display(), found.text))
        .collect();
    assert!(missing.is_empty(), "not in {page}: {missing:#?}");
}

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

#[test]
fn every_line_of_the_log_is_in_the_guide() {
    let calls = LEVELS.map(|level| format!("tracing::{level}!("));
    let calls: Vec<_> = calls.iter().map(String::as_str).collect();
    let mut lines = last_literals("socketio-core/src", &calls);
    assert!(lines.len() > 60, "{} lines were found", lines.len());
    // A line whose text is a constant.
    lines.retain(|line| !line.text.starts_with('{'));
    let (debugging, troubleshooting) = (
        read("docs/guide/debugging.md"),
        read("docs/guide/troubleshooting.md"),
    );
    lines.retain(|line| !has(&debugging, &line.text) && !has(&troubleshooting, &line.text));
    assert_none(lines, "debugging.md or troubleshooting.md");
}

#[test]
fn every_line_about_a_connection_that_ends_is_in_troubleshooting() {
    let mut lines = last_literals(
        "socketio-core/src",
        &["tracing::error!(", "tracing::warn!(", "tracing::info!("],
    );
    let ends = ["connection is closed", "refusal", "refused", "handshake"];
    lines.retain(|line| ends.iter().any(|end| line.text.contains(end)));
    assert!(lines.len() > 2, "{} lines were found", lines.len());
    let page = read("docs/guide/troubleshooting.md");
    lines.retain(|line| !has(&page, &line.text));
    assert_none(lines, "troubleshooting.md");
}

#[test]
fn every_detail_of_an_invalid_packet_is_in_troubleshooting() {
    let mut details = last_literals("socketio-core/src/packet", &["Err(", "ok_or(", "map_err("]);
    let readers = ["reader", "assembler", "decode", "packet", "msgpack", "read"];
    details.retain(|detail| {
        readers
            .iter()
            .any(|reader| detail.file.ends_with(format!("{reader}.rs")))
    });
    assert!(details.len() > 30, "{} details were found", details.len());
    let page = read("docs/guide/troubleshooting.md");
    details.retain(|detail| !has(&page, &detail.text));
    assert_none(details, "troubleshooting.md");
}
