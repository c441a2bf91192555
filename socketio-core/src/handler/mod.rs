//! Handlers, guards and middleware: how they are registered, found and run.
//!
//! An event goes through [`registry`] (which handler), [`dispatch`] (middleware, guards, handler, error handler, acknowledgement),
//! `user_code` (fault boundary and timing), `extract` (arguments) and `response` (return value).

mod arities;
mod builder_methods;
mod call;
mod check;
mod check_namespaces;
mod client_context;
mod closure;
mod definition;
mod dispatch;
mod entry;
mod event_handler_ext;
pub(crate) mod extract;
mod failure;
mod guard;
mod handlers;
mod middleware;
mod needs;
mod registry;
mod respond_with;
mod response;
mod trigger;
mod user_code;

pub(crate) use builder_methods::builder_methods;
pub(crate) use client_context::ClientContext;
pub use closure::EventHandler;
pub use definition::{
    Called, Definition, DerivedPath, FunctionShim, Handler, HandlerFuture, Instance, Kind, Linked,
    MethodShim, Namespace, NamespaceImpl, NamespacePath, Outcome,
};
pub(crate) use dispatch::{Dispatcher, ErrorAck, Incoming};
pub use event_handler_ext::{ConfiguredHandler, EventHandlerExt};
pub(crate) use failure::{EventFailure, default_error_ack};
pub use guard::{Guard, GuardDefinition};
pub use handlers::Handlers;
pub use middleware::{EventCall, Middleware, Next};

pub use extract::{Auth, EventContext, EventName, FromEvent, Needs, Path, State};
pub(crate) use extract::{Input, Need, parameters};
pub(crate) use registry::{Lookup, Registry, Route};
pub use respond_with::RespondWith;
pub use response::{IsPlain, IsResult, ReplyShape, Response, ResponseEncoder, accept};
pub use trigger::{Trigger, TriggerArgument, triggered};
