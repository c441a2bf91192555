//! One packet on its way to many.

use std::{fmt, sync::Arc, time::Duration};

use super::awaited::Asker;
use crate::{
    hub::{Client, Hub, Room, Target, Waiting},
    parser::{Frames, Values},
    protocol::{self, EncodeError},
};

/// An event with its address. Encoded before anybody is looked for, so that what can't be encoded reaches nobody.
#[derive(Debug)]
pub(crate) struct Emission {
    pub(crate) namespace: Arc<str>,
    pub(crate) target: Target,
    pub(crate) skip: Vec<Room>,
    pub(crate) packet: Packet,
    /// Whom other processes are to look for, if it concerns them.
    pub(crate) elsewhere: Option<Address>,
}

/// Clients of other processes.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// `None` is everyone.
    pub(crate) rooms: Option<Vec<Room>>,
    pub(crate) skip: Vec<Room>,
}

/// What is sent.
pub(crate) enum Packet {
    /// The same bytes for all who are here.
    Plain(Frames),
    /// The same bytes for all who are here, and what they were made of, for those who are not.
    Shared {
        frames: Frames,
        event: String,
        values: Values,
    },
    /// Each recipient is asked for an acknowledgement under an id of its own.
    Asking {
        event: String,
        values: Values,
        limit: usize,
        asker: Asker,
        timeout: Duration,
    },
}

impl Packet {
    /// Checks the name now, with nobody asked yet.
    pub(crate) fn asking(
        event: &str,
        values: Values,
        limit: usize,
        asker: Asker,
        timeout: Duration,
    ) -> Result<Self, EncodeError> {
        protocol::check_name(event)?;
        Ok(Packet::Asking {
            event: event.to_owned(),
            values,
            limit,
            asker,
            timeout,
        })
    }
}

impl Emission {
    /// Delivers to the clients of this process.
    pub(crate) fn deliver(&self, hub: &Hub) {
        let observer = hub.observer();
        let (mut shown, mut told) = (None, Vec::new());
        hub.select(&self.namespace, &self.target, &self.skip, |client| {
            let Some(packet) = self.packet_for(client, hub) else {
                return;
            };
            if observer.is_some() && client.is_connected() {
                told.push(Arc::clone(client));
                shown.get_or_insert_with(|| packet.clone());
            }
            client.deliver(packet);
        });
        if let (Some(observer), Some(packet)) = (observer, shown) {
            observer.sent(&told, packet);
        }
    }

    /// What one recipient gets; nothing when it can't be asked.
    fn packet_for(&self, client: &Client, hub: &Hub) -> Option<Frames> {
        match &self.packet {
            Packet::Plain(frames) | Packet::Shared { frames, .. } => Some(frames.clone()),
            Packet::Asking {
                event,
                values,
                limit,
                asker,
                ..
            } => {
                let pending = asker(client.sid());
                let id = client.await_ack(Waiting::Callback, pending, *limit)?;
                let codec = &hub.codec;
                codec
                    .event_with(client.namespace(), Some(id), event, values)
                    .ok()
            }
        }
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Packet::Plain(frames) => f.debug_tuple("Plain").field(frames).finish(),
            Packet::Shared { event, .. } => f.debug_tuple("Shared").field(event).finish(),
            Packet::Asking { event, .. } => f.debug_tuple("Asking").field(event).finish(),
        }
    }
}
