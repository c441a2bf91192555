//! The items that attributes generate: constants that describe a handler, and a shim that calls it.
//!
//! They are read by `Handlers` when a server is built. Generated code names these items, so their signatures are part
//! of the contract between the macros and this crate.

use std::{any::TypeId, fmt, panic::Location, sync::Arc};

use super::{
    GuardDefinition, KeyDefinition, RateLimit, StreamDefinition, Trigger,
    call::{FunctionShim, Instance, MethodShim},
};
use crate::{
    client::{SocketIo, To},
    handler::Needs,
    node::EventDefinition,
};

/// The kind of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A handler of an event, `connect` and `disconnect` included.
    Event,
    /// The error handler of one namespace.
    Error,
    /// The error handler of the namespaces that have none of their own.
    ErrorDefault,
}

/// One handler as its attribute describes it. `S` is the type of its shim.
#[derive(Clone, Copy)]
pub struct Definition<S: 'static> {
    pub(crate) kind: Kind,
    pub(crate) event: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) server: &'static str,
    pub(crate) function: &'static str,
    pub(crate) arguments: &'static [&'static str],
    /// The return type as it was written; empty if there is none.
    pub(crate) returns: &'static str,
    pub(crate) location: &'static Location<'static>,
    pub(crate) concurrent: bool,
    /// A sync function that runs on tokio's blocking pool.
    pub(crate) blocking: bool,
    pub(crate) rate: Option<RateLimit>,
    /// Whether the arguments may be recorded, and without which keys.
    pub(crate) record: Option<&'static [&'static str]>,
    pub(crate) key: Option<KeyDefinition>,
    pub(crate) stream: Option<StreamDefinition>,
    pub(crate) guards: &'static [GuardDefinition],
    pub(crate) needs: fn(&mut Needs),
    pub(crate) shim: S,
}

impl<S: Copy> Definition<S> {
    /// Describes a handler for `event` of `namespace`. Both are empty if `kind` or the namespace impl defines them.
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
            returns: "",
            location: Location::caller(),
            concurrent: false,
            blocking: false,
            rate: None,
            record: None,
            key: None,
            stream: None,
            guards: &[],
            needs,
            shim,
        }
    }

    /// Registers the handler only with the server of this name.
    pub const fn server(mut self, name: &'static str) -> Self {
        self.server = name;
        self
    }

    /// Lets the handler run concurrently with the client's other events.
    pub const fn concurrent(mut self) -> Self {
        self.concurrent = true;
        self
    }

    /// Marks that the shim runs the function on tokio's blocking pool.
    pub const fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// Limits how often a client may send the event.
    pub const fn rated(mut self, rate: RateLimit) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Sets the return type, as it was written.
    pub const fn returning(mut self, returns: &'static str) -> Self {
        self.returns = returns;
        self
    }

    /// Lets the arguments be recorded, without the values of these keys.
    pub const fn recorded(mut self, skip: &'static [&'static str]) -> Self {
        self.record = Some(skip);
        self
    }

    /// Runs the handler once for each key.
    pub const fn once(mut self, key: KeyDefinition) -> Self {
        self.key = Some(key);
        self
    }

    /// Declares that the handler returns a stream whose items are sent as `event`, and which event cancels it.
    pub const fn streams(
        mut self,
        event: &'static str,
        cancelled_by: Option<&'static str>,
    ) -> Self {
        self.stream = Some(StreamDefinition {
            event,
            cancelled_by,
        });
        self
    }

    /// Runs these guards before the handler, in this order.
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

/// An impl block with `#[namespace]`, as the attribute describes it.
pub struct NamespaceImpl {
    pub(crate) type_name: &'static str,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) path: &'static str,
    pub(crate) server: &'static str,
    pub(crate) default: fn() -> Option<Instance>,
    /// One list for each method: see the macros' `namespace_impl`.
    pub(crate) methods: &'static [&'static [Definition<MethodShim>]],
    pub(crate) guards: &'static [GuardDefinition],
    pub(crate) rate: Option<RateLimit>,
    /// At most one: of several under `#[cfg]`, the compiler keeps one.
    pub(crate) triggers: &'static [Trigger],
    pub(crate) location: &'static Location<'static>,
}

