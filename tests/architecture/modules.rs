//! [`Crate`]: the modules of a crate and the paths that they name, read from its sources.
//!
//! Every path that begins with `crate` or `super` counts, in `use` lines and elsewhere, and so does a `use` of a child
//! module. Re-exports are followed to the module that defines the item. Comments and test code do not count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The path of a module or an item below the root of its crate.
pub(crate) type Names = Vec<String>;

/// Maps a module to the modules that it names.
pub(crate) type Graph = BTreeMap<Names, BTreeSet<Names>>;

/// The modules of a crate.
pub(crate) struct Crate {
    modules: BTreeMap<Names, Module>,
}

struct Module {
    code: String,
    /// The names that `use` lines bring into the module, each with its path in this crate.
    uses: BTreeMap<String, Names>,
}

impl Crate {
    /// Reads the sources below a folder with a `lib.rs`.
    pub(crate) fn read(source: &Path) -> Self {
        let mut files = Vec::new();
        sources(source, &mut files);
        let files = files.iter().map(|file| {
            let path = file.strip_prefix(source).unwrap();
            (path.to_str().unwrap().to_owned(), read(file))
        });
        Crate::new(files)
    }

    /// Creates a crate from the paths of its files and their text.
    pub(crate) fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut modules = BTreeMap::new();
        for (path, text) in files {
            let mut names: Names = path
                .trim_end_matches(".rs")
                .split('/')
                .map(str::to_owned)
                .collect();
            if matches!(names.last().map(String::as_str), Some("mod" | "lib")) {
                names.pop();
            }
            let (code, inline) = split_inline_modules(code(&text), names.is_empty());
            for (name, code) in inline {
                let names = [&names[..], &[name]].concat();
                modules.insert(names, code);
            }
            modules.insert(names, code);
        }
        let known: BTreeSet<_> = modules.keys().cloned().collect();
        let module = |(names, code): (Names, String)| {
            let uses = uses(&code, &names, &known);
            (names, Module { code, uses })
        };
        Crate {
            modules: modules.into_iter().map(module).collect(),
        }
    }

    /// Returns whether a module is a folder.
    pub(crate) fn is_folder(&self, names: &[String]) -> bool {
        let mut below = self.modules.keys();
        below.any(|module| module.len() > names.len() && module.starts_with(names))
    }

    /// Returns the folders below the root.
    pub(crate) fn folders(&self) -> Vec<Names> {
        let all = self.modules.keys();
        all.filter(|names| !names.is_empty() && self.is_folder(names))
            .cloned()
            .collect()
    }

    /// Returns which modules name which others: the module that defines the item, and the one it is named through. The
    /// root names everything and is left out.
    pub(crate) fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        for (names, module) in &self.modules {
            let mut named = BTreeSet::new();
            let in_code = absolute_paths(&module.code, names);
            for path in in_code.iter().chain(module.uses.values()) {
                named.insert(self.module_of(path));
                named.insert(self.definition(path, 0));
            }
            named.remove(names);
            named.remove(&Names::new());
            if !names.is_empty() {
                graph.insert(names.clone(), named);
            }
        }
        graph
    }

    /// Returns the longest part of a path that is a module.
    fn module_of(&self, path: &[String]) -> Names {
        let prefixes = (0..=path.len()).rev().map(|length| &path[..length]);
        let mut modules = prefixes.filter(|prefix| self.modules.contains_key(*prefix));
        modules.next().unwrap_or_default().to_vec()
    }

    /// Returns the module that defines what a path names.
    fn definition(&self, path: &[String], depth: usize) -> Names {
        let module = self.module_of(path);
        let Some((name, rest)) = path[module.len()..].split_first() else {
            return module;
        };
        match self.modules.get(&module).and_then(|it| it.uses.get(name)) {
            Some(used) if depth < 9 && used != path => {
                self.definition(&[&used[..], rest].concat(), depth + 1)
            }
            _ => module,
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
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
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = text.unwrap_or_default().lines();
    let lines = lines.map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the code of the root without its inline modules, and these modules. Other files have none.
fn split_inline_modules(code: String, is_root: bool) -> (String, Vec<(String, String)>) {
    let mut modules = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find("mod ").filter(|_| is_root).and_then(|_| {
        let mut starts = rest.match_indices("\npub mod ").map(|(start, _)| start);
        starts.find(|start| rest[*start..].find('{') < rest[*start..].find(';'))
    }) {
        let body = start + rest[start..].find('{').unwrap();
        let end = body + rest[body..].find("\n}").expect("the end of a module");
        let name = rest[start..body].trim().trim_start_matches("pub mod ");
        modules.push((name.to_owned(), rest[body + 1..end].to_owned()));
        rest.replace_range(start..end + 2, "\n");
    }
    (rest, modules)
}

/// Returns the names that the `use` lines of a module bring into it, with their paths in this crate.
fn uses(code: &str, module: &[String], known: &BTreeSet<Names>) -> BTreeMap<String, Names> {
    let mut uses = BTreeMap::new();
    for (position, _) in code.match_indices("use ") {
        if continues_a_name(&code[..position]) {
            continue;
        }
        let mut leaves = Vec::new();
        leaves_of(&code[position + 4..], &[], &mut leaves);
        for (path, alias) in leaves {
            let child = [module, &path[..1]].concat();
            let path = match absolute(&path, module) {
                Some(path) => path,
                None if known.contains(&child) => [module, &path[..]].concat(),
                None => continue,
            };
            uses.insert(alias, path);
        }
    }
    uses
}

/// Returns all paths in the code that begin with `crate` or `super`.
fn absolute_paths(code: &str, module: &[String]) -> Vec<Names> {
    let mut paths = Vec::new();
    for prefix in ["crate::", "super::"] {
        for (position, _) in code.match_indices(prefix) {
            if !continues_a_name(&code[..position]) {
                let mut leaves = Vec::new();
                leaves_of(&code[position..], &[], &mut leaves);
                let absolute = leaves.iter().map(|(path, _)| absolute(path, module));
                paths.extend(absolute.flatten());
            }
        }
    }
    paths
}

fn continues_a_name(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
}

/// Returns a path from the root; `None` for one that does not begin with `crate`, `super` or `self`.
fn absolute(path: &[String], module: &[String]) -> Option<Names> {
    let climbs = path.iter().take_while(|name| *name == "super").count();
    match path[0].as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        _ if climbs > 0 => {
            let base = &module[..module.len().saturating_sub(climbs)];
            Some([base, &path[climbs..]].concat())
        }
        _ => None,
    }
}

/// Collects the paths of a `use` tree, each with the name that it is used under. Returns what follows the tree.
fn leaves_of<'a>(text: &'a str, prefix: &[String], leaves: &mut Vec<(Names, String)>) -> &'a str {
    let mut text = text.trim_start();
    if let Some(mut group) = text.strip_prefix('{') {
        loop {
            group = group.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if let Some(rest) = group.strip_prefix('}') {
                return rest;
            }
            let rest = leaves_of(group, prefix, leaves);
            if rest.len() == group.len() {
                // Not a `use` tree after all.
                return "";
            }
            group = rest;
        }
    }
    let name = word(text);
    text = &text[name.len()..];
    if name.is_empty() {
        return text.strip_prefix('*').unwrap_or(text);
    }
    let path = match name {
        "self" if !prefix.is_empty() => prefix.to_vec(),
        _ => [prefix, &[name.to_owned()]].concat(),
    };
    if let Some(rest) = text.strip_prefix("::")
        && (!word(rest).is_empty() || rest.starts_with(['{', '*']))
    {
        if let Some(rest) = rest.strip_prefix('*') {
            leaves.push((path, String::from("*")));
            return rest;
        }
        return leaves_of(rest, &path, leaves);
    }
    let mut alias = path.last().cloned().unwrap_or_default();
    if let Some(rest) = text.trim_start().strip_prefix("as ") {
        alias = word(rest).to_owned();
        text = &rest[alias.len()..];
    }
    leaves.push((path, alias));
    text
}

/// Returns the identifier that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}
