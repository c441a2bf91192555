//! Helpers that the integration tests share.
//!
//! A crate rather than a module that each test program includes: it is compiled once, and a helper that nobody uses any more is
//! found by searching instead of by a warning in every program.
//!
//! | module or item | what it offers |
//! |---|---|
//! | [`engine_client`] | clients of Engine.IO below the protocol: raw WebSocket frames, raw polling requests, over in-memory or TCP streams |
//! | [`http`] | HTTP requests to a server, in the process or over a stream |
//! | [`Log`] | what was logged, as text |
//! | [`Notes`] | what happened, in order |
//! | [`problem`], [`problems`] | what `build()` finds out |
//! | [`Directory`] | a temporary directory |
//! | [`settle`] | a pause in which all tasks get as far as they can |

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
