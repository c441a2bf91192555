//! What a server handles, for people to read.

use std::{fmt, panic::Location, sync::Arc};

use super::{Kind, entry::Entry, guard::GuardEntry, pattern::Pattern};

/// One handler of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerInfo {
    /// The namespace: a path, a pattern, or `*`. Empty for `on_error_default`.
    pub namespace: String,
    /// The event; `on_error` or `on_error_default` for error handlers.
    pub event: String,
    /// The function, or `Struct::method`, or `closure`.
    pub function: String,
    /// The types of its arguments as they were written; those of closures are not known.
    pub arguments: Vec<String>,
    /// Whether it may overlap with the client's other events.
    pub concurrent: bool,
    /// The guards that are asked before it, in their order: those of its namespace (`guard`, or of those that overlap with
    /// it), of its class, and its own.
    pub guards: Vec<String>,
    /// Where it is registered.
    pub location: &'static Location<'static>,
}

/// Everything that a server handles, in the order of namespaces and events. `Display` is a table.
#[derive(Clone, Debug)]
pub struct Description(Vec<HandlerInfo>);

impl Description {
    pub(super) fn new(
        entries: &[(Pattern, Arc<Entry>)],
        guards: &[(Pattern, Arc<GuardEntry>)],
    ) -> Self {
        let entries = entries.iter();
        Description(
            entries
                .map(|(pattern, entry)| info(pattern, entry, guards))
                .collect(),
        )
    }

    /// The handlers.
    pub fn handlers(&self) -> &[HandlerInfo] {
        &self.0
    }
}

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
        .chain(entry.class_guards.iter())
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
        location: entry.location,
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&HandlerInfo) -> usize| self.0.iter().map(text).max().unwrap_or(0);
        let namespaces = width(|handler| handler.namespace.chars().count());
        let events = width(|handler| handler.event.chars().count());
        for handler in &self.0 {
            writeln!(
                f,
                "{:namespaces$}  {:events$}  {}({}){}{}  {}:{}",
                handler.namespace,
                handler.event,
                handler.function,
                handler.arguments.join(", "),
                if handler.concurrent {
                    " concurrent"
                } else {
                    ""
                },
                match handler.guards.is_empty() {
                    true => String::new(),
                    false => format!(" guarded by {}", handler.guards.join(", ")),
                },
                handler.location.file(),
                handler.location.line(),
            )?;
        }
        Ok(())
    }
}
