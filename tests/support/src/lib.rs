//! Helpers that the integration tests share.
//!
//! A crate rather than a module that each test program includes: it is compiled once, and helpers that one program does not use
//! cause no warnings.
//!
//! | module or item | contents |
//! |---|---|
//! | [`engine_client`] | clients of Engine.IO below the protocol: raw WebSocket frames, raw polling requests, over in-memory or TCP streams |
//! | [`http`] | HTTP requests to a server, in process or over a stream |
//! | [`Log`] | the log, as text |
//! | [`Notes`] | a list of notes, in order |
//! | [`problem`], [`problems`] | the problems that `build()` reports |
//! | [`Directory`] | a temporary directory |
//! | [`settle`] | lets all other tasks run until they wait |

mod directory;
pub mod engine_client;
pub mod http;
mod log;
mod notes;
mod problems;

pub use directory::Directory;
pub use log::Log;
pub use notes::Notes;
pub use problems::{problem, problems};

/// Lets all other tasks of a runtime with one thread run until they wait for something.
pub async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
