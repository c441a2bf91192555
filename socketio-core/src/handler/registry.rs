//! [`Registry`] and [`Lookup`]: find the handler of an event.
//!
//! `build()` creates the registry once; a connection gets the `Lookup` of a namespace when its client joins, and asks
//! it for the route of each event.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use socketio_names::Pattern;

use super::{
    Kind, Route, entry::Entry, events::Events, extract::Input, guard::GuardEntry,
    middleware::MiddlewareEntry, rate_limit::RateLimiter,
};
use crate::{
    counters::{HandlerCounters, RateRule, RatedCounters},
    node::{Description, HandlerInfo, OutgoingEvents},
};

/// All handlers of a server.
#[derive(Debug)]
pub(crate) struct Registry {
    exact: HashMap<Arc<str>, Arc<Lookup>>,
    /// Patterns with parameters, then those that end with `/*`, then `*`; literal segments before parameters.
    dynamic: Vec<(Pattern, Arc<Table>)>,
    error_default: Option<Arc<Entry>>,
    /// The guards of whole namespaces.
    guards: Vec<(Pattern, Arc<GuardEntry>)>,
    middleware: Vec<(Pattern, Arc<MiddlewareEntry>)>,
    rates: Vec<(Pattern, Arc<RateLimiter>)>,
    description: Description,
    counters: Vec<Arc<HandlerCounters>>,
    rated: Vec<RatedCounters>,
    events: OutgoingEvents,
}

/// Registrations that [`check`](super::check) has accepted.
pub(super) struct Checked {
    /// No two of them are for one event of one path.
    pub(super) entries: Vec<(Pattern, Arc<Entry>)>,
    /// The guards of namespace impls, for clients that join.
    pub(super) joining: Vec<(Pattern, Arc<[GuardEntry]>)>,
    pub(super) guards: Vec<(Pattern, Arc<GuardEntry>)>,
    pub(super) middleware: Vec<(Pattern, Arc<MiddlewareEntry>)>,
    pub(super) rates: Vec<(Pattern, Arc<RateLimiter>)>,
    /// The counters of the rate limits of namespaces.
    pub(super) rated: Vec<RatedCounters>,
    pub(super) namespaces: Vec<Pattern>,
    pub(super) events: OutgoingEvents,
}

/// The handlers of one namespace, in the order of lookup: its own, those of matching patterns, those of `*`.
#[derive(Debug)]
pub(crate) struct Lookup {
    tables: Vec<Arc<Table>>,
    error_default: Option<Arc<Entry>>,
    guards: Vec<Arc<GuardEntry>>,
    middleware: Vec<Arc<MiddlewareEntry>>,
    rates: Vec<Arc<RateLimiter>>,
    /// Whether the namespace has neither guards nor middleware.
    is_open: bool,
}

/// The registrations of one path.
#[derive(Debug, Default)]
struct Table {
    events: Events<Registered>,
    /// The handler of `*`.
    any: Option<Registered>,
    error: Option<Arc<Entry>>,
    /// The guards of the namespace impls at this path.
    joining: Vec<Arc<[GuardEntry]>>,
}

/// A handler, and whether its namespace impl or the handler itself has guards, or a key by which it runs once.
#[derive(Debug)]
struct Registered {
    entry: Arc<Entry>,
    is_guarded: bool,
}

impl Registered {
    fn new(entry: Arc<Entry>) -> Self {
        Registered {
            is_guarded: !entry.guards.is_empty()
                || !entry.namespace_guards.is_empty()
                || entry.key.is_some(),
            entry,
        }
    }
}

