//! The local clients: namespaces, rooms, outboxes, session values.
//!
//! No user code runs under a lock of this module. Locks are taken in the order client → namespace → room → outbox.

mod aliases;
mod client;
mod client_set;
mod client_state;
mod connection_handle;
mod connections;
mod delivery;
mod exclusion;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod hub;
mod joined_rooms;
mod namespace_clients;
mod observer;
mod outbox_queue;
mod rooms;
mod slots;
pub mod transport;
mod user;

pub(crate) use aliases::Aliases;
pub(crate) use client::Client;
pub(crate) use connection_handle::{CloseRequest, ConnectionHandle, Sleep};
pub(crate) use connections::Connections;
pub(crate) use delivery::Delivery;
pub(crate) use hub::{Hub, Target};
pub(crate) use observer::{Observer, Watch};
pub(crate) use outbox_queue::{OVERFLOW_GRACE, PacketKind};
pub use rooms::IntoRooms;
pub(crate) use rooms::Room;
pub(crate) use slots::Slot;
pub(crate) use user::{user_of, user_room};
