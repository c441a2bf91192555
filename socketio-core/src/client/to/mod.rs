//! [`To`], the recipients of an event: emitting to them, calling them, and changing their rooms.

mod asking;
mod calls;
mod clients;
mod deliver;
mod delivery;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod to;

pub use deliver::Deliver;
pub use to::To;
