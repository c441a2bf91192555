//! The numbered events of a namespace: what was sent to which recipients, and in which order.
//!
//! The hub appends every event that a client may have to receive later, under the lock under which it also delivers the event. The order of
//! positions is therefore the order in which each client receives events. Clients receive the position of an event as an offset.
//!
//! With an [event store](crate::event_store), the positions come from the store, and a log is this node's copy of a part of it.

mod entries;
mod entry;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod event_log;
mod histories;
#[cfg(test)]
mod histories_tests;
mod log_state;
#[cfg(test)]
mod log_tests;
mod memberships;
mod offset;
mod place;
mod position;
mod room_pattern;

pub(crate) use entry::{Entry, Recipients};
pub(crate) use event_log::{EventLog, LocalOffsets, LogLimits, Numbered, Stamped};
pub(crate) use histories::{Histories, HistoryEntry, HistoryRule};
pub(crate) use log_state::LogState;
pub(crate) use memberships::{Backlog, Memberships};
pub(crate) use offset::{Epoch, Offset};
pub(crate) use place::Place;
pub use position::{InvalidPosition, Position};
pub(crate) use room_pattern::RoomPattern;
