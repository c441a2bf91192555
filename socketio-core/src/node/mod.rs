//! One server process: its clients, the way to other nodes, its options, states and tasks.

mod description;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod node;
mod options;

pub use description::{Description, HandlerInfo};
pub(crate) use node::Node;
pub(crate) use options::Options;
