//! Which handler an event finds. Built once, shared by all connections.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Kind, entry::Entry, guard::GuardEntry, middleware::MiddlewareEntry};

use socketio_names::Pattern;

use crate::node::{Description, HandlerInfo};

/// Every handler of a server.
#[derive(Debug)]
pub(crate) struct Registry {
    exact: HashMap<String, Arc<Lookup>>,
    /// Patterns, those that end with `/*`, then `*`; literal segments before parameters.
    dynamic: Vec<(Pattern, Arc<Table>)>,
    error_default: Option<Arc<Entry>>,
    /// Those of whole namespaces.
    guards: Vec<(Pattern, Arc<GuardEntry>)>,
    middleware: Vec<(Pattern, Arc<MiddlewareEntry>)>,
    description: Description,
}

/// What [`check`](super::check) has found sound.
pub(super) struct Checked {
    /// No two of them are for one event of one path.
    pub(super) entries: Vec<(Pattern, Arc<Entry>)>,
    /// The guards of classes, for those who join.
    pub(super) joining: Vec<(Pattern, Arc<[GuardEntry]>)>,
    pub(super) guards: Vec<(Pattern, Arc<GuardEntry>)>,
    pub(super) middleware: Vec<(Pattern, Arc<MiddlewareEntry>)>,
    pub(super) namespaces: Vec<Pattern>,
}

/// The handlers of one namespace, as its clients meet them: its own first, then those of patterns that it matches, then
/// those of `*`.
#[derive(Debug)]
pub(crate) struct Lookup {
    tables: Vec<Arc<Table>>,
    error_default: Option<Arc<Entry>>,
    guards: Vec<Arc<GuardEntry>>,
    middleware: Vec<Arc<MiddlewareEntry>>,
}

/// What was registered for one path.
#[derive(Debug, Default)]
struct Table {
    /// In order, since a few comparisons are cheaper than one hash.
    events: BTreeMap<Box<str>, Arc<Entry>>,
    /// The handler of `*`.
    any: Option<Arc<Entry>>,
    error: Option<Arc<Entry>>,
    /// The guards of the classes that stand here.
    joining: Vec<Arc<[GuardEntry]>>,
}

impl Registry {
    pub(super) fn new(checked: Checked) -> Self {
        let description = Description::new(
            checked
                .entries
                .iter()
                .map(|(pattern, entry)| info(pattern, entry, &checked.guards))
                .collect(),
        );
        let mut error_default = None;
        let mut tables = Tables::default();
        // The main namespace always exists.
        tables.at(&Pattern::Exact(String::from("/")));
        for namespace in &checked.namespaces {
            tables.at(namespace);
        }
        for (pattern, guards) in checked.joining {
            tables.at(&pattern).joining.push(guards);
        }
        for (pattern, entry) in checked.entries {
            if entry.kind == Kind::ErrorDefault {
                error_default = Some(entry);
                continue;
            }
            let table = tables.at(&pattern);
            match entry.kind {
                Kind::Event if entry.event == "*" => table.any = Some(entry),
                Kind::Event => {
                    table.events.insert(Box::from(&*entry.event), entry);
                }
                Kind::Error | Kind::ErrorDefault => table.error = Some(entry),
            }
        }
        let Tables { exact, mut dynamic } = tables;
        dynamic.sort_by(|(a, _), (b, _)| (a.width(), a).cmp(&(b.width(), b)));
        let mut registry = Registry {
            exact: HashMap::new(),
            dynamic: dynamic
                .into_iter()
                .map(|(pattern, table)| (pattern, Arc::new(table)))
                .collect(),
            error_default,
            guards: checked.guards,
            middleware: checked.middleware,
            description,
        };
        registry.exact = exact
            .into_iter()
            .map(|(path, table)| {
                let handlers = registry.assemble(Some(Arc::new(table)), &path);
                (path, Arc::new(handlers))
            })
            .collect();
        registry
    }

    /// All of it, for people.
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }

    fn assemble(&self, own: Option<Arc<Table>>, path: &str) -> Lookup {
        let dynamic = self
            .dynamic
            .iter()
            .filter(|(pattern, _)| pattern.matches(path))
            .map(|(_, table)| Arc::clone(table));
        Lookup {
            tables: own.into_iter().chain(dynamic).collect(),
            error_default: self.error_default.clone(),
            guards: matching(&self.guards, path),
            middleware: matching(&self.middleware, path),
        }
    }

    /// The handlers of a namespace; `None` when there is no such namespace.
    pub(crate) fn namespace(&self, path: &str) -> Option<Arc<Lookup>> {
        if let Some(handlers) = self.exact.get(path) {
            return Some(Arc::clone(handlers));
        }
        let handlers = self.assemble(None, path);
        (!handlers.tables.is_empty()).then(|| Arc::new(handlers))
    }
}

