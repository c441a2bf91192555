//! What is recorded as rows, for the HTTP API and for recorders.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use super::{Client, Hub, PacketKind, Recoverable, Room, Target, user::key_of_room};
use crate::{
    activity::{Direction, Recording, Row},
    base::Reason,
    counters::EventIndex,
    packet::Frames,
};

/// An event that is sent: its counters, and its name if it is recorded.
#[derive(Clone, Debug)]
pub(crate) struct SentEvent {
    pub(super) index: EventIndex,
    pub(super) name: Option<Box<str>>,
}

impl Row {
    /// Creates a row about one client.
    fn of(direction: Direction, client: &Client) -> Self {
        let mut row = Row::new(direction, client.namespace());
        row.socket = Some(client.sid().clone());
        row.user = client.user();
        row
    }

    /// Notes the rooms, and the user, that an event is sent to.
    fn address(&mut self, target: &Target) {
        let Target::Rooms(rooms) = target else {
            return;
        };
        for room in rooms {
            // The names of users' rooms are secret.
            match key_of_room(room) {
                Some(user) => self.user = Some(Arc::from(user)),
                None => self.rooms.push(Arc::clone(room)),
            }
        }
    }
}

impl Hub {
    /// Describes an event for [`Delivery`](super::Delivery).
    #[inline]
    pub(crate) fn sent_event(&self, namespace: &str, event: &str) -> SentEvent {
        SentEvent {
            index: self.counters.events.index(namespace, event),
            name: self.activity.is_some().then(|| Box::from(event)),
        }
    }

    /// Records that a client was accepted.
    pub(super) fn record_connect(&self, client: &Client) {
        if let Some(activity) = &self.activity {
            let mut row = Row::of(Direction::Connect, client);
            let recovers = |one: &Recoverable| one.resumed.is_some();
            if client.recoverable().is_some_and(recovers) {
                row.outcome = Cow::Borrowed("recovered");
            }
            row.duration = row.at.duration_since(client.connected_at()).ok();
            activity.record(row);
        }
    }

    /// Records that a client has left its namespace, or was refused.
    pub(super) fn record_end(&self, client: &Client, rooms: Option<Vec<Room>>, reason: Reason) {
        let Some(activity) = &self.activity else {
            return;
        };
        let mut row = match rooms {
            Some(rooms) => {
                let mut row = Row::of(Direction::Disconnect, client);
                row.rooms = rooms;
                row.outcome = Cow::Borrowed(reason.detail());
                row
            }
            None => {
                let mut row = Row::of(Direction::Connect, client);
                row.outcome = Cow::Borrowed("refused");
                row
            }
        };
        row.duration = row.at.duration_since(client.connected_at()).ok();
        activity.record(row);
    }

    /// Begins the recording of an event whose handler starts, if rows are recorded. `complete` adds the event's name and
    /// arguments.
    #[inline]
    pub(crate) fn recording(
        &self,
        client: &Client,
        bytes: usize,
        complete: impl FnOnce(&mut Row),
    ) -> Option<Box<Recording>> {
        let activity = self.activity.as_ref()?;
        let mut row = Row::of(Direction::In, client);
        row.bytes = bytes as u64;
        complete(&mut row);
        Some(Box::new(Recording::start(activity, row)))
    }

    /// Records an event that was delivered to so many clients, of which `recipient` is the first.
    pub(super) fn record_sent(
        &self,
        event: &SentEvent,
        (recipient, clients): (Option<&Arc<Client>>, u64),
        (namespace, target): (&Arc<str>, Option<&Target>),
        bytes: usize,
        outcome: &'static str,
    ) {
        let Some(activity) = &self.activity else {
            return;
        };
        let mut row = match (recipient, clients) {
            (Some(client), 0 | 1) => Row::of(Direction::Out, client),
            _ => Row::new(Direction::Out, namespace),
        };
        row.event = event
            .name
            .as_deref()
            .map(|name| Cow::Owned(name.to_owned()));
        row.clients = clients;
        row.bytes = bytes as u64;
        row.outcome = Cow::Borrowed(outcome);
        if let Some(target) = target {
            row.address(target);
        }
        activity.record(row);
    }

    /// Records an event of this node that no local client has received.
    pub(crate) fn record_unreceived(
        &self,
        event: &SentEvent,
        (namespace, target): (&Arc<str>, &Target),
        bytes: usize,
    ) {
        self.record_sent(event, (None, 0), (namespace, Some(target)), bytes, "ok");
    }

    /// Sends the acknowledgement of an event, and records it.
    pub(crate) fn acknowledge(&self, client: &Client, event: &str, packet: Frames) {
        self.record_ack(client, Some(event), packet.bytes());
        let connection = client.connection();
        connection.push(packet, PacketKind::Protocol);
    }

    /// Records an acknowledgement: of this event of the client, or of one of the server if there is no name.
    pub(crate) fn record_ack(&self, client: &Client, event: Option<&str>, bytes: usize) {
        let Some(activity) = &self.activity else {
            return;
        };
        let mut row = Row::of(Direction::Ack, client);
        row.outcome = Cow::Borrowed(match event {
            Some(_) => "sent",
            None => "received",
        });
        row.event = event.map(|event| Cow::Owned(event.to_owned()));
        row.bytes = bytes as u64;
        activity.record(row);
    }
}

impl Client {
    /// Returns when the client asked to join its namespace.
    pub(crate) fn connected_at(&self) -> SystemTime {
        self.connected_at
    }
}
