//! Servers over byte streams and HTTP, through the Engine.IO layer that the in-process `TestClient` bypasses.
//!
//! `test_support::engine_client` has clients for it.

mod advisories;
mod clients;
mod close_codes;
mod old_clients;
mod polling;
mod transports;
mod turns;
mod volatile;
