//! Asking clients for acknowledgements: `call`, `call_stream` and callbacks.

mod call;
mod call_stream;
mod callback;

pub(crate) use call::{AckReceiver, AckRequest};
pub use call_stream::CallStream;
pub use callback::AckCallback;
pub(crate) use callback::Callback;
