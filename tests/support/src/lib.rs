//! Helpers that the integration tests share.
//!
//! A crate rather than a module that each test program includes: it is compiled once, and a helper that nobody uses any more is
//! found by searching instead of by a warning in every program.
//!
//! | module | what it offers |
//! |---|---|
//! | [`engine_client`] | clients of Engine.IO below the protocol: raw WebSocket frames, raw polling requests, over in-memory or TCP streams |
//! | [`http`] | HTTP requests to a server, in the process or over a stream |

pub mod engine_client;
pub mod http;
