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
        hub.select(&self.namespace, &self.target, &self.skip, |client| {
            self.deliver_to(client, hub);
        });
    }

    fn deliver_to(&self, client: &Arc<Client>, hub: &Hub) {
        match &self.packet {
            Packet::Plain(frames) => client.deliver(frames.clone()),
            Packet::Asking {
                event,
                values,
                limit,
                pending,
            } => {
                if let Some(id) = client.await_ack(Waiting::Callback, pending(), *limit)
                    && let Ok(packet) =
                        hub.codec
                            .event_with(client.namespace(), Some(id), event, values)
                {
                    client.deliver(packet);
                }
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