impl Registry {
    pub(super) fn new(checked: Checked) -> Self {
        #[cfg(feature = "contract")]
        let described = super::describe::described(&checked);
        #[cfg_attr(
            not(feature = "contract"),
            expect(unused_mut, reason = "contracts add to it")
        )]
        let mut description = Description::new(
            checked
                .entries
                .iter()
                .map(|(pattern, entry)| info(pattern, entry, &checked.guards))
                .collect(),
        );
        #[cfg(feature = "contract")]
        {
            description.described = described;
        }
        let origins = checked.entries.iter().map(|(_, entry)| &entry.origin);
        let counters = origins.filter_map(|origin| origin.counters.clone());
        let counters = counters.collect();
        let of_events = checked.entries.iter().filter_map(|(_, entry)| {
            let (rate, names) = (entry.rate.as_ref()?, entry.origin.counters.as_ref()?);
            Some(rate.counted(RateRule::Event, &names.namespace, &names.event))
        });
        let rated = of_events.chain(checked.rated).collect();
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
                Kind::Event if entry.event == "*" => table.any = Some(Registered::new(entry)),
                Kind::Event => {
                    let name = entry.event.clone();
                    table.events.insert(&name, Registered::new(entry));
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
            rates: checked.rates,
            description,
            counters,
            rated,
            events: checked.events,
        };
        registry.exact = exact
            .into_iter()
            .map(|(path, table)| {
                let handlers = registry.assemble(Some(Arc::new(table)), &path);
                (Arc::from(path), Arc::new(handlers))
            })
            .collect();
        registry
    }

    /// Returns the description of all handlers.
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }

    /// Returns the outgoing events that have a type.
    pub(crate) fn events(&self) -> &OutgoingEvents {
        &self.events
    }

    /// Returns the counters of all handlers.
    pub(crate) fn counters(&self) -> &[Arc<HandlerCounters>] {
        &self.counters
    }

    /// Returns the counters of all rate limits.
    pub(crate) fn rated(&self) -> &[RatedCounters] {
        &self.rated
    }

    fn assemble(&self, own: Option<Arc<Table>>, path: &str) -> Lookup {
        let dynamic = self
            .dynamic
            .iter()
            .filter(|(pattern, _)| pattern.matches(path))
            .map(|(_, table)| Arc::clone(table));
        let guards = matching(&self.guards, path);
        let middleware = matching(&self.middleware, path);
        Lookup {
            tables: own.into_iter().chain(dynamic).collect(),
            error_default: self.error_default.clone(),
            is_open: guards.is_empty() && middleware.is_empty(),
            guards,
            middleware,
            rates: matching(&self.rates, path),
        }
    }

    /// Finds the namespace that a client's path refers to, and its handlers; `None` if there is no such namespace.
    ///
    /// A path with empty segments is the namespace without them, unless it has its own handlers. JavaScript clients take the
    /// namespace from a URL, such as `https://host/chat/`, or `https://host//admin`, which the page of the admin interface creates.
    pub(crate) fn namespace(&self, path: &str) -> Option<(Arc<str>, Arc<Lookup>)> {
        // All clients of a namespace share its name.
        let exact = |path: &str| {
            let (path, handlers) = self.exact.get_key_value(path)?;
            Some((Arc::clone(path), Arc::clone(handlers)))
        };
        if let Some(found) = exact(path) {
            return Some(found);
        }
        let other = without_empty_segments(path);
        if let Some(found) = other.as_deref().and_then(exact) {
            return Some(found);
        }
        let found = |path: &str| {
            let handlers = self.assemble(None, path);
            (!handlers.tables.is_empty()).then(|| (Arc::from(path), Arc::new(handlers)))
        };
        found(path).or_else(|| found(&other?))
    }
}

/// Returns `/a/b` for `//a/b/`; `None` for a path that has no empty segments.
fn without_empty_segments(path: &str) -> Option<String> {
    if path == "/" || (!path.ends_with('/') && !path.contains("//")) {
        return None;
    }
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let path: String = segments.flat_map(|segment| ["/", segment]).collect();
    Some(if path.is_empty() { "/".into() } else { path })
}

/// Returns the registrations of the patterns that a path matches, in the order of registration.
fn matching<T>(registered: &[(Pattern, Arc<T>)], path: &str) -> Vec<Arc<T>> {
    registered
        .iter()
        .filter(|(pattern, _)| pattern.matches(path))
        .map(|(_, one)| Arc::clone(one))
        .collect()
}

