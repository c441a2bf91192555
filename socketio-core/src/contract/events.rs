//! The namespaces and events of a contract.

use std::panic::Location;

use serde_json::Value;

/// One namespace: a path or a pattern.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NamespaceContract {
    /// The path (`/chat`), the pattern (`/job/{id}`) or `*`.
    pub path: String,
    /// The parameters of the path, with their types if a handler reads them.
    pub parameters: Vec<Argument>,
    /// The type of the object that clients send when they connect; `None` if no handler reads it.
    pub auth: Option<Argument>,
    /// The doc comment of the `connect` handler.
    pub docs: String,
    /// The guards that run before a client joins.
    pub guards: Vec<String>,
    /// The events that the server handles, sorted by name. They include those of patterns that match this namespace.
    pub incoming: Vec<IncomingEvent>,
    /// The events that the server emits, sorted by name.
    pub outgoing: Vec<OutgoingEvent>,
}

/// An event that clients send.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IncomingEvent {
    /// The name; `*` for the handler of all other events.
    pub name: String,
    /// The doc comment of the handler.
    pub docs: String,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// The type of each further argument, if the handler takes any number of them.
    pub rest: Option<Argument>,
    /// The acknowledgement; `None` if the handler never sends one.
    pub ack: Option<AckContract>,
    /// The guards that run before the handler.
    pub guards: Vec<String>,
    /// The function: `join`, `Rooms::on_say`, `closure`.
    pub function: String,
    /// Where it is registered.
    pub location: &'static Location<'static>,
}

/// An event that the server sends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutgoingEvent {
    /// The name.
    pub name: String,
    /// The doc comment of the type.
    pub docs: String,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// What the client acknowledges, if the event asks for it; several values are several arguments.
    pub ack: Option<Vec<Argument>>,
    /// The name of the type.
    pub type_name: String,
    /// Where it is declared.
    pub location: &'static Location<'static>,
}

/// The acknowledgement of an incoming event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AckContract {
    /// The values, none for `()`.
    pub values: Vec<Argument>,
    /// Whether any number of values follows, all of the type of the last.
    pub is_list: bool,
    /// What is acknowledged in place of the values if the handler fails. `None` if it can't fail according to its registration: it returns no
    /// `Result`, and has no guards and no rate limit.
    pub error: Option<ErrorContract>,
}

/// The acknowledgement of an event that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ErrorContract {
    /// The values, which the error handler of the namespace returns; without one, an object with `error`.
    pub values: Vec<Argument>,
}

/// One argument, or one value of an acknowledgement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Argument {
    /// The name of the parameter.
    pub name: String,
    /// Its JSON Schema; `true` if the type has none.
    pub schema: Value,
    /// Whether it may be left out.
    pub is_optional: bool,
}

impl Argument {
    pub(super) fn new(name: impl Into<String>, schema: Value) -> Self {
        Argument {
            name: name.into(),
            schema,
            is_optional: false,
        }
    }
}