/// What was registered for the patterns that a path matches, in the order of registration.
fn matching<T>(registered: &[(Pattern, Arc<T>)], path: &str) -> Vec<Arc<T>> {
    registered
        .iter()
        .filter(|(pattern, _)| pattern.matches(path))
        .map(|(_, one)| Arc::clone(one))
        .collect()
}

/// The tables while they are filled.
#[derive(Default)]
struct Tables {
    exact: BTreeMap<String, Table>,
    dynamic: Vec<(Pattern, Table)>,
}

impl Tables {
    fn at(&mut self, pattern: &Pattern) -> &mut Table {
        if let Pattern::Exact(path) = pattern {
            return self.exact.entry(path.clone()).or_default();
        }
        let known = self.dynamic.iter().position(|(known, _)| known == pattern);
        let index = known.unwrap_or_else(|| {
            self.dynamic.push((pattern.clone(), Table::default()));
            self.dynamic.len() - 1
        });
        &mut self.dynamic[index].1
    }
}

impl Lookup {
    /// Namespace first (exact, pattern, `*`), then event (exact, `*`); `*` never takes `connect` or `disconnect`.
    pub(crate) fn event(&self, name: &str) -> Option<&Arc<Entry>> {
        let lifecycle = matches!(name, "connect" | "disconnect");
        self.tables.iter().find_map(|table| {
            let any = table.any.as_ref().filter(|_| !lifecycle);
            // A client may well name an event `*`; that is no way around the handler's name for others.
            table.events.get(name).or(any)
        })
    }

    /// The guards of the whole namespace.
    pub(super) fn guards(&self) -> impl Iterator<Item = &GuardEntry> {
        self.guards.iter().map(|guard| &**guard)
    }

    /// Whether there is nothing to be asked on the way to this handler.
    pub(super) fn is_unguarded(&self, entry: &Entry) -> bool {
        self.middleware.is_empty()
            && self.guards.is_empty()
            && entry.namespace_guards.is_empty()
            && entry.guards.is_empty()
    }

    /// What stands around its events, the outermost first.
    pub(super) fn middleware(&self) -> &[Arc<MiddlewareEntry>] {
        &self.middleware
    }

    /// The guards of the classes at the path whose `connect` decides: a class that has guards and no `on_connect` decides
    /// too.
    pub(super) fn joining(&self) -> impl Iterator<Item = &GuardEntry> {
        let decides =
            |table: &&Arc<Table>| table.events.contains_key("connect") || !table.joining.is_empty();
        let table = self.tables.iter().find(decides);
        table
            .into_iter()
            .flat_map(|table| table.joining.iter())
            .flat_map(|guards| guards.iter())
    }

    /// The handler for errors: the namespace's, else the default one.
    pub(crate) fn error(&self) -> Option<&Arc<Entry>> {
        self.tables
            .iter()
            .find_map(|table| table.error.as_ref())
            .or(self.error_default.as_ref())
    }
}

/// Describes a handler for people.
fn info(pattern: &Pattern, entry: &Entry, guards: &[(Pattern, Arc<GuardEntry>)]) -> HandlerInfo {
    let (namespace, event) = match entry.kind {
        Kind::Event => (&*entry.namespace, &*entry.event),
        Kind::Error => (&*entry.namespace, "on_error"),
        Kind::ErrorDefault => ("", "on_error_default"),
    };
    let of_namespace = guards
        .iter()
        .filter(|(guarded, _)| {
            entry.kind == Kind::Event && entry.event != "disconnect" && guarded.overlaps(pattern)
        })
        .map(|(_, guard)| &**guard);
    let guards = of_namespace
        .chain(entry.namespace_guards.iter())
        .chain(&entry.guards)
        .map(|guard| guard.name().to_owned())
        .collect();
    HandlerInfo {
        guards,
        namespace: namespace.to_owned(),
        event: event.to_owned(),
        function: entry.function.to_string(),
        arguments: entry.arguments.iter().map(ToString::to_string).collect(),
        concurrent: entry.concurrent,
        blocking: entry.blocking,
        location: entry.location,
    }
}
