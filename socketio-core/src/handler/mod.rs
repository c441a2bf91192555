//! From an event to a call: what is registered, and how it is found and run.

mod arities;
mod call;
mod check;
mod closure;
mod definition;
mod description;
mod dispatch;
mod entry;
mod guard;
mod handlers;
mod middleware;
mod needs;
mod pattern;
mod registering;
mod seat;
mod table;
mod trigger;

pub use closure::EventHandler;
pub use definition::{
    Called, Class, Definition, DerivedPath, FunctionShim, Handler, HandlerFuture, Instance, Kind,
    Linked, MethodShim, Namespace, NamespacePath, Outcome,
};
pub use description::{Description, HandlerInfo};
pub(crate) use dispatch::{Dispatcher, ErrorAck, EventFailure, Incoming, default_error_ack};
pub use guard::{Guard, GuardDefinition};
pub use handlers::Handlers;
pub use middleware::{EventCall, Middleware, Next};
pub(crate) use registering::registering;
pub(crate) use seat::Seat;
pub(crate) use table::{Lookup, Registry};
pub use trigger::{Trigger, TriggerArgument, triggered};
