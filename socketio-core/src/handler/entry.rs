//! One handler of one server, ready to be called.

use std::{borrow::Cow, fmt, panic::Location, sync::Arc};

use super::{
    call::Call,
    definition::{Called, Definition, FunctionShim, Instance, Kind, MethodShim},
    event_handler_ext::HandlerOptions,
    guard::GuardEntry,
};
use crate::handler::extract::{EventContext, Need, Needs};

/// A registered handler.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// Empty for error handlers.
    pub(crate) event: Cow<'static, str>,
    pub(crate) namespace: Cow<'static, str>,
    pub(crate) function: Cow<'static, str>,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) location: &'static Location<'static>,
    pub(crate) concurrent: bool,
    /// Its function runs on tokio's blocking pool.
    pub(crate) blocking: bool,
    /// Those of its namespace impl, asked first; empty in `connect`, where all who join are asked.
    pub(crate) namespace_guards: Arc<[GuardEntry]>,
    /// Its own.
    pub(crate) guards: Vec<GuardEntry>,
    needs: Needs,
    call: Call,
}

impl Entry {
    pub(super) fn function(definition: &Definition<FunctionShim>) -> Self {
        Entry::new(
            definition,
            Cow::Borrowed(or_root(definition.namespace)),
            Cow::Borrowed(definition.function),
            Call::Function(definition.shim),
        )
    }

    pub(super) fn method(
        definition: &Definition<MethodShim>,
        namespace: Cow<'static, str>,
        type_name: &str,
        namespace_guards: &Arc<[GuardEntry]>,
        instance: Instance,
    ) -> Self {
        let mut entry = Entry::new(
            definition,
            namespace,
            Cow::Owned(format!("{type_name}::{}", definition.function)),
            Call::Method(definition.shim, instance),
        );
        if entry.kind == Kind::Event && !entry.is_lifecycle() {
            entry.namespace_guards = Arc::clone(namespace_guards);
        }
        entry
    }

    fn new<S: Copy>(
        definition: &Definition<S>,
        namespace: Cow<'static, str>,
        function: Cow<'static, str>,
        call: Call,
    ) -> Self {
        let mut needs = Needs::default();
        (definition.needs)(&mut needs);
        Entry {
            kind: definition.kind,
            event: Cow::Borrowed(definition.event),
            namespace,
            function,
            arguments: definition.arguments,
            location: definition.location,
            concurrent: definition.concurrent,
            blocking: definition.blocking,
            namespace_guards: Arc::default(),
            guards: definition.guards.iter().map(GuardEntry::defined).collect(),
            needs,
            call,
        }
    }

    pub(super) fn closure(
        (kind, namespace, event): (Kind, &str, &str),
        location: &'static Location<'static>,
        options: HandlerOptions,
        needs: Needs,
        call: Arc<dyn Fn(&mut EventContext<'_>) -> Called + Send + Sync>,
    ) -> Self {
        Entry {
            kind,
            event: Cow::Owned(event.to_owned()),
            namespace: Cow::Owned(or_root(namespace).to_owned()),
            function: Cow::Borrowed("closure"),
            arguments: &[],
            location,
            concurrent: options.concurrent,
            blocking: options.blocking,
            namespace_guards: Arc::default(),
            guards: options.guards,
            needs,
            call: Call::Closure(call),
        }
    }

    /// Reads the arguments; the future runs the user's code.
    pub(super) fn call(&self, cx: &mut EventContext<'_>) -> Called {
        self.call.call(cx)
    }

    /// Whether it begins or ends a client's life in the namespace.
    pub(super) fn is_lifecycle(&self) -> bool {
        self.kind == Kind::Event && matches!(&*self.event, "connect" | "disconnect")
    }

    pub(super) fn needs(&self) -> &[Need] {
        self.needs.list()
    }

    /// The same registration, found twice: linked, and named in `handlers![..]`.
    pub(super) fn is_same(&self, other: &Entry) -> bool {
        self.call.is_same(&other.call)
            && self.location == other.location
            && self.function == other.function
    }
}

/// No namespace is the main one.
fn or_root(namespace: &str) -> &str {
    if namespace.is_empty() { "/" } else { namespace }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:?} -> {} ({})",
            self.namespace, self.event, self.function, self.location
        )
    }
}

/// `` `join` (src/chat.rs:12) ``
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` ({}:{})",
            self.function,
            self.location.file(),
            self.location.line()
        )
    }
}
