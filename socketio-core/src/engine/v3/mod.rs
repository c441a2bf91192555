//! Version 3 of the protocol, for old clients: how it differs from version 4 in its packets, payloads and JSONP.
//!
//! The differences beyond the codec are in other files: the client pings (`heartbeat.rs`), and requests say what the client can
//! receive (`request.rs`). `protocol.rs` chooses between the versions, once for each session.

mod decode;
mod encoder;
mod jsonp;
mod packet;

pub(super) use decode::{Payload, is_binary};
pub(super) use encoder::{Encoder, ToAscii, framed};
pub(super) use jsonp::{page, script};
pub(super) use packet::{decode_binary, decode_text, encode};

/// What the handshake of a session of version 3 says about its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct V3 {
    /// The client takes binary data only as base64: `b64=1`, or JSONP.
    pub(super) base64: bool,
    /// The index of the JSONP callback, if the client polls with `<script>` elements.
    pub(super) jsonp: Option<u32>,
}
