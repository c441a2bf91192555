//! [`Emission`]: one event with its recipients.
//!
//! `To` creates emissions for the emitter, and the message handler creates them from messages of other nodes.

use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{runtime::Handle, time::Instant};

use crate::{
    base::{EmitError, EncodeError, Sid},
    event_log::{EventLog, Recipients, Stamped},
    hub::{
        Client, Delivery, DeliveryOptions, Hub, KeptEvent, Room, SentEvent, StoredEvents, Target,
    },
    packet::{Codec, Frames, Payload},
    pending::{AckKind, AckSources, OnRemoteAck},
};

/// An event with its recipients. It is encoded before recipients are looked up, so that an event that can't be encoded
/// reaches no recipient.
#[derive(Debug)]
pub(crate) struct Emission {
    pub(crate) namespace: Arc<str>,
    pub(crate) target: Target,
    pub(crate) skip: Vec<Room>,
    pub(crate) except: Vec<Room>,
    /// The event, for its counters and its row.
    pub(crate) event: SentEvent,
    pub(crate) delivery: DeliveryOptions,
    pub(crate) packet: OutgoingEvent,
    /// The remote recipients; `None` if there can be none.
    pub(crate) remote: Option<RemoteTarget>,
    /// Whether only clients of this node are addressed.
    pub(crate) is_local: bool,
}

/// Clients of other nodes.
#[derive(Clone, Debug)]
pub(crate) struct RemoteTarget {
    /// The rooms, or the ids of clients; `None` matches everyone.
    pub(crate) rooms: Option<Vec<Room>>,
    /// The ids of clients that are left out.
    pub(crate) skip: Vec<Room>,
    /// The rooms whose clients are left out.
    pub(crate) except: Vec<Room>,
}

impl RemoteTarget {
    /// Returns the name that acks of a Python node contain in place of the client's id.
    pub(super) fn name(&self) -> &str {
        match self.rooms.as_deref() {
            Some([room]) => room,
            _ => "",
        }
    }

    /// Returns the clients whose acks are accepted: only the addressed ones, if all are addressed by their ids.
    pub(super) fn ack_sources(&self) -> AckSources {
        let rooms = self.rooms.as_deref().unwrap_or_default();
        if rooms.is_empty() || !rooms.iter().all(|room| Sid::is_sid(room)) {
            return AckSources::Any;
        }
        let mut clients: Vec<_> = rooms.iter().map(|room| Sid::from(&**room)).collect();
        clients.sort_unstable();
        clients.dedup();
        AckSources::Clients(clients)
    }

    /// Returns the ids for python-socketio to leave out. It ignores the extension `except`, so the names of `except` are
    /// included: it understands those that are ids of clients.
    pub(super) fn skip_sid(&self) -> Vec<Room> {
        self.skip.iter().chain(&self.except).cloned().collect()
    }
}

/// An event in the form in which it is sent.
pub(crate) enum OutgoingEvent {
    /// The same bytes for all local recipients.
    Plain(Frames),
    /// The same bytes for all local recipients, and the values that they were encoded from, for remote ones.
    Shared {
        frames: Frames,
        event: String,
        values: Payload,
    },
    /// Each recipient is asked for an ack under its own id.
    WithAck {
        event: String,
        values: Payload,
        limit: usize,
        on_ack: OnRemoteAck,
        timeout: Duration,
        /// The time after which the pending acks of local clients end, and a runtime to wait in; `None` if they do not expire.
        expires: Option<(Duration, Option<Handle>)>,
    },
}

/// The local clients that were asked for acks that expire, with the ids of the acks.
#[derive(Debug, Default)]
pub(crate) struct Asked(Vec<(Weak<Client>, u64)>);

impl Asked {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends the acks that are still pending, and returns their number.
    pub(crate) fn expire(self) -> u64 {
        let mut expired = 0;
        for (client, id) in self.0 {
            let is_expired = client.upgrade().is_some_and(|client| client.expire_ack(id));
            expired += u64::from(is_expired);
        }
        expired
    }
}

