//! Asking clients for acks: `call`, `call_stream` and callbacks.
//!
//! Called by `To` in `client`. Pending acks are kept in `hub` for local clients, and in `cluster` for remote ones.

mod ack_receiver;
mod call_stream;
mod callback;

pub(crate) use ack_receiver::{AckReceiver, AckRequest};
pub use call_stream::CallStream;
pub use callback::AckCallback;
pub(crate) use callback::Callback;
