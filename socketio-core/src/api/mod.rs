//! The HTTP API, by which other programs observe and control a server.
//!
//! `server/` passes requests below its path to [`ApiState`]. `router` checks the token and finds the route; each route is
//! a function in the file of its topic, and returns a [`Reply`](reply::Reply). `openapi.json` describes all of them.

#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod api;
mod attempts;
mod body;
mod change;
mod emit;
mod events;
mod handlers;
mod listing;
mod recipients;
mod router;
mod service;
#[cfg(test)]
mod tests;
mod tokens;

use crate::rest::{parameters, reply};

pub use api::Api;
pub(crate) use api::ApiState;
pub use service::ApiService;
pub use tokens::Scope;
