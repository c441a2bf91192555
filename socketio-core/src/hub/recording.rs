//! Records what happens to clients as rows, for the HTTP API and for recorders.

use std::{sync::Arc, time::SystemTime};

use super::{Client, Hub, PacketKind, Recoverable, Room, Target, user_of};
use crate::{
    activity::{Direction, Record, Recording, Subject, shared_name},
    base::Reason,
    counters::EventIndex,
    packet::Frames,
};

/// An event that is sent: its counters, and its name if it is recorded.
#[derive(Clone, Debug)]
pub(crate) struct SentEvent {
    pub(super) index: EventIndex,
    pub(super) name: Option<Arc<str>>,
}

impl Record {
    /// Creates a record about one client.
    #[inline]
    fn of(direction: Direction, client: &Client) -> Self {
        Record::new(direction, client.subject())
    }

    /// Notes the rooms and the user that an event is sent to.
    fn address(&mut self, target: &Target) {
        let Target::Rooms(rooms) = target else {
            return;
        };
        for room in rooms {
            // The names of users' rooms are secret.
            match user_of(room) {
                Some(user) => self.set_user(user),
                None => self.add_room(Arc::clone(room)),
            }
        }
    }
}

impl Hub {
    /// Describes an event for [`Delivery`](super::Delivery).
    #[inline]
    pub(crate) fn sent_event(&self, namespace: &str, event: &str) -> SentEvent {
        let index = self.counters.events.index(namespace, event);
        SentEvent {
            index,
            name: match &self.activity {
                None => None,
                Some(_) => Some(match self.counters.events.name(index) {
                    Some(name) => Arc::clone(name),
                    None => shared_name(event),
                }),
            },
        }
    }

    /// Records that a client was accepted.
    pub(super) fn record_connect(&self, client: &Client) {
        if let Some(activity) = &self.activity {
            let mut record = Record::of(Direction::Connect, client);
            let recovers = |one: &Recoverable| one.resumed.is_some();
            if client.recoverable().is_some_and(recovers) {
                record.outcome = "recovered";
            }
            record.duration = record.time().duration_since(client.connected_at()).ok();
            activity.record(record);
        }
    }

    /// Records that a client has left its namespace, or was refused.
    pub(super) fn record_end(&self, client: &Client, rooms: Option<Vec<Room>>, reason: Reason) {
        let Some(activity) = &self.activity else {
            return;
        };
        let mut record = match rooms {
            Some(rooms) => {
                let mut record = Record::of(Direction::Disconnect, client);
                record.set_rooms(rooms);
                record.outcome = reason.detail();
                record
            }
            None => {
                let mut record = Record::of(Direction::Connect, client);
                record.outcome = "refused";
                record
            }
        };
        record.duration = record.time().duration_since(client.connected_at()).ok();
        activity.record(record);
    }

    /// Starts to record an event of a client whose handler starts, if rows are recorded. The caller adds the event's name and arguments.
    #[inline]
    pub(crate) fn recording(&self, client: &Client, bytes: usize) -> Option<Box<Recording>> {
        let activity = self.activity.as_ref()?;
        let bytes = bytes as u64;
        Some(Recording::start(activity, client.subject(), bytes))
    }

    /// Records an event that was delivered to `clients` clients, of which `recipient` is the first.
    pub(super) fn record_sent(
        &self,
        name: Option<Arc<str>>,
        (recipient, clients): (Option<&Arc<Client>>, u64),
        (namespace, target): (&Arc<str>, Option<&Target>),
        bytes: usize,
        outcome: &'static str,
    ) {
        let Some(activity) = &self.activity else {
            return;
        };
        let mut record = match (recipient, clients) {
            (Some(client), 0 | 1) => Record::of(Direction::Out, client),
            _ => {
                let subject = Subject::new(Arc::clone(namespace), None, None);
                Record::new(Direction::Out, Arc::new(subject))
            }
        };
        record.event = name;
        record.clients = clients;
        record.bytes = bytes as u64;
        record.outcome = outcome;
        if let Some(target) = target {
            record.address(target);
        }
        activity.record(record);
    }

    /// Records an event of this node that no local client has received.
    pub(crate) fn record_unreceived(
        &self,
        event: &SentEvent,
        (namespace, target): (&Arc<str>, &Target),
        bytes: usize,
    ) {
        self.record_sent(
            event.name.clone(),
            (None, 0),
            (namespace, Some(target)),
            bytes,
            "ok",
        );
    }

    /// Sends the acknowledgement of an event, and records it.
    #[inline]
    pub(crate) fn acknowledge(&self, client: &Client, event: &str, packet: Frames) {
        let connection = client.connection();
        if self.is_plain {
            return connection.push(packet, PacketKind::Protocol);
        }
        self.record_ack(client, event, packet.bytes());
        self.push_behind(client, packet);
    }

    /// Sends an acknowledgement. With an event store, it follows the events that wait for the store, and the storing of changes of the client's
    /// session.
    pub(crate) fn push_behind(&self, client: &Client, packet: Frames) {
        let connection = client.connection();
        let Some(stored) = self.stored() else {
            return connection.push(packet, PacketKind::Protocol);
        };
        let mark = client
            .recoverable()
            .and_then(|recoverable| recoverable.mark.as_deref());
        match self.saver().zip(mark) {
            Some((saver, mark)) => saver.acknowledge(self, mark, connection, packet),
            None => stored.push_behind(connection, packet),
        }
    }

    /// Records an acknowledgement that the server sends for an event of the client.
    #[inline]
    pub(crate) fn record_ack(&self, client: &Client, event: &str, bytes: usize) {
        if let Some(activity) = &self.activity {
            let mut record = Record::of(Direction::Ack, client);
            record.event = Some(shared_name(event));
            record.outcome = "sent";
            record.bytes = bytes as u64;
            activity.record(record);
        }
    }

    /// Records an acknowledgement that the client has sent for the server's event with this id.
    #[inline]
    pub(crate) fn record_received_ack(&self, client: &Client, id: Option<u64>, bytes: usize) {
        if let Some(activity) = &self.activity {
            let mut record = Record::of(Direction::Ack, client);
            record.event = id.and_then(|id| client.event_of_ack(id));
            record.outcome = "received";
            record.bytes = bytes as u64;
            activity.record(record);
        }
    }
}

impl Client {
    /// Returns when the client asked to join its namespace.
    pub(crate) fn connected_at(&self) -> SystemTime {
        self.connected_at
    }
}
