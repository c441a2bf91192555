//! One packet on its way to many.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    base::EncodeError,
    hub::{Client, Hub, Room, Target},
    packet::{self, Frames, Payload},
    pending::AckKind,
    pending::OnRemoteAck,
};

/// An event with its address. Encoded before anybody is looked for, so that what can't be encoded reaches nobody.
#[derive(Debug)]
pub(crate) struct Emission {
    pub(crate) namespace: Arc<str>,
    pub(crate) target: Target,
    pub(crate) skip: Vec<Room>,
    pub(crate) packet: OutgoingEvent,
    /// Whom other processes are to look for, if it concerns them.
    pub(crate) remote: Option<RemoteTarget>,
}

/// Clients of other processes.
#[derive(Clone, Debug)]
pub(crate) struct RemoteTarget {
    /// `None` is everyone.
    pub(crate) rooms: Option<Vec<Room>>,
    pub(crate) skip: Vec<Room>,
}

/// ClientOperation is sent.
pub(crate) enum OutgoingEvent {
    /// The same bytes for all who are here.
    Plain(Frames),
    /// The same bytes for all who are here, and what they were made of, for those who are not.
    Shared {
        frames: Frames,
        event: String,
        values: Payload,
    },
    /// Each recipient is asked for an acknowledgement under an id of its own.
    WithAck {
        event: String,
        values: Payload,
        limit: usize,
        on_ack: OnRemoteAck,
        timeout: Duration,
    },
}

impl OutgoingEvent {
    /// Checks the name now, with nobody asked yet.
    pub(crate) fn with_ack(
        event: &str,
        values: Payload,
        limit: usize,
        on_ack: OnRemoteAck,
        timeout: Duration,
    ) -> Result<Self, EncodeError> {
        packet::check_name(event)?;
        Ok(OutgoingEvent::WithAck {
            event: event.to_owned(),
            values,
            limit,
            on_ack,
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

    /// ClientOperation one recipient gets; nothing when it can't be asked.
    fn packet_for(&self, client: &Client, hub: &Hub) -> Option<Frames> {
        match &self.packet {
            OutgoingEvent::Plain(frames) | OutgoingEvent::Shared { frames, .. } => {
                Some(frames.clone())
            }
            OutgoingEvent::WithAck {
                event,
                values,
                limit,
                on_ack,
                ..
            } => {
                let pending = on_ack(client.sid());
                let id = client.expect_ack(AckKind::Callback, pending, *limit)?;
                let codec = &hub.codec;
                codec
                    .event_with(client.namespace(), Some(id), event, values)
                    .ok()
            }
        }
    }
}

impl fmt::Debug for OutgoingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutgoingEvent::Plain(frames) => f.debug_tuple("Plain").field(frames).finish(),
            OutgoingEvent::Shared { event, .. } => f.debug_tuple("Shared").field(event).finish(),
            OutgoingEvent::WithAck { event, .. } => f.debug_tuple("WithAck").field(event).finish(),
        }
    }
}
