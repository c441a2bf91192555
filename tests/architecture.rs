//! The structure of the crates: layers depend on lower ones only, and the folders of a crate have no cycle.
//!
//! Read from the sources: every path that begins with `crate` or `super` counts, in `use` lines and elsewhere.
//! Names that a crate's root re-exports count for the module that they come from. Test code does not count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Maps a module to the modules that it names, each with a file that names it.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            found.push(path);
        }
    }
}

/// Returns the code without comments and without the test module at its end.
fn code(path: &Path) -> String {
    let text = read(path);
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the first names after `crate::`: several if there are braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let text = text.trim_start();
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name(&group[start..index]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(&group[start..index]));
                start = index + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Maps the names that the root of a crate re-exports to their modules.
fn re_exports(lib: &str) -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    for statement in lib
        .split(';')
        .filter_map(|statement| statement.split("use ").nth(1))
    {
        let statement = statement.trim_start_matches("crate::");
        let Some((module, names)) = statement.split_once("::") else {
            continue;
        };
        let names = names.trim_matches(['{', '}', ' ', '\n']);
        for name in names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.contains("::"))
        {
            exported.insert(name.to_owned(), module.to_owned());
        }
    }
    exported
}

/// Returns which top-level modules of a crate name which others.
fn graph(source: &Path) -> Graph {
    let exported = re_exports(&code(&source.join("lib.rs")));
    let mut files = Vec::new();
    sources(source, &mut files);
    let mut graph = Graph::new();
    for file in files {
        let inside = file.strip_prefix(source).unwrap().with_extension("");
        let mut module: Vec<_> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        if module == ["lib"] {
            continue;
        }
        if module.last() == Some(&"mod") {
            module.pop();
        }
        let text = code(&file);
        let climb = "super::".repeat(module.len());
        for prefix in ["crate::", &climb] {
            for (position, _) in text.match_indices(prefix) {
                let before = text[..position].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$')) {
                    continue;
                }
                for name in first_names(&text[position + prefix.len()..]) {
                    let named = exported.get(&name).cloned().unwrap_or(name);
                    if named != module[0] {
                        let edges = graph.entry(module[0].to_owned()).or_default();
                        edges.insert(named, inside.display().to_string());
                    }
                }
            }
        }
    }
    graph
}

/// Returns the table of layers in ARCHITECTURE, the lowest last, each with those that it may name.
fn documented_layers() -> Vec<(String, BTreeSet<String>)> {
    let text = read(&root().join("docs/ARCHITECTURE.md"));
    let section = text
        .split("\n## Layers\n")
        .nth(1)
        .expect("a section `Layers`");
    let section = section.split("\n## ").next().unwrap();
    let names = |cell: &str| -> Vec<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(|name| name.trim_end_matches('/').to_owned())
            .collect()
    };
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        (
            names(cells[0]).remove(0),
            names(cells[cells.len() - 1]).into_iter().collect(),
        )
    })
    .collect()
}

#[test]
fn layers_point_downwards() {
    let layers = documented_layers();
    let mut problems = Vec::new();
    for (index, (layer, allowed)) in layers.iter().enumerate() {
        let lower: BTreeSet<_> = layers[index + 1..]
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        for upward in allowed.difference(&lower) {
            problems.push(format!(
                "the table lets `{layer}` name `{upward}`, which is not below it"
            ));
        }
    }
    let source = root().join("socketio-core/src");
    let folders: BTreeSet<_> = fs::read_dir(&source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let listed: BTreeSet<_> = layers.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(
        folders, listed,
        "the folders of the core and the table in ARCHITECTURE"
    );
    for (layer, edges) in graph(&source) {
        // The module for generated code is not a layer: it may name all of them.
        if layer == "private" {
            continue;
        }
        let allowed = &layers
            .iter()
            .find(|(name, _)| *name == layer)
            .expect("a listed layer")
            .1;
        for (named, file) in edges {
            if !allowed.contains(&named) {
                problems.push(format!("`{layer}` names `{named}` in {file}.rs"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_crate_has_a_cycle_of_folders() {
    for krate in [
        "socketio-core",
        "socketio-macros",
        "socketio-names",
        "socketio-test",
        "tests/support",
    ] {
        let source = root().join(krate).join("src");
        let mut graph = graph(&source);
        graph.retain(|module, _| source.join(module).is_dir());
        // Removes folders that name no other remaining one, until nothing changes. The remaining folders have a cycle.
        loop {
            let left: BTreeSet<_> = graph.keys().cloned().collect();
            graph.retain(|_, edges| edges.keys().any(|named| left.contains(named)));
            if graph.len() == left.len() {
                break;
            }
        }
        assert!(graph.is_empty(), "{krate}: a cycle among {graph:#?}");
    }
}

/// Tests the parser of sources above.
#[test]
fn paths_in_braces_and_re_exports_are_found() {
    assert_eq!(first_names("{a::B, c::{D, e::F}, G} ;"), ["a", "c", "G"]);
    assert_eq!(first_names("hub::Client;"), ["hub"]);
    let exported = re_exports("pub use hub::{IntoRooms, transport};\npub use base::Sid;");
    assert_eq!(exported["IntoRooms"], "hub");
    assert_eq!(exported["Sid"], "base");
}
