//! The types of handlers and outgoing events, by namespace: for contracts.
//!
//! `build()` fills it from the handler table, and the contract reads it.

use std::sync::Arc;

use socketio_names::Pattern;

use super::{Description, EventDefinition, HandlerInfo, OutgoingEvents};
#[cfg(feature = "api")]
use crate::schema::HandlerSchemas;
use crate::schema::{HandlerKind, HandlerTypes};

/// The data of a server's handlers that contracts need.
#[derive(Clone, Debug, Default)]
pub(crate) struct DescribedHandlers {
    /// The types of each handler, in the order of the [`Description`].
    pub(crate) types: Arc<[HandlerTypes]>,
    /// The namespaces that clients may join although they have no handlers.
    pub(crate) namespaces: Vec<String>,
    /// Whether the user has set a function that acknowledges failed events.
    pub(crate) own_error_ack: bool,
}

/// One handler.
#[derive(Clone, Copy)]
pub(crate) struct Described<'a> {
    pub(crate) info: &'a HandlerInfo,
    pub(crate) types: &'a HandlerTypes,
}

/// The handlers of one namespace.
pub(crate) struct DescribedNamespace<'a> {
    /// In the order of lookup: if two are for one event, the first is used.
    pub(crate) tables: Vec<Described<'a>>,
    /// The error handler.
    pub(crate) errors: Option<Described<'a>>,
}

impl Description {
    /// Returns the paths and patterns of all namespaces, and of `others`, sorted.
    pub(crate) fn namespaces<'a>(&'a self, others: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let handlers = self.described_handlers();
        let events = handlers.filter(|one| one.types.kind == HandlerKind::Event);
        let mut paths: Vec<&str> = events
            .map(|one| &*one.info.namespace)
            .chain(self.described.namespaces.iter().map(|path| &**path))
            .chain(others)
            .collect();
        paths.sort_unstable();
        paths.dedup_by_key(|path| Pattern::parse(path).ok());
        paths
    }

    /// Returns the handlers of a namespace: its own, those of patterns that include it, and those of `*`.
    pub(crate) fn of_namespace(&self, path: &str) -> DescribedNamespace<'_> {
        let mut found: Vec<(Pattern, Described<'_>)> = self
            .described_handlers()
            .filter(|one| one.types.kind != HandlerKind::ErrorDefault)
            .filter_map(|one| Some((including(&one.info.namespace, path)?, one)))
            .collect();
        found.sort_by(|(a, _), (b, _)| (a.width(), a).cmp(&(b.width(), b)));
        let errors = found
            .iter()
            .map(|(_, one)| *one)
            .find(|one| one.types.kind == HandlerKind::Error);
        let default = || {
            let mut handlers = self.described_handlers();
            handlers.find(|one| one.types.kind == HandlerKind::ErrorDefault)
        };
        found.retain(|(_, one)| one.types.kind == HandlerKind::Event);
        // A handler of the event `*` takes all events that wider patterns would handle.
        let any = found.iter().find(|(_, one)| one.info.event == "*");
        if let Some(any) = any.map(|(pattern, _)| pattern.clone()) {
            let is_lifecycle = |event: &str| matches!(event, "connect" | "disconnect");
            found.retain(|(pattern, one)| {
                let wider = (pattern.width(), pattern) > (any.width(), &any);
                !wider || is_lifecycle(&one.info.event)
            });
        }
        DescribedNamespace {
            tables: found.into_iter().map(|(_, one)| one).collect(),
            errors: errors.or_else(default),
        }
    }

    /// Returns the schemas of the handler at an index of [`handlers`](Self::handlers).
    #[cfg(feature = "api")]
    pub(crate) fn schemas(&self, index: usize) -> Option<HandlerSchemas> {
        self.described.types.get(index).map(HandlerSchemas::of)
    }

    /// Returns whether the user has set a function that acknowledges failed events.
    pub(crate) fn has_own_error_ack(&self) -> bool {
        self.described.own_error_ack
    }

    fn described_handlers(&self) -> impl Iterator<Item = Described<'_>> {
        let both = self.handlers().iter().zip(&*self.described.types);
        both.map(|(info, types)| Described { info, types })
            .filter(|one| !one.types.is_internal)
    }
}

impl OutgoingEvents {
    /// Returns the events of a namespace, including those of patterns that include it.
    pub(crate) fn in_namespace(&self, path: &str) -> Vec<&'static EventDefinition> {
        let all = self.iter();
        let own = all.filter(|(_, other)| including(other, path).is_some());
        own.map(|(definition, _)| definition).collect()
    }
}

/// Returns the pattern of `wide`, if it includes the namespaces of `narrow`.
fn including(wide: &str, narrow: &str) -> Option<Pattern> {
    let (wide, narrow_pattern) = (Pattern::parse(wide).ok()?, Pattern::parse(narrow).ok()?);
    let wider = (wide.width(), &wide) > (narrow_pattern.width(), &narrow_pattern);
    let includes = wide == narrow_pattern || (wide.matches(&example(narrow)) && wider);
    includes.then_some(wide)
}

/// Returns a namespace that a pattern matches, and that differs from every path without parameters.
fn example(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| {
        let is_literal = !segment.contains(['{', '*']);
        if is_literal { segment } else { "\u{1}" }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::including;

    #[test]
    fn a_pattern_includes_narrower_ones() {
        for (wide, narrow) in [
            ("/chat", "/chat"),
            ("*", "/chat"),
            ("*", "/admin/*"),
            ("/job/{id}", "/job/7"),
            ("/job/*", "/job/{id}"),
            ("/{a}/{b}", "/job/{id}"),
        ] {
            assert!(including(wide, narrow).is_some(), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("/chat", "/chats"),
            ("/chat", "*"),
            ("/job/7", "/job/{id}"),
            ("/job/{id}", "/job/*"),
            ("/job/{id}", "/{a}/{b}"),
        ] {
            assert!(including(wide, narrow).is_none(), "{wide} {narrow}");
        }
    }
}
