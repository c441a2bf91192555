//! The lifecycle of a server: what starts, what ends when, and in which time, whatever user code does.

mod accepting;
mod fixture;
mod http;
mod serving;
mod shutdown;
#[cfg(unix)]
mod signals;
