//! Contracts: the events of a server, in several formats.
//!
//! | file | subject |
//! |---|---|
//! | `golden` | the outputs for the example `contract`, word for word |
//! | `events` | names, arguments, acknowledgements, errors, guards and places of events |
//! | `types` | what serde and schemars do with types, in TypeScript |
//! | `unknown` | types without a schema: they compile, are `unknown`, and are named |
//! | `namespaces` | paths, patterns, `auth`, nested handlers |
//! | `streams` | handlers that return a stream |
//! | `drift` | `assert_matches` |
//! | `routes` | the contract over HTTP |
//!
//! Handlers of these tests belong to a server with a name, so that the example's server has its own alone.

#![cfg(feature = "contract")]

mod drift;
mod events;
mod golden;
mod namespaces;
mod routes;
mod streams;
mod types;
mod unknown;

/// The example, whose handlers are those of the server without a name.
#[path = "../../examples/contract.rs"]
#[allow(dead_code, reason = "its `main`")]
mod example;
