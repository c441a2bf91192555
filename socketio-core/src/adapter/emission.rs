//! One packet on its way to many.

use std::{fmt, sync::Arc};

use crate::{
    hub::{Client, Hub, Pending, Room, Target, Waiting},
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
}

/// What is sent.
pub(crate) enum Packet {
    /// The same bytes for all.
    Plain(Frames),
    /// Each recipient is asked for an acknowledgement under an id of its own.
    Asking {
        event: String,
        values: Values,
        limit: usize,
        pending: AckFactory,
    },
}

/// Makes what awaits one recipient's acknowledgement.
pub(crate) type AckFactory = Box<dyn Fn() -> Pending + Send + Sync>;

impl Packet {
    /// Checks the name now, with nobody asked yet.
    pub(crate) fn asking(
        event: &str,
        values: Values,
        limit: usize,
        pending: AckFactory,
    ) -> Result<Self, EncodeError> {
        protocol::check_name(event)?;
        Ok(Packet::Asking {
            event: event.to_owned(),
            values,
            limit,
            pending,
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
            Packet::Plain(frames) => Some(frames.clone()),
            Packet::Asking {
                event,
                values,
                limit,
                pending,
            } => {
                let id = client.await_ack(Waiting::Callback, pending(), *limit)?;
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
            Packet::Asking { event, .. } => f.debug_tuple("Asking").field(event).finish(),
        }
    }
}
