//! The protocol's own serializer: JSON text, with binary data in messages behind it.
//!
//! A packet is `<type>[<attachments>-][<namespace>,][<id>]<json>` ([socket.io-protocol, version 5][protocol]). [`decode()`]
//! reads only its head; [`JsonCursor`] reads the arguments straight from the text, as the types that handlers have for them.
//!
//! [protocol]: https://socket.io/docs/v4/socket-io-protocol/

mod ack_buffer;
mod assembler;
mod attached;
mod cursor;
mod decode;
mod encode;
mod expansion;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod json;
mod lenient;
mod payload;
mod placeholders;
mod rename;
mod text_packet;
mod writer;

pub(crate) use ack_buffer::AckBuffer;
pub use assembler::Assembler;
pub(super) use cursor::{JsonCursor, Progress};
pub use decode::{DecodeError, decode};
pub use encode::{ack, connect, connect_error, connect_request, disconnect, event, event_with};
pub(super) use encode::{connect_recoverable, connect_without_sid, error};
pub use json::Json;
pub(crate) use lenient::{from_text, repair};
pub use payload::{JsonPayload, payload, payload_of};
pub(crate) use placeholders::{MAX_DEPTH, is_deeper_than};
pub(crate) use rename::rename;
pub(super) use text_packet::payload_start;
pub use text_packet::{Kind, TextPacket};
