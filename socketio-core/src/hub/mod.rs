//! Who is connected, in which rooms, which acknowledgements are awaited, what waits to be written.
//!
//! No user code runs under a lock of this module. Locks are taken in the order client → namespace → room → outbox.

mod acks;
mod client;
mod data;
mod limits;
mod link;
mod members;
mod observer;
mod rooms;
mod sid;
mod space;
mod traffic;

pub(crate) use acks::{Pending, Waiting};
pub(crate) use client::{Client, Phase};
pub(crate) use data::Slot;
pub(crate) use limits::Limits;
pub use link::SlowClient;
pub(crate) use link::{Closing, Link, OutboxLimits};
pub(crate) use observer::{Observer, Watch};
pub use rooms::IntoRooms;
pub(crate) use rooms::Room;
pub use sid::Sid;
pub(crate) use space::{Hub, Target};
pub(crate) use traffic::Traffic;
