//! The local clients: namespaces, rooms, outboxes, session values.
//!
//! No user code runs under a lock of this module. Locks are taken in the order client → log → namespace → room → outbox.

mod aliases;
mod client;
mod client_acks;
mod client_set;
mod client_state;
mod client_work;
mod close_request;
mod connection_handle;
mod connections;
mod credentials;
mod delivery;
mod delivery_options;
mod droppable;
mod exclusion;
mod history;
mod history_watch;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod hub;
mod joined_rooms;
mod joining;
mod keeping;
mod kept_events;
mod late_acks;
#[cfg_attr(
    not(feature = "api"),
    allow(dead_code, reason = "only the HTTP API asks")
)]
mod listing;
mod logs;
mod make_room;
mod namespace_clients;
mod observer;
mod outbox_queue;
#[cfg(test)]
mod outbox_tests;
mod pushing;
mod recording;
mod recover;
mod recoverable;
mod recoveries;
mod recovery_sessions;
mod rooms;
mod session_check;
mod slots;
mod stored;
mod stream_table;
pub mod transport;
mod user;

pub(crate) use aliases::Aliases;
pub(crate) use client::Client;
pub(crate) use close_request::CloseRequest;
pub(crate) use connection_handle::{ConnectionHandle, RunningStream, Sleep};
pub(crate) use connections::Connections;
pub(crate) use credentials::Credentials;
pub(crate) use delivery::Delivery;
pub(crate) use delivery_options::DeliveryOptions;
pub(crate) use history::{JoinFrom, RoomJoined};
pub(crate) use history_watch::HistoryWatch;
pub(crate) use hub::{Hub, Target};
pub(crate) use listing::{ClientQuery, RoomQuery};
#[cfg(feature = "api")]
pub(crate) use listing::{ClientRow, Keyed, Listed, RoomRow};
pub(crate) use logs::{Logs, NamespaceHistory};
pub(crate) use observer::{Observer, Watch};
pub(crate) use outbox_queue::{OVERFLOW_GRACE, PacketKind};
pub(crate) use recording::SentEvent;
pub(crate) use recoverable::{Ending, Recoverable};
pub(crate) use recoveries::{OnLost, Recoveries, RecoveryOptions};
pub(crate) use recovery_sessions::KeptSession;
pub use rooms::IntoRooms;
pub(crate) use rooms::Room;
pub(crate) use slots::Slot;
pub(crate) use stored::{
    Changed, KeptEvent, LookUp, LookedUp, Outcome, SessionSaver, SessionTypes, StoredEvents,
};
pub(crate) use stream_table::{StreamEntry, StreamName, StreamTable};
pub(crate) use user::{user_of, user_room};
