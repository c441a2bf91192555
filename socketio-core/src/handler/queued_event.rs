//! [`QueuedEvent`]: an event between its arrival and its handler.

use std::{borrow::Borrow, sync::Arc};

use super::{Route, entry::Entry, registry::Lookup};
use crate::{
    activity::{Record, Recording, shared_name},
    counters::Counters,
    hub::{Client, Hub},
    packet::{AckId, Arguments, Received},
};

/// An event as it was received, with its route.
#[derive(Debug)]
pub(crate) struct QueuedEvent<E = Arc<Entry>> {
    pub(crate) route: Route<E>,
    /// The name, if the event has no handler of its own.
    pub(super) name: Option<Box<str>>,
    pub(super) id: Option<AckId>,
    pub(crate) arguments: Arguments,
    /// Its row, once its handler has started, if rows are recorded.
    pub(super) recording: Option<Box<Recording>>,
}

impl<'a> QueuedEvent<&'a Arc<Entry>> {
    /// Creates an event from a received packet, and looks up its handler.
    #[inline]
    pub(crate) fn new(packet: Received, handlers: &'a Lookup) -> Self {
        let route = handlers.route(packet.event());
        let name = match route.entry() {
            Some(entry) if *entry.event != *"*" => None,
            _ => Some(Box::from(packet.event())),
        };
        QueuedEvent {
            route,
            name,
            id: packet.id(),
            arguments: packet.into_arguments(),
            recording: None,
        }
    }
}

impl<E: Borrow<Arc<Entry>>> QueuedEvent<E> {
    /// Returns the event with an entry of its own, so that it can wait.
    pub(crate) fn owned(self) -> QueuedEvent {
        QueuedEvent {
            route: self.route.owned(),
            name: self.name,
            id: self.id,
            arguments: self.arguments,
            recording: self.recording,
        }
    }

    /// Returns the id of the acknowledgement that it asks for.
    pub(crate) fn ack_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Counts the event for its handler.
    pub(crate) fn count(&self, counters: &Counters) {
        match self
            .route
            .origin()
            .and_then(|origin| origin.counters.as_ref())
        {
            Some(counters) => counters.received.increment(),
            None => counters.events.unhandled.increment(),
        }
    }

    /// Starts to record the event, if rows are recorded.
    #[inline]
    pub(crate) fn record(&mut self, hub: &Hub, client: &Client, bytes: usize) {
        if let Some(mut recording) = hub.recording(client, bytes) {
            recording.complete(|record| self.describe(record));
            self.recording = Some(recording);
        }
    }

    /// Adds the name and the arguments to its record.
    fn describe(&self, record: &mut Record) {
        let counters = self
            .route
            .origin()
            .and_then(|origin| origin.counters.as_ref());
        record.event = Some(match (&self.name, counters) {
            (None, Some(counters)) => Arc::clone(&counters.event),
            _ => shared_name(self.name()),
        });
        let recorded = self.route.entry().and_then(|entry| entry.record.as_ref());
        record.set_arguments(recorded.and_then(|recorded| {
            // Arguments that can't be read also fail the event.
            let arguments = self.arguments.clone().rest().ok()?;
            recorded.json(arguments)
        }));
    }

    /// Records that the event was rejected because of a rate limit.
    pub(crate) fn record_rejected(mut self, hub: &Hub, client: &Client, bytes: usize) {
        self.record(hub, client, bytes);
        if let Some(mut recording) = self.recording {
            recording.ended("rate_limited");
        }
    }

    /// Returns the name of the event.
    pub(crate) fn name(&self) -> &str {
        name_of(self.name.as_deref(), &self.route)
    }
}

/// Returns the name that was kept, or that of the handler.
pub(super) fn name_of<'a>(
    name: Option<&'a str>,
    route: &'a Route<impl Borrow<Arc<Entry>>>,
) -> &'a str {
    name.or_else(|| Some(&*route.entry()?.event))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each event is moved several times. Values of more than 128 bytes are moved by a call of `memcpy`.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn an_event_and_its_packet_are_small_enough_to_be_moved_without_a_call() {
        assert!(size_of::<Received>() <= 128, "{}", size_of::<Received>());
        assert!(
            size_of::<QueuedEvent>() <= 128,
            "{}",
            size_of::<QueuedEvent>()
        );
    }
}
