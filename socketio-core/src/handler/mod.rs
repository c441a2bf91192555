//! From an event to a call: what is registered, and how it is found and run.

mod arities;
mod call;
mod check;
mod client_context;
mod closure;
mod definition;
mod dispatch;
mod entry;
pub(crate) mod extract;
mod guard;
mod handlers;
mod middleware;
mod needs;
mod pattern;
mod registering;
mod registry;
mod respond_with;
mod response;
mod trigger;

pub(crate) use client_context::ClientContext;
pub use closure::EventHandler;
pub use definition::{
    Called, Class, Definition, DerivedPath, FunctionShim, Handler, HandlerFuture, Instance, Kind,
    Linked, MethodShim, Namespace, NamespacePath, Outcome,
};
pub(crate) use dispatch::{Dispatcher, ErrorAck, EventFailure, Incoming, default_error_ack};
pub use guard::{Guard, GuardDefinition};
pub use handlers::Handlers;
pub use middleware::{EventCall, Middleware, Next};
pub(crate) use registering::registering;

pub use extract::{Auth, EventContext, EventName, FromEvent, Needs, Path, State};
pub(crate) use extract::{Need, Parts, parameters};
pub(crate) use registry::{Lookup, Registry};
pub use respond_with::RespondWith;
pub use response::{IsPlain, IsResult, ReplyShape, Response, ResponseEncoder, accept};
pub use trigger::{Trigger, TriggerArgument, triggered};
