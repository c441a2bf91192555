//! One server process: its clients, its cluster, its options, states and tasks.
//!
//! Handles, sockets and connection tasks share the [`Node`], which does not depend on handlers.

#[cfg(feature = "contract")]
mod described;
mod description;
mod drain;
mod event_definition;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod node;
mod options;

#[cfg(feature = "contract")]
pub(crate) use described::{Described, DescribedHandlers, DescribedNamespace};
pub use description::{Description, HandlerInfo};
pub use drain::Drain;
pub(crate) use event_definition::OutgoingEvents;
pub use event_definition::{DescribeEvent, EventDefinition};
pub(crate) use node::{Files, Node};
pub(crate) use options::Options;
