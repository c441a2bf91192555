//! Namespace paths, namespace patterns and event names of the [`socketio`](https://docs.rs/socketio) crate.
//!
//! The attributes check names at compile time, the builder checks them in `build()`. Both call this crate, so they accept
//! and refuse the same names with the same words. It has no dependencies.

mod event;
mod nearest;
mod path_error;
mod pattern;
mod rate;

pub use event::{
    EventNameError, OFFSET_EVENT, RESERVED, check_handled, is_end, is_lifecycle, is_reserved,
};
pub use nearest::{is_one_edit_from, nearest};
pub use path_error::PathError;
pub use pattern::{Pattern, Segment, nest, parameters};
pub use rate::{Per, Rate, RateError};
