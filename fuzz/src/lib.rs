//! Shared by the fuzz targets: a server whose handlers read what clients send, and checks that nothing is left behind.
//!
//! A panic ends a target, also one that the server would catch: libFuzzer's panic hook aborts the process.

#![forbid(unsafe_code)]

mod bench;
mod packets;

pub use bench::Bench;
pub use packets::{messages, round_trip};
