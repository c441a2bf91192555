//! The structure of the crates: layers depend on lower ones only, the folders of a crate have no cycle, and ARCHITECTURE
//! gives a reason for each cycle of a folder with one of its sub-folders. No source file is too long.

mod file_length;
mod log_lines;
mod modules;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use modules::{Crate, Graph, Names};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn core() -> Crate {
    Crate::read(&root().join("socketio-core/src"))
}

/// Returns a section of ARCHITECTURE.
fn section(title: &str) -> String {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let section = text.split(title).nth(1).expect("the section");
    section.split("\n## ").next().unwrap().to_owned()
}

/// Returns the texts in backticks.
fn quoted(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .map(|name| name.trim_end_matches('/').to_owned())
        .collect()
}

/// Returns the table of layers in ARCHITECTURE, the lowest last, each with those that it may name.
fn documented_layers() -> Vec<(String, BTreeSet<String>)> {
    let section = section("\n## Layers\n");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let allowed = quoted(cells[cells.len() - 1]).into_iter().collect();
        (quoted(cells[0]).remove(0), allowed)
    })
    .collect()
}

/// Maps each top-level module to the others that it names, each with a file that names it.
fn layers(graph: &Graph) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut layers = BTreeMap::<String, BTreeMap<_, _>>::new();
    for (module, named) in graph {
        let edges = layers.entry(module[0].clone()).or_default();
        for other in named.iter().filter(|other| other[0] != module[0]) {
            edges.insert(other[0].clone(), module.join("/"));
        }
    }
    layers
}

/// Returns the mistakes in the edges between layers and in their table.
fn problems(graph: &Graph, documented: &[(String, BTreeSet<String>)]) -> Vec<String> {
    let mut problems = Vec::new();
    let found = layers(graph);
    for (index, (layer, allowed)) in documented.iter().enumerate() {
        let lower: Vec<_> = documented[index + 1..]
            .iter()
            .map(|(name, _)| name)
            .collect();
        for name in allowed {
            if !lower.contains(&name) {
                problems.push(format!(
                    "the table lets `{layer}` name `{name}`, which is not below it"
                ));
            } else if !found[layer].contains_key(name) {
                problems.push(format!(
                    "the table lets `{layer}` name `{name}`, which it does not"
                ));
            }
        }
        for (named, file) in &found[layer] {
            if !allowed.contains(named) {
                problems.push(format!("`{layer}` names `{named}` in {file}.rs"));
            }
        }
    }
    problems
}

#[test]
fn layers_point_downwards() {
    let (core, documented) = (core(), documented_layers());
    let folders = core.folders().into_iter();
    let folders: BTreeSet<_> = folders.map(|mut names| names.swap_remove(0)).collect();
    let listed: BTreeSet<_> = documented.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(
        folders, listed,
        "the folders of the core and the table in ARCHITECTURE"
    );
    let problems = problems(&core.graph(), &documented);
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
        let krate = Crate::read(&root().join(krate).join("src"));
        let mut graph = layers(&krate.graph());
        graph.retain(|module, _| krate.is_folder(std::slice::from_ref(module)));
        // Removes folders that name no other remaining one, until nothing changes. The remaining folders have a cycle.
        loop {
            let left: BTreeSet<_> = graph.keys().cloned().collect();
            graph.retain(|_, edges| edges.keys().any(|named| left.contains(named)));
            if graph.len() == left.len() {
                break;
            }
        }
        assert!(graph.is_empty(), "a cycle among {graph:#?}");
    }
}

