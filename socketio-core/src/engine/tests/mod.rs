//! Tests of the engine through the protocol, as its clients see it.

mod admission;
mod handshake;
mod harness;
mod heartbeat;
mod http2;
mod jsonp;
mod polling;
mod polling_end;
mod posting;
mod request;
mod shared;
mod shutdown;
mod tcp;
mod transfers;
mod upgrade;
mod version_3;
mod websocket;
mod websocket_buffers;
mod websocket_limits;
mod whole_frames;