/// The tables under construction.
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
    /// Finds the handler of an event: namespace first (exact, pattern, `*`), then event (exact, `*`). `*` never takes `connect`,
    /// `disconnecting` or `disconnect`.
    pub(crate) fn route(&self, event: &str) -> Route<&Arc<Entry>> {
        let registered = self.tables.iter().find_map(|table| {
            let any = || {
                let any = table.any.as_ref();
                any.filter(|_| !socketio_names::is_lifecycle(event))
            };
            // A client may send an event named `*`, but that must not select the `*` handler of a wider namespace.
            table.events.get(event).or_else(any)
        });
        match registered {
            Some(Registered { entry, .. }) if entry.takes_upload => Route::Upload(entry),
            Some(Registered { entry, is_guarded }) => match self.is_open && !is_guarded {
                true => Route::Direct(entry),
                false => Route::Guarded(entry),
            },
            None => Route::Unhandled,
        }
    }

    /// Returns whether an event has a handler.
    pub(crate) fn handles(&self, event: &str) -> bool {
        self.route(event).entry().is_some()
    }

    /// Returns the name of an event's handler; empty if it has none.
    pub(crate) fn function(&self, event: &str) -> String {
        let route = self.route(event);
        let origin = route.origin();
        origin.map_or_else(String::new, |origin| origin.name.to_string())
    }

    /// Returns the guards that run before `entry` for an event or a `connect`, in their order. `disconnect` has none.
    pub(super) fn guards_of<'a>(
        &'a self,
        entry: Option<&'a Arc<Entry>>,
        input: &Input<'_>,
    ) -> impl Iterator<Item = &'a GuardEntry> + use<'a> {
        let joins = matches!(input, Input::Connect(_));
        let leaves = matches!(input, Input::Disconnect(_));
        let joining = joins.then(|| self.joining()).into_iter().flatten();
        let own = entry.into_iter().flat_map(|entry| {
            let of_namespace = entry.namespace_guards.iter();
            of_namespace.chain(&entry.guards)
        });
        let guards = self.guards.iter().map(|guard| &**guard);
        guards.chain(joining).chain(own).filter(move |_| !leaves)
    }

    /// Returns the rate limits of the namespace.
    pub(super) fn rates(&self) -> &[Arc<RateLimiter>] {
        &self.rates
    }

    /// Returns the middleware of the namespace, the outermost first.
    pub(super) fn middleware(&self) -> &[Arc<MiddlewareEntry>] {
        &self.middleware
    }

    /// Returns the guards of the namespace impls that run before a client joins: those of the first table with a `connect`
    /// handler or with such guards.
    fn joining(&self) -> impl Iterator<Item = &GuardEntry> {
        let decides = |table: &&Arc<Table>| {
            table.events.get("connect").is_some() || !table.joining.is_empty()
        };
        let table = self.tables.iter().find(decides);
        table
            .into_iter()
            .flat_map(|table| table.joining.iter())
            .flat_map(|guards| guards.iter())
    }

    /// Returns the error handler of the namespace, or the default one.
    pub(crate) fn error(&self) -> Option<&Arc<Entry>> {
        self.tables
            .iter()
            .find_map(|table| table.error.as_ref())
            .or(self.error_default.as_ref())
    }
}

/// Creates the description of a handler.
fn info(pattern: &Pattern, entry: &Entry, guards: &[(Pattern, Arc<GuardEntry>)]) -> HandlerInfo {
    let (namespace, event) = match entry.kind {
        Kind::Event => (&*entry.namespace, &*entry.event),
        Kind::Error => (&*entry.namespace, "on_error"),
        Kind::ErrorDefault => ("", "on_error_default"),
    };
    let of_namespace = guards
        .iter()
        .filter(|(guarded, _)| {
            entry.kind == Kind::Event
                && !socketio_names::is_end(&entry.event)
                && guarded.overlaps(pattern)
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
        function: entry.origin.name.to_string(),
        arguments: entry.arguments.iter().map(ToString::to_string).collect(),
        returns: entry.returns.to_owned(),
        concurrent: entry.concurrent,
        blocking: entry.blocking,
        stream: entry.stream.map(|stream| stream.event.to_owned()),
        location: entry.origin.location,
    }
}
