//! Asking clients for acks: `call`, `call_stream` and callbacks.
//!
//! The recipients in `client` start here; local acks are pending in each client of the `hub`, remote ones in the `cluster`.

mod call;
mod call_stream;
mod callback;

pub(crate) use call::{AckReceiver, AckRequest};
pub use call_stream::CallStream;
pub use callback::AckCallback;
pub(crate) use callback::Callback;