impl NamespaceImpl {
    /// Describes the impl block of `T`, served at `path`. `default` creates the value if none is given to the builder.
    #[track_caller]
    pub const fn new<T: Namespace>(
        type_name: &'static str,
        path: &'static str,
        default: fn() -> Option<Instance>,
        methods: &'static [&'static [Definition<MethodShim>]],
    ) -> Self {
        NamespaceImpl {
            type_name,
            type_id: TypeId::of::<T>,
            path,
            server: "",
            default,
            methods,
            guards: &[],
            rate: None,
            triggers: &[],
            location: Location::caller(),
        }
    }

    /// Registers the namespace impl only with the server of this name.
    pub const fn server(mut self, name: &'static str) -> Self {
        self.server = name;
        self
    }

    /// Runs these guards before each of its handlers and before clients join.
    pub const fn guarded(mut self, guards: &'static [GuardDefinition]) -> Self {
        self.guards = guards;
        self
    }

    /// Limits how often a client may send events to the namespace.
    pub const fn rated(mut self, rate: RateLimit) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Wraps every event in its `trigger_event`.
    pub const fn triggered(mut self, triggers: &'static [Trigger]) -> Self {
        self.triggers = triggers;
        self
    }
}

impl fmt::Debug for NamespaceImpl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamespaceImpl")
            .field("type", &self.type_name)
            .field("path", &self.path)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// A path that `#[derive(Namespace)]` gives to a type. `build()` compares it with the impl block of the type.
#[derive(Debug)]
pub struct DerivedPath {
    pub(crate) type_name: &'static str,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) path: &'static str,
    pub(crate) server: &'static str,
    pub(crate) location: &'static Location<'static>,
}

impl DerivedPath {
    /// Describes the path of `T` and the server that it belongs to. An empty name is the server without a name.
    #[track_caller]
    pub const fn new<T: 'static>(
        type_name: &'static str,
        path: &'static str,
        server: &'static str,
    ) -> Self {
        DerivedPath {
            type_name,
            type_id: TypeId::of::<T>,
            path,
            server,
            location: Location::caller(),
        }
    }
}

/// The items that attributes submit at link time, for every server of the program.
#[derive(Debug)]
#[non_exhaustive]
pub enum Linked {
    /// The registrations of one function.
    Functions(&'static [Definition<FunctionShim>]),
    /// A namespace impl.
    NamespaceImpl(&'static NamespaceImpl),
    /// A derived path.
    Path(&'static DerivedPath),
    /// An outgoing event with a type.
    Event(&'static EventDefinition),
}

inventory::collect!(Linked);

/// Functions with `#[socketio::on]`, `#[socketio::event]`, `#[socketio::on_error]` or `#[socketio::on_error_default]`.
///
/// The attributes implement it for a hidden type with the name of the function, which [`handlers!`](crate::handlers)
/// uses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event handler",
    label = "no `#[socketio::on(..)]` or `#[socketio::event]` on this",
    note = "put `#[socketio::event]` or `#[socketio::on(\"name\")]` on the function"
)]
pub trait Handler {
    /// The registrations, one for each attribute on the function.
    #[doc(hidden)]
    const DEFINITIONS: &'static [Definition<FunctionShim>];
}

/// Types with an impl block with `#[socketio::namespace]`, whose methods are handlers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a namespace",
    note = "put `#[socketio::namespace(\"/path\")]` on an impl block of `{Self}`"
)]
pub trait Namespace: Send + Sync + 'static {
    #[doc(hidden)]
    const IMPL: &'static NamespaceImpl;
}

/// The path and the server given by `#[derive(Namespace)]`.
#[diagnostic::on_unimplemented(
    message = "no path for the namespace `{Self}`",
    note = "write `#[socketio::namespace(\"/path\")]`, or put `#[derive(socketio::Namespace)]` and `#[socketio(namespace = \"/path\")]` on the struct"
)]
pub trait NamespacePath {
    #[doc(hidden)]
    const PATH: &'static str;
    #[doc(hidden)]
    const SERVER: &'static str;
}

impl SocketIo {
    /// Addresses everyone in the namespace of a namespace impl, at its own path:
    /// `io.of_namespace::<Rooms>().to("lobby").emit(..)`. If it is registered at another path or at a pattern, use
    /// [`of`](SocketIo::of) with the path.
    pub fn of_namespace<N: Namespace>(&self) -> To {
        self.of(N::IMPL.path)
    }

    /// Returns the value of a namespace impl: the one given to [`namespace`](crate::SocketIoBuilder::namespace), or its
    /// `Default`.
    ///
    /// Returns `None` if this server has no value of this type. If
    /// [`namespace_at`](crate::SocketIoBuilder::namespace_at) has registered several values of one type, returns the
    /// one at the type's own path, or else the first.
    ///
    /// ```
    /// # use socketio_core::{Namespace, SocketIo};
    /// # fn rooms<Rooms: Namespace>(io: &SocketIo) {
    /// let rooms = io.namespace_value::<Rooms>().expect("the server has `Rooms`");
    /// # }
    /// ```
    pub fn namespace_value<N: Namespace>(&self) -> Option<Arc<N>> {
        self.node().namespace_values.get()
    }
}
