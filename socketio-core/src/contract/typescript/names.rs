//! [`Names`]: the names of interfaces and types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::contract::Contract;

/// Words that can't be the name of a parameter.
const RESERVED: [&str; 48] = [
    // That of the acknowledgement.
    "ack",
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];

/// Names that types of a contract must not hide: those of TypeScript, and `Binary`.
const BUILT_IN: [&str; 8] = [
    "Array",
    "ArrayBuffer",
    "Binary",
    "Map",
    "Object",
    "Record",
    "String",
    "Uint8Array",
];

/// The names in a file, each of them unique.
pub(super) struct Names {
    namespaces: BTreeMap<String, NamespaceNames>,
    types: BTreeMap<String, String>,
}

/// The names of the types of a namespace.
#[derive(Default)]
struct NamespaceNames {
    /// Of what clients send, and of what they receive.
    interfaces: [String; 2],
    auth: String,
    path: String,
}

impl Names {
    /// Chooses the names. Interfaces have the names that their documentation promises; a type of the application with such a name gets a
    /// number.
    pub(super) fn new(contract: &Contract) -> Self {
        let mut taken: BTreeSet<String> = BUILT_IN.iter().map(|&name| name.into()).collect();
        let mut prefixes: Vec<String> = Vec::new();
        for namespace in &contract.namespaces {
            let prefix = unique(&prefix(&namespace.path), |name| {
                prefixes.iter().any(|prefix| prefix == name)
            });
            taken.extend(interfaces(&prefix));
            prefixes.push(prefix);
        }
        let mut types = BTreeMap::new();
        for name in contract.types.keys() {
            let written = unique(&identifier(name), |name| taken.contains(name));
            taken.insert(written.clone());
            types.insert(name.clone(), written);
        }
        let mut namespaces = BTreeMap::new();
        for (namespace, prefix) in contract.namespaces.iter().zip(prefixes) {
            let mut name_of = |suffix| {
                let name = unique(&format!("{prefix}{suffix}"), |name| taken.contains(name));
                taken.insert(name.clone());
                name
            };
            let names = NamespaceNames {
                auth: name_of("Auth"),
                path: name_of("Path"),
                interfaces: interfaces(&prefix),
            };
            namespaces.insert(namespace.path.clone(), names);
        }
        Names { namespaces, types }
    }

    /// Returns the name of a type.
    pub(super) fn of_type<'a>(&'a self, name: &'a str) -> &'a str {
        self.types.get(name).map_or(name, |name| name)
    }

    /// Returns the names of the interfaces for what clients send, and for what they receive.
    pub(super) fn interfaces(&self, path: &str) -> [String; 2] {
        let names = self.namespaces.get(path);
        names.map_or_else(Default::default, |names| names.interfaces.clone())
    }

    pub(super) fn auth_type(&self, path: &str) -> &str {
        self.namespaces.get(path).map_or("", |names| &names.auth)
    }

    pub(super) fn path_type(&self, path: &str) -> &str {
        self.namespaces.get(path).map_or("", |names| &names.path)
    }
}

fn interfaces(prefix: &str) -> [String; 2] {
    ["ClientToServerEvents", "ServerToClientEvents"].map(|suffix| format!("{prefix}{suffix}"))
}

/// Returns a name that is not taken, with a number if necessary.
fn unique(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    all.find(|name| !is_taken(name)).unwrap_or_default()
}

/// Returns `JobId` for `/job/{id}`, nothing for `/`, `Any` for `*`.
fn prefix(path: &str) -> String {
    let words = path.replace('*', "any");
    let words = words.split(|char: char| !char.is_ascii_alphanumeric());
    let prefix: String = words.map(capitalized).collect();
    // Only `/` has no prefix.
    let is_empty = prefix.is_empty() && path != "/";
    match is_empty || prefix.starts_with(|char: char| char.is_ascii_digit()) {
        true => format!("Namespace{prefix}"),
        false => prefix,
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// Returns a name that TypeScript accepts.
fn identifier(name: &str) -> String {
    let mut text: String = name
        .chars()
        .map(|char| if is_part(char) { char } else { '_' })
        .collect();
    if text.starts_with(|char: char| char.is_ascii_digit()) || text.is_empty() {
        text.insert(0, '_');
    }
    text
}

/// Returns the name of a parameter.
pub(super) fn parameter(name: &str) -> String {
    let name = identifier(name);
    match RESERVED.contains(&&*name) {
        true => format!("{name}_"),
        false => name,
    }
}

/// Returns the key of a property, in quotes if necessary.
pub(super) fn key(name: &str) -> String {
    let is_plain =
        name.chars().all(is_part) && !name.starts_with(|char: char| char.is_ascii_digit());
    match is_plain && !name.is_empty() {
        true => name.to_owned(),
        false => Value::from(name).to_string(),
    }
}

fn is_part(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_prefixes() {
        for (path, expected) in [
            ("/", ""),
            ("/chat", "Chat"),
            ("/job/{id}", "JobId"),
            ("/admin/*", "AdminAny"),
            ("*", "Any"),
            ("/my-room", "MyRoom"),
            ("/2", "Namespace2"),
            ("/-", "Namespace"),
        ] {
            assert_eq!(prefix(path), expected, "{path}");
        }
    }

    #[test]
    fn names_are_valid() {
        assert_eq!(parameter("default"), "default_");
        assert_eq!(parameter("ack"), "ack_");
        assert_eq!(parameter("text"), "text");
        assert_eq!(key("say"), "say");
        assert_eq!(key("chat message"), "\"chat message\"");
        assert_eq!(key("a\"b"), "\"a\\\"b\"");
        assert_eq!(key("2d"), "\"2d\"");
    }
}
