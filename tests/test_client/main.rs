//! The test client itself: what it sends, what it sees, when it waits.

mod answering;
mod chat;
mod closing;
mod connecting;
mod emitting;
mod fixture;
mod namespaces;
mod raw;
mod receiving;
