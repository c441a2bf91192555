//! The numbered events of a namespace: what was sent, to whom, and in which order.
//!
//! The hub appends every event that a client could have to receive later, under the lock under which it also delivers it. So the
//! order of positions is the order in which each client receives events. Clients receive their position as an offset.

mod entry;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod event_log;
mod histories;
mod memberships;
mod offset;
mod position;
mod room_pattern;

pub(crate) use entry::{Entry, Recipients};
pub(crate) use event_log::{EventLog, LogLimits, LogState, Stamped};
pub(crate) use histories::{Histories, HistoryEntry, HistoryRule};
pub(crate) use memberships::Memberships;
pub(crate) use offset::{Epoch, Offset};
pub use position::{InvalidPosition, Position};
pub(crate) use room_pattern::RoomPattern;
