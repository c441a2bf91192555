//! [`Description`]: the handlers of a server for people to read, returned by `describe()`.

use std::{fmt, panic::Location};

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
    /// The types of its arguments as they were written. Empty for closures, whose types are not known.
    pub arguments: Vec<String>,
    /// Its return type as it was written. Empty if it has none, and for closures.
    pub returns: String,
    /// Whether it runs concurrently with the client's other events.
    pub concurrent: bool,
    /// Whether it runs on tokio's blocking pool.
    pub blocking: bool,
    /// The event as which the items of its stream are sent, if it returns one: `stream = ".."`.
    pub stream: Option<String>,
    /// The guards that run before it, in their order: those of namespaces (`guard`, `guard_in`), of its namespace impl, and
    /// its own.
    pub guards: Vec<String>,
    /// Where it is registered.
    pub location: &'static Location<'static>,
}

/// All handlers of a server, sorted by namespace and event. `Display` formats a table.
#[derive(Clone, Debug)]
pub struct Description {
    handlers: Vec<HandlerInfo>,
    #[cfg(feature = "contract")]
    pub(crate) described: super::DescribedHandlers,
}

impl Description {
    pub(crate) fn new(handlers: Vec<HandlerInfo>) -> Self {
        Description {
            handlers,
            #[cfg(feature = "contract")]
            described: super::DescribedHandlers::default(),
        }
    }

    /// Returns all handlers, sorted by namespace and event.
    pub fn handlers(&self) -> &[HandlerInfo] {
        &self.handlers
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            |text: fn(&HandlerInfo) -> usize| self.handlers.iter().map(text).max().unwrap_or(0);
        let namespaces = width(|handler| handler.namespace.chars().count());
        let events = width(|handler| handler.event.chars().count());
        for handler in &self.handlers {
            writeln!(
                f,
                "{:namespaces$}  {:events$}  {}({}){}{}{}{}  {}:{}",
                handler.namespace,
                handler.event,
                handler.function,
                handler.arguments.join(", "),
                if handler.concurrent {
                    " concurrent"
                } else {
                    ""
                },
                if handler.blocking { " blocking" } else { "" },
                match &handler.stream {
                    Some(event) => format!(" streams {event}"),
                    None => String::new(),
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
