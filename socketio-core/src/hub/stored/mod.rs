//! Events and sessions of an [event store](crate::event_store).
//!
//! | file | contents |
//! |---|---|
//! | `stored_events.rs` | [`StoredEvents`]: what a node knows of the store, and its tasks |
//! | `keep.rs` | what is to be kept: appended, or delivered without the store |
//! | `pending.rs` | what was appended, or is about to be, and was not read yet |
//! | `submit.rs` | queues events and other entries |
//! | `append.rs`, `outage.rs` | the task that appends, and what happens when the store is down |
//! | `late.rs` | what is appended after an outage |
//! | `follow.rs` | the task that reads what all nodes have appended, and delivers it |
//! | `tail.rs` | which entries no node needs any more, because they are too old |
//! | `origins.rs`, `number_set.rs` | which entries of each node were seen, so that none is delivered twice |
//! | `kept_event.rs`, `entry_form.rs` | an event, and the bytes of an entry |
//! | `session_mark.rs`, `session_saver.rs` | which sessions have changed, and the task that stores them |
//! | `session_record.rs`, `session_types.rs` | a session as a record, and the types of session values that are stored |
//! | `look_up.rs` | taking over the session that a client presents |
//!
//! Every node, including the one that has appended it, delivers an event when it reads it from the store. All nodes therefore deliver the
//! events in the same order and under the same numbers. A packet that a handler sends to its client directly waits behind the events that
//! this node has appended before.

mod append;
mod entry_form;
mod follow;
mod keep;
mod kept_event;
mod late;
mod look_up;
mod number_set;
mod origins;
mod outage;
mod pending;
mod session_mark;
mod session_record;
mod session_saver;
mod session_types;
mod stored_events;
mod submit;
mod tail;

pub(crate) use kept_event::{KeptEvent, Outcome};
pub(crate) use look_up::{LookUp, LookedUp};
pub(crate) use session_mark::{Changed, SessionMark};
pub(crate) use session_saver::SessionSaver;
pub(crate) use session_types::SessionTypes;
pub(crate) use stored_events::StoredEvents;
