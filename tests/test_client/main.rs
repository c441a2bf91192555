//! The test client itself: sending, receiving and waiting.

mod answering;
mod chat;
mod closing;
mod connecting;
mod emitting;
mod fixture;
mod namespaces;
mod raw;
mod receiving;
