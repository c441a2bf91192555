//! Asking clients for acks: `call`, `call_stream` and callbacks.
//!
//! Called by `To` in `client`. Pending acks of local clients are kept in `hub`, those of remote clients in `cluster`.

mod ack_receiver;
mod call_stream;
mod callback;

pub(crate) use ack_receiver::{AckReceiver, AckRequest};
pub use call_stream::CallStream;
pub use callback::AckCallback;
pub(crate) use callback::Callback;
