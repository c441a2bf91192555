//! The admin interface: what `server.instrument(..)` is to python-socketio, for the page `https://admin.socket.io`.

mod commands;
mod instrument;
mod login;
mod options;
mod reporter;
mod shown;
mod stats;
#[cfg(test)]
mod tests;

pub(crate) use instrument::Instrument;
pub use login::AdminAuth;
pub use options::{Admin, AdminMode};
