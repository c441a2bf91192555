//! Handlers that return a stream, and handlers that take one.
//!
//! | file | subject |
//! |---|---|
//! | `streams` | items, the end, errors, and other events meanwhile |
//! | `endings` | streams that are cancelled, whose client leaves, and that take too long |
//! | `recipients` | streams to rooms, and streams that continue without their client |
//! | `uploads` | chunks of a client as one stream |

mod endings;
mod recipients;
mod streams;
mod uploads;