/// Returns the sub-folders that name files of their folder that name them, directly or through others.
fn cycles_with_sub_folders(krate: &Crate) -> BTreeMap<String, BTreeSet<String>> {
    let graph = krate.graph();
    let mut cycles = BTreeMap::new();
    for folder in krate.folders() {
        // The parts of the folder: its files, and its sub-folders as a whole.
        let mut parts = BTreeMap::<Names, BTreeSet<Names>>::new();
        let part = |module: &Names| {
            let inside = module.len() > folder.len() && module.starts_with(&folder);
            inside.then(|| module[..=folder.len()].to_vec())
        };
        for (module, named) in &graph {
            if let Some(own) = part(module) {
                let edges = parts.entry(own).or_default();
                edges.extend(named.iter().filter_map(part));
            }
        }
        let reachable = |from: &Names| {
            let mut reached = BTreeSet::new();
            let mut next: Vec<_> = parts[from].iter().collect();
            while let Some(part) = next.pop() {
                if reached.insert(part.clone()) {
                    next.extend(parts[part].iter());
                }
            }
            reached
        };
        for sub_folder in parts.keys().filter(|part| krate.is_folder(part)) {
            let mut circle = reachable(sub_folder);
            circle.remove(sub_folder);
            circle.retain(|part| reachable(part).contains(sub_folder));
            if !circle.is_empty() {
                let circle = circle.iter().map(|part| part.join("/")).collect();
                cycles.insert(sub_folder.join("/"), circle);
            }
        }
    }
    cycles
}

#[test]
fn cycles_with_sub_folders_have_reasons() {
    let found = cycles_with_sub_folders(&core());
    let section = section("\n### Cycles inside of folders\n");
    let items = section.lines().filter(|line| line.starts_with("* `"));
    let listed: BTreeSet<_> = items.map(|item| quoted(item).remove(0)).collect();
    let names: BTreeSet<_> = found.keys().cloned().collect();
    assert_eq!(names, listed, "{found:#?}");
}

/// A crate in which every path that the reader must follow leads to the lowest layer.
#[test]
fn paths_are_followed_through_braces_and_re_exports() {
    let files = [
        (
            "lib.rs",
            "mod high;\nmod low;\nmod middle;\npub mod view {\n    pub use crate::low::{item, middle, Hidden};\n}\npub use middle::Item;",
        ),
        (
            "low/mod.rs",
            "pub mod inner;\npub use inner::Inner;\npub fn item() {}",
        ),
        ("low/inner.rs", "pub struct Inner;\npub struct Hidden;"),
        (
            "middle/mod.rs",
            "mod file;\npub use file::File as Renamed;\npub use crate::low::Inner as Item;",
        ),
        ("middle/file.rs", "pub struct File;"),
        (
            "high/mod.rs",
            "mod braces;\nmod sub;\nmod aliased;\nmod inline;",
        ),
        (
            "high/braces.rs",
            "use crate::{middle::{self, Renamed}, high::sub::Sub}; // crate::low",
        ),
        ("high/aliased.rs", "fn f() { crate::Item::new() }"),
        (
            "high/inline.rs",
            "use crate::view::Hidden;\n#[cfg(test)]\nmod tests {\n use crate::middle; }",
        ),
        ("high/sub/mod.rs", "mod leaf;\npub struct Sub;"),
        ("high/sub/leaf.rs", "use super::super::braces;"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let krate = Crate::new(files);
    let graph = krate.graph();
    let named = |module: &str| {
        let module: Names = module.split('/').map(str::to_owned).collect();
        let named = graph[&module].iter().map(|names| names.join("/"));
        named.collect::<Vec<_>>()
    };
    assert_eq!(named("high/braces"), ["high/sub", "middle", "middle/file"]);
    assert_eq!(named("high/aliased"), ["low/inner"]);
    assert_eq!(named("high/inline"), ["low", "view"]);
    assert_eq!(named("high/sub/leaf"), ["high/braces"]);
    assert_eq!(
        cycles_with_sub_folders(&krate)
            .into_keys()
            .collect::<Vec<_>>(),
        ["high/sub"]
    );

    let layer = |name: &str, allowed: &[&str]| {
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        (name.to_owned(), allowed)
    };
    let table = |high: &[&str]| {
        [
            layer("high", high),
            layer("middle", &["low"]),
            layer("low", &[]),
        ]
    };
    assert_eq!(
        problems(&graph, &table(&["middle"])),
        [
            "`high` names `low` in high/inline.rs",
            "`high` names `view` in high/inline.rs"
        ]
    );
    assert_eq!(
        problems(&graph, &table(&["low", "middle", "nothing"]))[0],
        "the table lets `high` name `nothing`, which is not below it"
    );
}
