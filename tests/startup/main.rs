//! The checks of `build()`, and the handlers that it finds.
//!
//! Handlers with an attribute in this program are linked into all its servers, so a test of their problems searches for its own.

mod definitions;
mod description;
mod events;
mod linked;
mod mistakes;
mod options;
