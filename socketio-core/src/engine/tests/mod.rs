//! Behaviour of the engine as its clients see it.

mod handshake;
mod harness;
mod heartbeat;
mod polling;
mod tcp;
mod upgrade;
mod websocket;
