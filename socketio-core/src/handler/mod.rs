//! Handlers, guards and middleware: registration, lookup and execution.
//!
//! For each event, [`registry`] finds the handler, [`dispatch`] runs middleware, guards, handler and error handler,
//! `user_code` polls them inside the fault boundary, `extract` reads the arguments and `response` encodes the return
//! value.

mod ack_request;
mod builder_methods;
mod call;
mod check;
mod check_events;
mod check_namespaces;
mod definition;
#[cfg(feature = "contract")]
mod describe;
mod dispatch;
mod entry;
mod event_handler;
mod event_handler_ext;
mod event_key;
pub(crate) mod extract;
mod failure;
mod guard;
mod handlers;
mod middleware;
mod needs;
mod once;
mod origin;
mod queued_event;
mod rate_limit;
mod recovery;
mod registry;
mod respond_with;
mod response;
mod return_value;
mod trigger;
mod user_code;

pub(crate) use builder_methods::builder_methods;
pub use call::{Called, FunctionShim, HandlerFuture, Instance, MethodShim};
pub use definition::{
    Definition, DerivedPath, Handler, Kind, Linked, Namespace, NamespaceImpl, NamespacePath,
};
pub(crate) use dispatch::{ClientContext, Dispatcher};
pub use event_handler::EventHandler;
pub use event_handler_ext::{ConfiguredHandler, EventHandlerExt};
pub use event_key::{EventKey, KeyDefinition, KeyResult, event_key};
pub(crate) use failure::{ErrorAck, EventFailure};
pub use guard::{Guard, GuardDefinition};
pub use handlers::{HandlerList, Handlers};
pub use middleware::{EventCall, Middleware, Next};

pub use extract::{Ack, Auth, EventContext, EventName, FromEvent, Needs, Path, Recovered, State};
pub(crate) use extract::{Input, Need, parameters};
#[cfg(feature = "contract")]
pub use extract::{WithNeeds, WithoutNeeds};
pub(crate) use queued_event::QueuedEvent;
pub(crate) use rate_limit::ClientRates;
pub use rate_limit::RateLimit;
pub(crate) use registry::{Lookup, Registry, Route};
pub use respond_with::RespondWith;
pub use response::{IsPlain, IsResult, Outcome, ReplyShape, Response, ResponseEncoder, accept};
pub use return_value::{NoAck, ReturnValue};
pub use trigger::{Trigger, TriggerArgument, triggered};
