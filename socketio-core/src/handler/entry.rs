//! [`Entry`]: one registered handler of one server, with its guards.
//!
//! Created by `Handlers`, checked by `check`, stored in the registry.

use std::{borrow::Cow, fmt, panic::Location, sync::Arc};

use super::{
    call::{Call, Called, FunctionShim, Instance, MethodShim},
    definition::{Definition, Kind},
    event_handler_ext::HandlerOptions,
    guard::GuardEntry,
    once::KeyEntry,
    origin::Origin,
    rate_limit::RateLimiter,
};
use crate::{
    activity::RecordedArguments,
    counters::HandlerCounters,
    handler::{
        StreamDefinition,
        extract::{EventContext, Need, Needs},
    },
};

/// A registered handler.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// Empty for error handlers.
    pub(crate) event: Cow<'static, str>,
    pub(crate) namespace: Cow<'static, str>,
    /// The function's name, and where it is registered.
    pub(crate) origin: Origin,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) returns: &'static str,
    pub(crate) concurrent: bool,
    /// Which of its arguments may be recorded; none by default.
    pub(crate) record: Option<RecordedArguments>,
    /// Whether the function runs on tokio's blocking pool.
    pub(crate) blocking: bool,
    /// How often clients may send its event.
    pub(super) rate: Option<Arc<RateLimiter>>,
    /// The key by which its events run once.
    pub(super) key: Option<KeyEntry>,
    /// Whether an argument is an `Upload`, and each event a chunk of it.
    pub(crate) takes_upload: bool,
    /// The stream that it returns, if its attribute says so.
    pub(crate) stream: Option<StreamDefinition>,
    /// The guards of its namespace impl, which run before its own. Empty for `connect`, whose guards are found by path, and for
    /// `disconnect`.
    pub(crate) namespace_guards: Arc<[GuardEntry]>,
    /// Its own guards.
    pub(crate) guards: Vec<GuardEntry>,
    needs: Needs,
    /// Whether it belongs to the library. Contracts leave such handlers out.
    #[cfg(feature = "contract")]
    pub(super) is_internal: bool,
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
        let (kind, location) = (definition.kind, definition.location);
        let origin = counted_origin(function, location, kind, &namespace, definition.event);
        Entry {
            kind: definition.kind,
            event: Cow::Borrowed(definition.event),
            namespace,
            origin,
            arguments: definition.arguments,
            returns: definition.returns,
            concurrent: definition.concurrent,
            record: definition.record.map(RecordedArguments::without),
            blocking: definition.blocking,
            rate: definition.rate.map(RateLimiter::new),
            key: definition.key.as_ref().map(KeyEntry::defined),
            takes_upload: needs.has_upload(),
            stream: definition.stream,
            namespace_guards: Arc::default(),
            guards: definition.guards.iter().map(GuardEntry::defined).collect(),
            needs,
            #[cfg(feature = "contract")]
            is_internal: false,
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
        let name = Cow::Borrowed("closure");
        let origin = counted_origin(name, location, kind, or_root(namespace), event);
        Entry {
            kind,
            event: Cow::Owned(event.to_owned()),
            namespace: Cow::Owned(or_root(namespace).to_owned()),
            origin,
            arguments: &[],
            returns: "",
            concurrent: options.concurrent,
            record: options.record,
            blocking: options.blocking,
            rate: options.rate.and_then(Result::ok).map(RateLimiter::new),
            key: options.key,
            takes_upload: needs.has_upload(),
            stream: None,
            namespace_guards: Arc::default(),
            guards: options.guards,
            needs,
            #[cfg(feature = "contract")]
            is_internal: false,
            call: Call::Closure(call),
        }
    }

    /// Reads the arguments. The future runs the user's function.
    pub(super) fn call(&self, cx: &mut EventContext<'_>) -> Called {
        self.call.call(cx)
    }

    /// Returns whether its event is `connect`, `disconnecting` or `disconnect`.
    pub(super) fn is_lifecycle(&self) -> bool {
        self.kind == Kind::Event && socketio_names::is_lifecycle(&self.event)
    }

    pub(super) fn needs(&self) -> &[Need] {
        self.needs.list()
    }

    /// Returns the types of the handler.
    #[cfg(feature = "contract")]
    pub(super) fn handler_types(&self) -> crate::schema::HandlerTypes {
        self.needs.handler_types()
    }

    /// Moves it to another namespace, which then labels its counters.
    pub(super) fn move_to(&mut self, namespace: String) {
        let (name, location) = (self.origin.name.clone(), self.origin.location);
        self.origin = counted_origin(name, location, self.kind, &namespace, &self.event);
        self.namespace = Cow::Owned(namespace);
    }

    /// Returns whether it has its own rate limit.
    #[cfg(feature = "contract")]
    pub(super) fn is_rated(&self) -> bool {
        self.rate.is_some()
    }

    /// Returns whether both are the same registration, for example one that is both linked and listed in `handlers![..]`.
    pub(super) fn is_same(&self, other: &Entry) -> bool {
        self.call.is_same(&other.call)
            && self.origin.location == other.origin.location
            && self.origin.name == other.origin.name
    }
}

/// Creates the origin of a handler, with its counters.
fn counted_origin(
    name: Cow<'static, str>,
    location: &'static Location<'static>,
    kind: Kind,
    namespace: &str,
    event: &str,
) -> Origin {
    let counters = match kind {
        Kind::Event => HandlerCounters::new(namespace, event, &name, true),
        Kind::Error => HandlerCounters::new(namespace, "on_error", &name, false),
        Kind::ErrorDefault => HandlerCounters::new("", "on_error_default", &name, false),
    };
    Origin::new(name, location).counted(counters)
}

/// Returns `/` for the empty path.
fn or_root(namespace: &str) -> &str {
    if namespace.is_empty() { "/" } else { namespace }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:?} -> {} ({})",
            self.namespace, self.event, self.origin.name, self.origin.location
        )
    }
}

/// `` `join` (src/chat.rs:12) ``
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` ({}:{})",
            self.origin.name,
            self.origin.location.file(),
            self.origin.location.line()
        )
    }
}
