//! The recipients of an event: emitting to them, asking them, and acting on the clients among them.

mod clients;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod to;

pub use to::To;