impl OutgoingEvent {
    /// Creates an event that asks for acks. Checks the name and the values before any recipient is asked.
    pub(crate) fn with_ack(
        codec: &Codec,
        event: &str,
        values: Payload,
        limit: usize,
        on_ack: OnRemoteAck,
        timeout: Duration,
    ) -> Result<Self, EncodeError> {
        codec.check(event, &values)?;
        Ok(OutgoingEvent::WithAck {
            event: event.to_owned(),
            values,
            limit,
            on_ack,
            timeout,
            expires: None,
        })
    }

    /// Sets the time after which the pending acks of local clients end. Default: they do not expire.
    pub(crate) fn expires(mut self, after: Option<(Duration, Option<Handle>)>) -> Self {
        if let OutgoingEvent::WithAck { expires, .. } = &mut self {
            *expires = after;
        }
        self
    }

    /// Returns the size of the event for one local client, in bytes; a lower bound if it asks for acks.
    pub(crate) fn bytes(&self) -> usize {
        self.size().1
    }

    /// Returns the number of messages and bytes of the event for one local client; a lower bound if it asks for acks.
    fn size(&self) -> (usize, usize) {
        match self {
            OutgoingEvent::Plain(frames) | OutgoingEvent::Shared { frames, .. } => {
                (frames.count(), frames.bytes())
            }
            OutgoingEvent::WithAck { event, .. } => (1, event.len()),
        }
    }
}

/// No limit besides those of the outbox.
const ANY: (usize, usize) = (usize::MAX, usize::MAX);

/// The size of a packet, in bytes, from which on the recipients that share it are counted.
const SHARED: usize = 256;

