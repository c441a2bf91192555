//! [`KeptEvent`]: an event on its way through the store.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    base::Sid,
    event_log::{Epoch, Recipients},
    hub::{DeliveryOptions, Hub, Room, Target},
    packet::{Frames, event_name},
};

/// An event that is kept for clients that are away, and in histories, with its recipients.
#[derive(Clone, Debug)]
pub(crate) struct KeptEvent {
    pub(crate) namespace: Arc<str>,
    pub(crate) event: Box<str>,
    pub(crate) recipients: Recipients,
    pub(crate) packet: Frames,
    pub(crate) options: DeliveryOptions,
    pub(crate) time: SystemTime,
    /// Whether its node has delivered it before it was appended, since the store was down.
    pub(super) is_late: bool,
}

/// The outcome of an event that was to be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// It is in the store of this epoch, with this number of this node: all nodes that follow the epoch deliver it.
    Kept(Epoch, u64),
    /// It was delivered to local clients before it was kept. Contains its number at this node, or 0 if it will not be kept. An event with a
    /// number is appended when the store can be used again, and may be in the store already.
    Unkept(u64),
}

/// Called once with the outcome of an event.
pub(crate) type OnOutcome = Box<dyn FnOnce(Outcome) + Send>;

/// Returns the current time, cut to milliseconds as in the store.
fn now() -> SystemTime {
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(now)
}

impl KeptEvent {
    pub(crate) fn new(
        namespace: &Arc<str>,
        recipients: Recipients,
        packet: &Frames,
        options: &DeliveryOptions,
    ) -> Self {
        KeptEvent {
            namespace: Arc::clone(namespace),
            event: event_name(packet).into(),
            recipients,
            packet: packet.clone(),
            options: options.clone(),
            time: now(),
            is_late: false,
        }
    }

    /// Returns an estimate of the memory that it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        512 + self.packet.bytes()
    }

    /// Returns the rooms that it was sent to; none if it was sent to one client or to everyone.
    pub(super) fn rooms(&self) -> &[Room] {
        match &self.recipients {
            Recipients::Some {
                rooms: Some(rooms), ..
            } => rooms,
            Recipients::One(_) | Recipients::Some { .. } => &[],
        }
    }

    /// Returns the recipients at this node, with the ids and rooms to leave out; `None` if there are none. `here` is the room of this node.
    pub(super) fn target<'a>(
        &'a self,
        hub: &Hub,
        here: &str,
    ) -> Option<(Target, &'a [Room], &'a [Room])> {
        match &self.recipients {
            Recipients::One(sid) => Some((self.one(hub, sid)?, &[], &[])),
            Recipients::Some { node, .. } if node.as_ref().is_some_and(|node| **node != *here) => {
                None
            }
            Recipients::Some {
                rooms,
                skip,
                except,
                ..
            } => {
                let target = match rooms {
                    Some(rooms) => Target::Rooms(rooms.clone()),
                    None => Target::Everyone,
                };
                Some((target, skip, except))
            }
        }
    }

    fn one(&self, hub: &Hub, sid: &Sid) -> Option<Target> {
        hub.client(&self.namespace, sid).map(Target::One)
    }
}
