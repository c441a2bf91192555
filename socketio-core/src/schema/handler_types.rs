//! [`HandlerTypes`] and [`EventTypes`]: the types of a handler and of an outgoing event, as attributes describe them.

use super::TypeInfo;

/// The types of one handler. Filled by generated code, and for closures from their needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandlerTypes {
    pub(crate) kind: HandlerKind,
    /// Whether it is a handler of the library's own, such as those of the admin interface.
    pub(crate) is_internal: bool,
    /// The doc comment.
    pub(crate) docs: &'static str,
    /// What the client sends.
    pub(crate) taken: Vec<Taken>,
    /// `None` if nothing is returned.
    pub(crate) returned: Option<Returned>,
    /// The items of the stream that is returned.
    pub(crate) items: Option<Returned>,
    /// Whether the handler takes an `Ack`, and sends a value of an unknown type itself.
    pub(crate) acks_itself: bool,
    /// Whether a rate limit may respond in its place.
    pub(crate) is_rated: bool,
}

/// What a handler handles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HandlerKind {
    #[default]
    Event,
    /// The errors of a namespace.
    Error,
    /// The errors of the namespaces without an error handler of their own.
    ErrorDefault,
}

/// One parameter of a handler whose value comes from the client.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// The name of the parameter; empty for closures.
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) ty: TypeInfo,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Argument,
    /// All remaining arguments.
    Rest,
    Auth,
    /// The parameters of the namespace.
    Path,
}

/// The return type of a handler.
#[derive(Clone, Copy, Debug)]
pub struct Returned {
    /// The type that is sent; for a `Result`, the type of `Ok`.
    pub(crate) ty: TypeInfo,
    pub(crate) is_result: bool,
}

impl Returned {
    pub(super) fn new(ty: TypeInfo, is_result: bool) -> Self {
        Returned { ty, is_result }
    }

    /// Creates the return type of a closure from the name of the type.
    pub(crate) fn named(name: &'static str) -> Self {
        match super::known_types::ok_of_result(name) {
            Some(ok) => Returned::new(TypeInfo::named(ok), true),
            None => Returned::new(TypeInfo::named(name), false),
        }
    }
}

/// The types of one outgoing event. Filled by generated code.
#[derive(Clone, Debug, Default)]
pub struct EventTypes {
    /// The doc comment.
    pub(crate) docs: &'static str,
    pub(crate) arguments: Vec<TypeInfo>,
    pub(crate) ack: Option<TypeInfo>,
}

impl EventTypes {
    /// Sets the doc comment.
    pub fn docs(&mut self, docs: &'static str) {
        self.docs = docs;
    }

    /// Adds an argument.
    pub fn argument(&mut self, ty: TypeInfo) {
        self.arguments.push(ty);
    }

    /// Sets the type of the acknowledgement.
    pub fn ack(&mut self, ty: TypeInfo) {
        self.ack = Some(ty);
    }
}
