//! The arguments of handlers: the trait `FromEvent` and the types that implement it.

mod ack;
mod auth;
mod context;
#[cfg(feature = "contract")]
mod described;
mod from_event;
mod needs;
mod path;
mod state;
mod values;

pub use ack::Ack;
pub use auth::Auth;
pub use context::EventContext;
pub(crate) use context::Input;
#[cfg(feature = "contract")]
pub use described::{WithNeeds, WithoutNeeds};
pub use from_event::FromEvent;
pub(super) use from_event::arities;
pub(crate) use needs::Need;
pub use needs::Needs;
pub use path::Path;
pub(crate) use path::parameters;
pub use state::State;
pub use values::{EventName, Recovered};
