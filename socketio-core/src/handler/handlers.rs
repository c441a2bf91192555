//! [`Handlers`]: registrations before `build()` checks them.
//!
//! The builder has one list; modules and other crates provide further ones, which are merged or nested.

use std::{any::TypeId, borrow::Cow, fmt, panic::Location, sync::Arc};

use socketio_names::{Pattern, Rate};
use tokio::runtime::Handle;

use super::{
    Kind,
    builder_methods::builder_methods,
    call::{FunctionShim, Instance},
    check,
    definition::{Definition, DerivedPath, NamespaceImpl},
    entry::Entry,
    event_handler::EventHandler,
    guard::{Guard, GuardEntry},
    middleware::{Middleware, MiddlewareEntry},
    rate_limit::RateLimit,
    registry::Registry,
};
use crate::{
    base::{BoxError, BuildError, States},
    client::run_blocking,
    handler::{Called, EventContext, Needs, cancel_entries},
    node::EventDefinition,
};

/// A list of handlers, guards and middleware that a module or another crate provides.
///
/// It has the methods of [`SocketIoBuilder`](crate::SocketIoBuilder) that add handlers. It is added with
/// [`merge`](crate::SocketIoBuilder::merge), or below a path with [`nest`](crate::SocketIoBuilder::nest). Nothing is
/// checked before the server is built.
///
/// ```
/// mod admin {
///     use socketio_core::{Handlers, Request};
///
///     fn from_inside(request: Request) -> bool {
///         request.header("x-inside").is_some()
///     }
///
///     pub fn handlers() -> Handlers {
///         Handlers::new()
///             .on("restart", || async { "restarting" })
///             .on_in("/log", "tail", |lines: usize| async move { lines })
///             .guard(from_inside)
///     }
/// }
///
/// use socketio_core::SocketIo;
///
/// // Namespaces `/admin` and `/admin/log`, both guarded.
/// let io = SocketIo::bare().nest("/admin", admin::handlers()).build().unwrap();
/// ```
#[derive(Default)]
#[must_use = "handlers do nothing until they are given to a server: `.merge(handlers)`"]
pub struct Handlers {
    pub(super) entries: Vec<Entry>,
    pub(super) namespace_impls: Vec<Registered>,
    pub(super) paths: Vec<&'static DerivedPath>,
    /// Namespaces without handlers that clients may join.
    pub(super) namespaces: Vec<String>,
    /// Guards of namespaces, in the order in which they run.
    pub(super) guards: Vec<GuardEntry>,
    /// The outermost first.
    pub(super) middleware: Vec<MiddlewareEntry>,
    /// The rate limits of namespaces, with the places where they were added.
    pub(super) rates: Vec<NamespaceRate>,
    /// The outgoing events with a type, and their namespaces.
    pub(super) events: Vec<(&'static EventDefinition, Cow<'static, str>)>,
    /// Options of the builder for namespaces.
    pub(super) options: Vec<NamespaceOption>,
    /// Whether the server accepts no clients, so that its events are for namespaces of other nodes.
    pub(super) only_emits: bool,
    pub(super) problems: Vec<String>,
}

/// A rate limit of a namespace.
pub(super) struct NamespaceRate {
    pub(super) namespace: String,
    pub(super) limit: RateLimit,
    /// `file:line`, unless it belongs to a namespace impl.
    pub(super) location: Option<&'static Location<'static>>,
}

/// An option of the builder that has no effect without a namespace.
pub(super) struct NamespaceOption {
    pub(super) namespace: String,
    pub(super) pattern: Pattern,
    /// The option with its `file:line`.
    pub(super) origin: String,
}

/// A namespace impl and the value that was given for it, if any.
pub(super) struct Registered {
    pub(super) definition: &'static NamespaceImpl,
    pub(super) path: Cow<'static, str>,
    pub(super) instance: Option<Instance>,
}

impl Handlers {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds problems that the builder has found.
    pub(crate) fn add_problems(&mut self, problems: Vec<String>) {
        self.problems.extend(problems);
    }

    /// Adds an option of the builder for namespaces, which `build()` reports if the server has none of them.
    pub(crate) fn add_option(&mut self, namespace: &str, pattern: Pattern, origin: String) {
        self.options.push(NamespaceOption {
            namespace: namespace.to_owned(),
            pattern,
            origin,
        });
    }

    /// Marks the handlers as belonging to the library. Contracts leave them out.
    #[cfg(feature = "contract")]
    pub(crate) fn internal(mut self) -> Self {
        for entry in &mut self.entries {
            entry.is_internal = true;
        }
        self
    }

    /// Sets that the server accepts no clients.
    pub(crate) fn only_emits(&mut self, only: bool) {
        self.only_emits = only;
    }

    /// Checks all registrations. Returns all problems, or the registry and the values of namespace impls.
    pub(crate) fn build(mut self, states: &States) -> Result<(Registry, States), BuildError> {
        cancel_entries(&mut self);
        check::build(self, states)
    }

    pub(crate) fn add_functions(&mut self, definitions: &[Definition<FunctionShim>]) {
        self.entries.extend(definitions.iter().map(Entry::function));
    }

    /// Adds a namespace impl with its value, which replaces the default value of a linked one.
    pub(crate) fn add_namespace_impl(
        &mut self,
        definition: &'static NamespaceImpl,
        path: Option<&str>,
        instance: Instance,
    ) {
        let path = path.map_or(Cow::Borrowed(definition.path), |path| {
            Cow::Owned(path.to_owned())
        });
        self.namespace_impls.push(Registered {
            definition,
            path,
            instance: Some(instance),
        });
    }

