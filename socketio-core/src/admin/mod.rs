//! The admin interface for the page `https://admin.socket.io`, like `server.instrument(..)` in python-socketio.
//!
//! It consists of handlers (`commands`), an observer of the hub (`reporter`) and counters (`stats`).

#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod admin;
mod attempts;
mod commands;
mod instrument;
mod login;
mod reporter;
mod stats;
#[cfg(test)]
mod tests;
mod view;

pub use admin::{Admin, AdminMode};
pub(crate) use instrument::Instrument;
pub use login::AdminAuth;
