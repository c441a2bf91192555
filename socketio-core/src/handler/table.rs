//! Which handler an event finds. Built once, shared by all connections.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Description, Kind, entry::Entry, pattern::Pattern};

/// Every handler of a server.
#[derive(Debug)]
pub(crate) struct Registry {
    exact: HashMap<String, Arc<Handlers>>,
    /// Patterns, then `*`; in the order of their paths.
    dynamic: Vec<(Pattern, Arc<Table>)>,
    error_default: Option<Arc<Entry>>,
    description: Description,
}

/// The handlers of one namespace, as its clients meet them: its own first, then those of patterns that it matches, then
/// those of `*`.
#[derive(Debug)]
pub(crate) struct Handlers {
    tables: Vec<Arc<Table>>,
    error_default: Option<Arc<Entry>>,
}

/// What was registered for one path.
#[derive(Debug, Default)]
struct Table {
    /// In order, since a few comparisons are cheaper than one hash.
    events: BTreeMap<Box<str>, Arc<Entry>>,
    /// The handler of `*`.
    any: Option<Arc<Entry>>,
    error: Option<Arc<Entry>>,
}

impl Registry {
    /// Takes entries that were checked: no two for one event of one path.
    pub(super) fn new(entries: Vec<(Pattern, Arc<Entry>)>, namespaces: &[String]) -> Self {
        let description = Description::new(entries.iter().map(|(_, entry)| entry));
        let mut error_default = None;
        let mut exact: BTreeMap<String, Table> = BTreeMap::new();
        let mut dynamic: Vec<(Pattern, Table)> = Vec::new();
        // The main namespace always exists.
        exact.entry(String::from("/")).or_default();
        for namespace in namespaces {
            exact.entry(namespace.clone()).or_default();
        }
        for (pattern, entry) in entries {
            if entry.kind == Kind::ErrorDefault {
                error_default = Some(entry);
                continue;
            }
            let table = match &pattern {
                Pattern::Exact(path) => exact.entry(path.clone()).or_default(),
                _ => {
                    let known = dynamic.iter().position(|(known, _)| *known == pattern);
                    let index = known.unwrap_or_else(|| {
                        dynamic.push((pattern, Table::default()));
                        dynamic.len() - 1
                    });
                    &mut dynamic[index].1
                }
            };
            match entry.kind {
                Kind::Event if entry.event == "*" => table.any = Some(entry),
                Kind::Event => {
                    table.events.insert(Box::from(&*entry.event), entry);
                }
                Kind::Error | Kind::ErrorDefault => table.error = Some(entry),
            }
        }
        // A stable sort: patterns stay in the order of their paths.
        dynamic.sort_by_key(|(pattern, _)| *pattern == Pattern::Any);
        let mut registry = Registry {
            exact: HashMap::new(),
            dynamic: dynamic
                .into_iter()
                .map(|(pattern, table)| (pattern, Arc::new(table)))
                .collect(),
            error_default,
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

    fn assemble(&self, own: Option<Arc<Table>>, path: &str) -> Handlers {
        let dynamic = self
            .dynamic
            .iter()
            .filter(|(pattern, _)| pattern.matches(path))
            .map(|(_, table)| Arc::clone(table));
        Handlers {
            tables: own.into_iter().chain(dynamic).collect(),
            error_default: self.error_default.clone(),
        }
    }

    /// The handlers of a namespace; `None` when there is no such namespace.
    pub(crate) fn namespace(&self, path: &str) -> Option<Arc<Handlers>> {
        if let Some(handlers) = self.exact.get(path) {
            return Some(Arc::clone(handlers));
        }
        let handlers = self.assemble(None, path);
        (!handlers.tables.is_empty()).then(|| Arc::new(handlers))
    }
}

impl Handlers {
    /// Namespace first (exact, pattern, `*`), then event (exact, `*`); `*` never takes `connect` or `disconnect`.
    pub(crate) fn event(&self, name: &str) -> Option<&Arc<Entry>> {
        let lifecycle = matches!(name, "connect" | "disconnect");
        self.tables.iter().find_map(|table| {
            let any = table.any.as_ref().filter(|_| !lifecycle);
            // A client may well name an event `*`; that is no way around the handler's name for others.
            table.events.get(name).or(any)
        })
    }

    /// The handler for errors: the namespace's, else the default one.
    pub(crate) fn error(&self) -> Option<&Arc<Entry>> {
        self.tables
            .iter()
            .find_map(|table| table.error.as_ref())
            .or(self.error_default.as_ref())
    }
}
