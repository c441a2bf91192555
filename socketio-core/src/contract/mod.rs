//! Contracts: what clients and server send to each other, as types, for programs and people.
//!
//! A [`Contract`] is built from the handler table and the outgoing events of a server. Each output has a file: TypeScript, AsyncAPI,
//! JSON Schema and a page. `command` and `assert_matches` compare an output with a file. The public module `contract`.

mod assert_matches;
mod asyncapi;
mod build;
mod command;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod contract;
mod diff;
mod events;
mod finish;
mod format;
mod json_schema;
mod lists;
mod page;
mod routes;
mod schemas;
mod typescript;
mod values;
mod whose;

pub use command::main;
pub use contract::Contract;
pub use events::{
    AckContract, Argument, ErrorContract, IncomingEvent, NamespaceContract, OutgoingEvent,
};
pub use format::Format;
pub(crate) use routes::Routes;

pub use crate::schema::Binary;
