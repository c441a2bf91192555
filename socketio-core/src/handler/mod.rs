//! From an event to a call: what is registered, and how it is found and run.

mod check;
mod closure;
mod definition;
mod description;
mod dispatch;
mod entry;
mod pattern;
mod registrations;
mod table;

pub use closure::EventHandler;
pub use definition::{
    Called, Class, Definition, DerivedPath, FunctionShim, Handler, HandlerFuture, Instance, Kind,
    Linked, MethodShim, Namespace, NamespacePath, Outcome,
};
pub use description::{Description, HandlerInfo};
pub(crate) use dispatch::{Dispatcher, ErrorAck, EventFailure, Incoming, default_error_ack};
pub(crate) use registrations::Registrations;
pub(crate) use table::{Handlers, Registry};
