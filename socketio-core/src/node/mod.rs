//! One server process: its clients, its cluster, its options, states and tasks.
//!
//! Handles, sockets and connection tasks share the [`Node`]; it knows nothing of handlers.

mod description;
mod drain;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod node;
mod options;

pub use description::{Description, HandlerInfo};
pub use drain::Drain;
pub(crate) use node::{Files, Node};
pub(crate) use options::Options;
