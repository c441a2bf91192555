//! Handlers, guards and middleware: registration, lookup and execution.
//!
//! For each event, [`registry`] finds the handler, `event_run` and [`dispatch`] run middleware, guards, handler and error handler,
//! `user_code` polls them inside the fault boundary, `extract` reads the arguments and `response` encodes the return
//! value.

mod ack_request;
mod begun;
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
mod event_run;
mod event_stream;
mod events;
pub(crate) mod extract;
mod failure;
mod guard;
mod handlers;
mod linked;
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
mod route;
mod started;
mod stream_cancel;
mod stream_items;
mod stream_run;
mod trigger;
mod upload;
mod upload_error;
mod upload_serve;
mod upload_state;
mod user_code;

pub(crate) use builder_methods::builder_methods;
pub use call::{Called, FunctionShim, HandlerFuture, Instance, MethodShim};
pub use definition::{
    Definition, DerivedPath, Handler, Kind, Linked, Namespace, NamespaceImpl, NamespacePath,
};
pub(crate) use dispatch::{ClientContext, Dispatcher};
pub(crate) use entry::Entry;
pub use event_handler::EventHandler;
pub use event_handler_ext::{ConfiguredHandler, EventHandlerExt};
pub use event_key::{EventKey, KeyDefinition, KeyResult, event_key};
pub(crate) use event_run::EventRun;
pub(crate) use failure::{ErrorAck, EventFailure};
pub use guard::{Guard, GuardDefinition};
pub use handlers::{HandlerList, Handlers};
pub use middleware::{EventCall, Middleware, Next};

pub use event_stream::{EventStream, HandlerStream, StreamTo};
pub(crate) use event_stream::{StreamDefinition, StreamOptions};
pub use extract::{Ack, Auth, EventContext, EventName, FromEvent, Needs, Path, Recovered, State};
pub(crate) use extract::{Input, Need, parameters};
#[cfg(feature = "contract")]
pub use extract::{WithNeeds, WithoutNeeds};
pub(crate) use queued_event::QueuedEvent;
pub use rate_limit::RateLimit;
pub(crate) use rate_limit::{ClientRates, OverLimit};
pub(crate) use registry::{Lookup, Registry};
pub use respond_with::RespondWith;
pub(crate) use response::IntoHandlerError;
pub use response::{IsPlain, IsResult, Outcome, ReplyShape, Response, ResponseEncoder, accept};
pub use return_value::{NoAck, ReturnValue};
pub(crate) use route::Route;
pub(crate) use stream_cancel::cancel_entries;
pub use stream_items::{IntoItems, IsFallibleItems, IsPlainItems};
pub use stream_run::StreamEnd;
pub use trigger::{Trigger, TriggerArgument, triggered};
pub use upload::Upload;
pub use upload_error::UploadError;
