//! [`EventTable`]: finds the counters of a sent event.
//!
//! The hub looks up each sent event once. The table is built with the server and does not change, so that it needs no lock.

use std::sync::Arc;

use socketio_names::Pattern;

use super::{Counter, HandlerCounters};

/// The position of an event in the [`EventTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventIndex(usize);

/// The counters of all handlers, found by namespace and event. Names that no handler has are counted together.
///
/// It is used for every sent event, and therefore hashes only two bytes of the name.
#[derive(Debug)]
pub(crate) struct EventTable {
    handlers: Vec<Arc<HandlerCounters>>,
    /// Events by their hash; exact namespaces before patterns.
    buckets: Box<[Vec<Slot>]>,
    /// Received events without a handler.
    pub(crate) unhandled: Counter,
    /// Sent events with a name that no handler has.
    pub(crate) other_sent: Counter,
}

/// An event of one namespace or pattern, and the position of its handler.
#[derive(Debug)]
struct Slot {
    event: Arc<str>,
    namespace: Pattern,
    index: usize,
}

impl Slot {
    fn is_for(&self, namespace: &str, event: &str) -> bool {
        *self.event == *event
            && match &self.namespace {
                // All paths begin with a slash.
                Pattern::Exact(path) if path.len() == 1 => namespace.len() == 1,
                Pattern::Exact(path) => **path == *namespace,
                pattern => pattern.matches(namespace),
            }
    }
}

impl Default for EventTable {
    fn default() -> Self {
        EventTable::new(Vec::new())
    }
}

impl EventTable {
    /// Creates the table of all handlers of a server.
    pub(crate) fn new(handlers: Vec<Arc<HandlerCounters>>) -> Self {
        let size = (handlers.len() * 2).next_power_of_two();
        let mut buckets: Box<[Vec<Slot>]> = (0..size).map(|_| Vec::new()).collect();
        for (index, handler) in handlers.iter().enumerate() {
            let is_sent = *handler.event != *"*" && !socketio_names::is_lifecycle(&handler.event);
            if handler.is_event
                && is_sent
                && let Ok(namespace) = Pattern::parse(&handler.namespace)
            {
                let event = Arc::clone(&handler.event);
                buckets[hash(&event) & (size - 1)].push(Slot {
                    event,
                    namespace,
                    index,
                });
            }
        }
        for bucket in &mut buckets {
            bucket.sort_by(|Slot { namespace: a, .. }, Slot { namespace: b, .. }| {
                (a.width(), a).cmp(&(b.width(), b))
            });
        }
        EventTable {
            handlers,
            buckets,
            unhandled: Counter::default(),
            other_sent: Counter::default(),
        }
    }

    pub(crate) fn handlers(&self) -> &[Arc<HandlerCounters>] {
        &self.handlers
    }

    /// Returns the position of an event in the table.
    #[inline]
    pub(crate) fn index(&self, namespace: &str, event: &str) -> EventIndex {
        let bucket = &self.buckets[hash(event) & (self.buckets.len() - 1)];
        let found = bucket.iter().find(|slot| slot.is_for(namespace, event));
        EventIndex(found.map_or(usize::MAX, |slot| slot.index))
    }

    /// Returns the name of an event, if it is in the table.
    #[inline]
    pub(crate) fn name(&self, event: EventIndex) -> Option<&Arc<str>> {
        self.handlers.get(event.0).map(|handler| &handler.event)
    }

    /// Counts an event that was put into the outboxes of `clients` clients.
    #[inline]
    pub(crate) fn sent(&self, event: EventIndex, clients: u64) {
        match self.handlers.get(event.0) {
            Some(handler) => handler.sent.add(clients),
            None => self.other_sent.add(clients),
        }
    }
}

/// Mixes the length and two bytes of a name.
fn hash(name: &str) -> usize {
    let [first, .., last] = name.as_bytes() else {
        return name.len();
    };
    let mixed = (usize::from(*first) << 4) + usize::from(*last) + name.len() * 3;
    mixed ^ (mixed >> 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(namespace: &str, event: &str) -> Arc<HandlerCounters> {
        Arc::new(HandlerCounters::new(namespace, event, "handler", true))
    }

    #[test]
    fn events_are_counted_for_the_handler_of_that_name_and_the_rest_together() {
        let table = EventTable::new(vec![
            handler("*", "say"),
            handler("/", "say"),
            handler("/room/{id}", "say"),
            handler("/", "connect"),
            handler("/", "*"),
        ]);
        for (namespace, event) in [
            ("/", "say"),
            ("/room/1", "say"),
            ("/room/2", "say"),
            ("/elsewhere", "say"),
            ("/", "tick"),
            ("/", "*"),
            ("/", ""),
        ] {
            table.sent(table.index(namespace, event), 2);
        }
        let sent: Vec<_> = table.handlers().iter().map(|one| one.sent.get()).collect();
        assert_eq!(sent, [2, 2, 4, 0, 0]);
        assert_eq!(table.other_sent.get(), 6);
    }

    #[test]
    fn without_handlers_all_events_are_counted_together() {
        let table = EventTable::default();
        table.sent(table.index("/", "say"), 1);
        assert_eq!(table.other_sent.get(), 1);
    }
}
