//! What an attribute leaves behind: constants that name a handler, and a shim that calls it.

use std::{
    any::{Any, TypeId},
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    sync::Arc,
};

use super::{GuardDefinition, Trigger};
use crate::{
    base::BoxError,
    client::{SocketIo, To},
    handler::{EventContext, Needs, Response},
};

/// What a handler came to: an answer, or the error it failed with.
pub type Outcome = Result<Response, BoxError>;

/// A handler that has its arguments and waits to be polled.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What a shim returns: arguments that don't fit are an error before anything runs.
pub type Called = Result<HandlerFuture, BoxError>;

/// The value behind a class-based namespace.
pub type Instance = Arc<dyn Any + Send + Sync>;

/// The shim of a function.
pub type FunctionShim = fn(&mut EventContext<'_>) -> Called;

/// The shim of a method.
pub type MethodShim = fn(&Instance, &mut EventContext<'_>) -> Called;

/// What a handler answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event, `connect` and `disconnect` included.
    Event,
    /// Errors of one namespace.
    Error,
    /// Errors of namespaces that have no handler of their own for them.
    ErrorDefault,
}

/// One handler as its attribute described it. `S` is the type of its shim.
#[derive(Clone, Copy)]
pub struct Definition<S: 'static> {
    pub(crate) kind: Kind,
    pub(crate) event: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) server: &'static str,
    pub(crate) function: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) location: &'static Location<'static>,
    pub(crate) concurrent: bool,
    pub(crate) guards: &'static [GuardDefinition],
    pub(crate) needs: fn(&mut Needs),
    pub(crate) shim: S,
}

impl<S: Copy> Definition<S> {
    /// A handler for `event` of `namespace`; both empty where `kind` or the class decides them.
    #[track_caller]
    pub const fn new(
        kind: Kind,
        event: &'static str,
        namespace: &'static str,
        function: &'static str,
        arguments: &'static [&'static str],
        needs: fn(&mut Needs),
        shim: S,
    ) -> Self {
        Definition {
            kind,
            event,
            namespace,
            server: "",
            function,
            arguments,
            location: Location::caller(),
            concurrent: false,
            guards: &[],
            needs,
            shim,
        }
    }

    /// Belongs to the server of this name only.
    pub const fn server(mut self, name: &'static str) -> Self {
        self.server = name;
        self
    }

    /// May overlap with the client's other events.
    pub const fn concurrent(mut self) -> Self {
        self.concurrent = true;
        self
    }

    /// Asks these first, in their order.
    pub const fn guarded(mut self, guards: &'static [GuardDefinition]) -> Self {
        self.guards = guards;
        self
    }
}

impl<S> fmt::Debug for Definition<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("kind", &self.kind)
            .field("event", &self.event)
            .field("namespace", &self.namespace)
            .field("function", &self.function)
            .field("location", &format_args!("{}", self.location))
            .finish_non_exhaustive()
    }
}

/// A class-based namespace as `#[namespace]` described it.
pub struct Class {
    pub(crate) type_name: &'static str,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) path: &'static str,
    pub(crate) server: &'static str,
    pub(crate) default: fn() -> Option<Instance>,
    pub(crate) methods: &'static [Definition<MethodShim>],
    pub(crate) guards: &'static [GuardDefinition],
    /// One at most: of two under `#[cfg]` the compiler keeps one.
    pub(crate) triggers: &'static [Trigger],
    pub(crate) location: &'static Location<'static>,
}

impl Class {
    /// The class `T`, served at `path`. `default` makes the value when none is given to the builder.
    #[track_caller]
    pub const fn new<T: Namespace>(
        type_name: &'static str,
        path: &'static str,
        default: fn() -> Option<Instance>,
        methods: &'static [Definition<MethodShim>],
    ) -> Self {
        Class {
            type_name,
            type_id: TypeId::of::<T>,
            path,
            server: "",
            default,
            methods,
            guards: &[],
            triggers: &[],
            location: Location::caller(),
        }
    }

    /// Belongs to the server of this name only.
    pub const fn server(mut self, name: &'static str) -> Self {
        self.server = name;
        self
    }

    /// Asks these before each of its handlers, and before anybody joins.
    pub const fn guarded(mut self, guards: &'static [GuardDefinition]) -> Self {
        self.guards = guards;
        self
    }

    /// Has its `trigger_event` stand around every event.
    pub const fn triggered(mut self, triggers: &'static [Trigger]) -> Self {
        self.triggers = triggers;
        self
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Class")
            .field("type", &self.type_name)
            .field("path", &self.path)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// A path that `#[derive(Namespace)]` gave to a struct; `build()` looks for the impl block that belongs to it.
#[derive(Debug)]
pub struct DerivedPath {
    pub(crate) type_name: &'static str,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) path: &'static str,
    pub(crate) location: &'static Location<'static>,
}

impl DerivedPath {
    /// The path of `T`.
    #[track_caller]
    pub const fn new<T: 'static>(type_name: &'static str, path: &'static str) -> Self {
        DerivedPath {
            type_name,
            type_id: TypeId::of::<T>,
            path,
            location: Location::caller(),
        }
    }
}

/// What the attributes submit for every server of the program to find.
#[derive(Debug)]
pub enum Linked {
    /// The registrations of one function.
    Functions(&'static [Definition<FunctionShim>]),
    /// A class-based namespace.
    Class(&'static Class),
    /// A derived path.
    Path(&'static DerivedPath),
}

inventory::collect!(Linked);

/// Functions under `#[socketio::on]`, `#[socketio::event]`, `#[socketio::on_error]` or `#[socketio::on_error_default]`.
///
/// Implemented by the attributes for the hidden type that stands beside the function;
/// [`handlers!`](crate::handlers) names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event handler",
    label = "no `#[socketio::on(..)]` or `#[socketio::event]` on this",
    note = "put `#[socketio::event]` or `#[socketio::on(\"name\")]` on the function"
)]
pub trait Handler {
    /// One for each attribute on the function.
    #[doc(hidden)]
    const DEFINITIONS: &'static [Definition<FunctionShim>];
}

/// Structs with an impl block under `#[socketio::namespace]`: class-based namespaces.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class-based namespace",
    note = "put `#[socketio::namespace(\"/path\")]` on an impl block of `{Self}`"
)]
pub trait Namespace: Send + Sync + 'static {
    #[doc(hidden)]
    const CLASS: &'static Class;
}

/// The path given by `#[derive(Namespace)]`.
#[diagnostic::on_unimplemented(
    message = "no path for the namespace `{Self}`",
    note = "write `#[socketio::namespace(\"/path\")]`, or put `#[derive(socketio::Namespace)]` and `#[socketio(namespace = \"/path\")]` on the struct"
)]
pub trait NamespacePath {
    #[doc(hidden)]
    const PATH: &'static str;
}

impl SocketIo {
    /// Addresses everyone in the namespace of a class, at its own path: `io.of_namespace::<Rooms>().to("lobby").emit(..)`. For one
    /// that is registered at another path, or at a pattern, name the path: [`of`](SocketIo::of).
    pub fn of_namespace<N: Namespace>(&self) -> To {
        self.of(N::CLASS.path)
    }
}
