//! The recipients of an event: emitting to them, calling them, and operations on the clients among them.

mod calls;
mod clients;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod to;

pub use to::To;
