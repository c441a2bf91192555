//! What a server is to be built from, before it is checked.

use std::{any::TypeId, borrow::Cow, fmt, panic::Location, sync::Arc};

use super::{
    Kind, check,
    closure::EventHandler,
    definition::{Class, Definition, DerivedPath, FunctionShim, Instance, Linked},
    entry::Entry,
    guard::{Guard, GuardEntry},
    middleware::{Middleware, MiddlewareEntry},
    pattern,
    registering::registering,
    registry::Registry,
};
use crate::{
    base::{BoxError, BuildError, States},
    handler::Needs,
};

/// Handlers of all kinds, with their guards: what a module or another crate gives to a server.
///
/// It has the methods of [`SocketIoBuilder`](crate::SocketIoBuilder) by which handlers are added, and is itself added with
/// [`merge`](crate::SocketIoBuilder::merge), or below a path with [`nest`](crate::SocketIoBuilder::nest). Nothing is checked
/// before the server is built.
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
///             .guard("*", from_inside)
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
    pub(super) classes: Vec<Registered>,
    pub(super) paths: Vec<&'static DerivedPath>,
    /// Namespaces that clients may join though nothing handles their events.
    pub(super) namespaces: Vec<String>,
    /// Those of whole namespaces, in the order in which they are asked.
    pub(super) guards: Vec<GuardEntry>,
    /// The first is outermost.
    pub(super) middleware: Vec<MiddlewareEntry>,
    pub(super) problems: Vec<String>,
}

/// A class and, if one was given, its value.
pub(super) struct Registered {
    pub(super) class: &'static Class,
    pub(super) path: Cow<'static, str>,
    pub(super) instance: Option<Instance>,
}

impl Handlers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that attributes have linked into this program for the server of this name.
    pub(crate) fn linked(server: &str) -> Self {
        let mut handlers = Handlers::default();
        for linked in inventory::iter::<Linked> {
            match linked {
                Linked::Functions(definitions) => {
                    let own = definitions.iter().filter(|one| one.server == server);
                    handlers.entries.extend(own.map(Entry::function));
                }
                Linked::Class(class) if class.server == server => {
                    handlers.classes.push(Registered {
                        class,
                        path: Cow::Borrowed(class.path),
                        instance: None,
                    });
                }
                Linked::Class(_) => {}
                Linked::Path(path) => handlers.paths.push(path),
            }
        }
        handlers
    }

    /// Adds what was given to the builder to what is linked.
    pub(crate) fn with_given(mut self, given: Handlers) -> Self {
        // A class that is given, at whatever path, needs no value of its own making.
        self.classes.retain(|linked| {
            let is_given = |one: &Registered| one.type_id() == linked.type_id();
            !given.classes.iter().any(is_given)
        });
        self.append(given);
        self
    }

    /// Adds what the builder has found wrong.
    pub(crate) fn add_problems(&mut self, problems: Vec<String>) {
        self.problems.extend(problems);
    }

    /// Checks everything, and answers with all that is wrong or with the registry.
    pub(crate) fn build(self, states: &States) -> Result<Registry, BuildError> {
        check::build(self, states)
    }

    pub(crate) fn add_functions(&mut self, definitions: &[Definition<FunctionShim>]) {
        self.entries.extend(definitions.iter().map(Entry::function));
    }

    /// Adds a class with its value. At its own path it takes the place of the value that linking would make.
    pub(crate) fn add_class(
        &mut self,
        class: &'static Class,
        path: Option<&str>,
        instance: Instance,
    ) {
        let path = path.map_or(Cow::Borrowed(class.path), |path| {
            Cow::Owned(path.to_owned())
        });
        self.classes.push(Registered {
            class,
            path,
            instance: Some(instance),
        });
    }

    pub(crate) fn add_closure<M, H: EventHandler<M>>(
        &mut self,
        namespace: &str,
        event: &str,
        handler: H,
        location: &'static Location<'static>,
    ) {
        let mut needs = Needs::default();
        H::needs(&mut needs);
        let handler = Arc::new(handler);
        let call = Arc::new(move |cx: &mut crate::EventContext<'_>| handler.call(cx));
        self.entries
            .push(Entry::closure(namespace, event, location, needs, call));
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

    pub(crate) fn append(&mut self, other: Handlers) {
        let Handlers {
            entries,
            classes,
            paths,
            namespaces,
            guards,
            middleware,
            problems,
        } = other;
        self.entries.extend(entries);
        self.classes.extend(classes);
        self.paths.extend(paths);
        self.namespaces.extend(namespaces);
        self.guards.extend(guards);
        self.middleware.extend(middleware);
        self.problems.extend(problems);
    }

    /// Moves everything below a path.
    pub(crate) fn below(mut self, prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('/');
        for entry in &mut self.entries {
            if entry.kind == Kind::ErrorDefault {
                self.problems.push(format!(
                    "{entry} is for every namespace of a server and can't be nested in {prefix:?}: \
                     put `on_error` on it, or give it to the builder"
                ));
            }
            entry.namespace = Cow::Owned(pattern::below(prefix, &entry.namespace));
        }
        for class in &mut self.classes {
            class.path = Cow::Owned(pattern::below(prefix, &class.path));
        }
        let guards = self.guards.iter_mut();
        let middleware = self.middleware.iter_mut();
        let paths = self
            .namespaces
            .iter_mut()
            .chain(guards.filter_map(|guard| guard.namespace.as_mut()))
            .chain(middleware.map(|around| &mut around.namespace));
        for path in paths {
            *path = pattern::below(prefix, path);
        }
        self
    }
}

registering!(Handlers);

impl Registered {
    pub(super) fn type_id(&self) -> TypeId {
        (self.class.type_id)()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = self.classes.iter();
        f.debug_struct("Handlers")
            .field("entries", &self.entries)
            .field("classes", &classes.map(|one| one.class).collect::<Vec<_>>())
            .field("guards", &self.guards)
            .field("middleware", &self.middleware)
            .finish_non_exhaustive()
    }
}