impl Emission {
    /// Returns this node's side of the event store and the event for it, if the event is kept there.
    pub(super) fn for_store<'a>(&self, hub: &'a Hub) -> Option<(&'a StoredEvents, KeptEvent)> {
        let stored = hub.stored_for(&self.namespace, self.rooms())?;
        let (OutgoingEvent::Plain(frames) | OutgoingEvent::Shared { frames, .. }) = &self.packet
        else {
            return None;
        };
        if self.delivery.is_volatile {
            return None;
        }
        let mut recipients = self.recipients();
        if self.is_local
            && let Recipients::Some { node, .. } = &mut recipients
        {
            *node = Some(stored.room_of_node());
        }
        let event = KeptEvent::new(&self.namespace, recipients, frames, &self.delivery);
        Some((stored, event))
    }

    /// Returns an estimate of the number of local recipients.
    pub(super) fn reach(&self, hub: &Hub) -> u64 {
        hub.reach(&self.namespace, &self.target) as u64
    }

    fn recipients(&self) -> Recipients {
        let (skip, except) = (&self.skip, &self.except);
        match &self.target {
            Target::One(client) => Recipients::One(client.sid().clone()),
            Target::Everyone => Recipients::some(None, skip, except),
            Target::Rooms(rooms) => Recipients::some(Some(rooms), skip, except),
        }
    }

    fn rooms(&self) -> &[Room] {
        match &self.target {
            Target::Rooms(rooms) => rooms,
            Target::One(_) | Target::Everyone => &[],
        }
    }

    /// Delivers to the local recipients, and returns their number.
    pub(crate) fn deliver(&self, hub: &Hub, asked: &mut Asked) -> u64 {
        if let Some(log) = hub.log(&self.namespace)
            && let OutgoingEvent::Plain(frames) | OutgoingEvent::Shared { frames, .. } =
                &self.packet
        {
            return self.deliver_logged(hub, &log, frames);
        }
        let mut delivery = self.delivery(hub);
        self.select(hub, |client| {
            if let Some(packet) = self.packet_for(client, hub, asked) {
                delivery.deliver(client, packet);
            }
        });
        delivery.finish()
    }

    /// Delivers to the local recipients, and keeps the event for those that have lost their connection, unless it is volatile.
    fn deliver_logged(&self, hub: &Hub, log: &EventLog, frames: &Frames) -> u64 {
        let mut delivery = self.delivery(hub);
        let recipients = || self.recipients();
        let rooms = self.rooms();
        let mut deliver = |stamped: &Stamped| {
            self.select(hub, |client| {
                delivery.deliver_stamped(client, frames, stamped);
            });
        };
        // An event that comes over the message queue is kept by the node that emits it, if at all.
        if self.delivery.is_volatile || log.is_stored() {
            log.pass(frames, deliver);
        } else {
            let Ok(()) = log.publish(frames, rooms, recipients, |stamped| {
                deliver(stamped);
                Ok::<_, Infallible>(())
            });
        }
        delivery.finish()
    }

    /// Delivers to each local recipient once its outbox has room, and waits for that for up to `timeout`. In a namespace whose events are kept,
    /// delivers to all of them once all have room or, without `deliver_logged`, only waits.
    ///
    /// # Errors
    ///
    /// If a recipient has had no room in this time.
    pub(crate) async fn deliver_waiting(
        &self,
        hub: &Hub,
        timeout: Duration,
        asked: &mut Asked,
        deliver_logged: bool,
    ) -> Result<(), EmitError> {
        let mut waiting = Vec::new();
        let (messages, bytes) = self.packet.size();
        let has_room = |client: &Client| {
            let connection = Arc::clone(client.connection());
            async move { connection.has_room(messages, bytes, ANY).await }
        };
        let is_logged = hub.log(&self.namespace).is_some();
        {
            let mut delivery = self.delivery(hub);
            self.select(hub, |client| {
                if has_room(client).now_or_never().is_none() {
                    waiting.push(Arc::clone(client));
                } else if !is_logged && let Some(packet) = self.packet_for(client, hub, asked) {
                    delivery.deliver(client, packet);
                }
            });
            if !is_logged {
                delivery.finish();
            }
        }
        let deadline = Instant::now() + timeout;
        for client in waiting {
            let room = tokio::time::timeout_at(deadline, has_room(&client)).await;
            room.map_err(|_| EmitError::outbox_full())?;
            if !is_logged && let Some(packet) = self.packet_for(&client, hub, asked) {
                hub.deliver(&client, self.event.clone(), packet, &self.delivery);
            }
        }
        if is_logged && deliver_logged {
            self.deliver(hub, asked);
        }
        Ok(())
    }

    fn delivery<'a>(&'a self, hub: &'a Hub) -> Delivery<'a> {
        Delivery::new(hub, &self.namespace, self.event.clone())
            .to(&self.target)
            .shared(self.shared_by(hub))
            .options(&self.delivery)
    }

    fn select(&self, hub: &Hub, each: impl FnMut(&Arc<Client>)) {
        let (skip, except) = (&self.skip, &self.except);
        hub.select(&self.namespace, &self.target, skip, except, each);
    }

    /// Returns an estimate of how many recipients share the bytes of the packet. Recipients of small packets are not counted.
    fn shared_by(&self, hub: &Hub) -> usize {
        match &self.packet {
            OutgoingEvent::Plain(frames) | OutgoingEvent::Shared { frames, .. }
                if frames.bytes() >= SHARED =>
            {
                hub.reach(&self.namespace, &self.target)
            }
            _ => 1,
        }
    }

    /// Returns the packet of one recipient; `None` if it can't be asked for an ack.
    fn packet_for(&self, client: &Arc<Client>, hub: &Hub, asked: &mut Asked) -> Option<Frames> {
        match &self.packet {
            OutgoingEvent::Plain(frames) | OutgoingEvent::Shared { frames, .. } => {
                Some(frames.clone())
            }
            OutgoingEvent::WithAck {
                event,
                values,
                limit,
                on_ack,
                expires,
                ..
            } => {
                let on_ack = on_ack(client.sid());
                let id = client.expect_ack(&self.event, AckKind::Callback, on_ack, *limit)?;
                if expires.is_some() {
                    asked.0.push((Arc::downgrade(client), id));
                }
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