    /// Adds a closure for `(kind, namespace, event)`.
    pub(crate) fn add_closure<M, H: EventHandler<M>>(
        &mut self,
        target: (Kind, &str, &str),
        mut handler: H,
        location: &'static Location<'static>,
    ) {
        let mut needs = Needs::default();
        H::needs(&mut needs);
        let options = handler.take_options();
        if let Some(Err(problem)) = &options.rate {
            self.problems.push(format!(
                "{}:{}: {problem}",
                location.file(),
                location.line()
            ));
        }
        let blocking = options.blocking;
        let call = move |cx: &mut EventContext<'_>| -> Called {
            let handler = handler.call(cx)?;
            if !blocking {
                return Ok(handler);
            }
            // The future of a closure that is not `async` completes in its first poll.
            let run = run_blocking(move || Handle::current().block_on(handler));
            Ok(Box::pin(run))
        };
        self.entries.push(Entry::closure(
            target,
            location,
            options,
            needs,
            Arc::new(call),
        ));
    }

    pub(crate) fn add_event(&mut self, definition: &'static EventDefinition) {
        let namespace = Cow::Borrowed(definition.namespace);
        self.events.push((definition, namespace));
    }

    pub(crate) fn add_namespace(&mut self, path: &str) {
        self.namespaces.push(path.to_owned());
    }

    pub(crate) fn add_guard<M>(
        &mut self,
        namespace: &str,
        guard: impl Guard<M>,
        location: &'static Location<'static>,
    ) {
        self.guards
            .push(GuardEntry::given(namespace, guard, location));
    }

    pub(crate) fn add_middleware<E: Into<BoxError> + 'static>(
        &mut self,
        namespace: &str,
        middleware: impl Middleware<E>,
        location: &'static Location<'static>,
    ) {
        self.middleware
            .push(MiddlewareEntry::given(namespace, middleware, location));
    }

    pub(crate) fn add_rate(
        &mut self,
        namespace: &str,
        rate: &str,
        location: &'static Location<'static>,
    ) {
        match rate.parse::<Rate>() {
            Ok(rate) => self.rates.push(NamespaceRate {
                namespace: namespace.to_owned(),
                limit: rate.into(),
                location: Some(location),
            }),
            Err(problem) => {
                let (file, line) = (location.file(), location.line());
                self.problems.push(format!("{file}:{line}: {problem}"));
            }
        }
    }

    pub(crate) fn append(&mut self, other: Handlers) {
        let Handlers {
            entries,
            namespace_impls,
            paths,
            namespaces,
            guards,
            middleware,
            rates,
            events,
            options,
            only_emits,
            problems,
        } = other;
        self.entries.extend(entries);
        self.namespace_impls.extend(namespace_impls);
        self.paths.extend(paths);
        self.namespaces.extend(namespaces);
        self.guards.extend(guards);
        self.middleware.extend(middleware);
        self.rates.extend(rates);
        self.events.extend(events);
        self.options.extend(options);
        self.only_emits |= only_emits;
        self.problems.extend(problems);
    }

    /// Moves all registrations below a path.
    pub(crate) fn below(mut self, prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('/');
        for entry in &mut self.entries {
            if entry.kind == Kind::ErrorDefault {
                self.problems.push(format!(
                    "{entry} is for every namespace of a server and can't be nested in {prefix:?}: \
                     put `on_error` on it, or give it to the builder"
                ));
            }
            entry.move_to(socketio_names::nest(prefix, &entry.namespace));
        }
        for one in &mut self.namespace_impls {
            one.path = Cow::Owned(socketio_names::nest(prefix, &one.path));
        }
        for (_, namespace) in &mut self.events {
            *namespace = Cow::Owned(socketio_names::nest(prefix, namespace));
        }
        let guards = self.guards.iter_mut();
        let middleware = self.middleware.iter_mut();
        let paths = self
            .namespaces
            .iter_mut()
            .chain(guards.filter_map(|guard| guard.namespace.as_mut()))
            .chain(middleware.map(|one| &mut one.namespace))
            .chain(self.rates.iter_mut().map(|one| &mut one.namespace));
        for path in paths {
            *path = socketio_names::nest(prefix, path);
        }
        self
    }
}

/// A list of functions with an attribute, as `handlers![..]` creates it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of handlers",
    label = "not a list of handlers",
    note = "write `handlers![say, join]`, for one handler `handlers![say]`; closures are added with `.on(\"say\", ..)`, methods with `.namespace(..)`"
)]
pub trait HandlerList {
    #[doc(hidden)]
    fn definitions(self) -> impl Iterator<Item = &'static [Definition<FunctionShim>]>;
}

#[diagnostic::do_not_recommend]
impl<I: IntoIterator<Item = &'static [Definition<FunctionShim>]>> HandlerList for I {
    fn definitions(self) -> impl Iterator<Item = &'static [Definition<FunctionShim>]> {
        self.into_iter()
    }
}

builder_methods!(Handlers);

impl Registered {
    pub(super) fn type_id(&self) -> TypeId {
        (self.definition.type_id)()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace_impls = self.namespace_impls.iter().map(|one| one.definition);
        f.debug_struct("Handlers")
            .field("entries", &self.entries)
            .field("namespace_impls", &namespace_impls.collect::<Vec<_>>())
            .field("guards", &self.guards)
            .field("middleware", &self.middleware)
            .finish_non_exhaustive()
    }
}
