//! [`Counters`]: the counters of a whole server.

use super::{Counter, DurationCounters, EventTable, RatedCounters};
use crate::base::Reason;

/// The transport of a connection, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Polling,
    WebSocket,
    /// A custom transport.
    Other,
}

impl Transport {
    /// All transports, in the order of their discriminants.
    pub(crate) const ALL: [Transport; 3] =
        [Transport::Polling, Transport::WebSocket, Transport::Other];

    /// Returns the transport of this name.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "polling" => Transport::Polling,
            "websocket" => Transport::WebSocket,
            _ => Transport::Other,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Transport::Polling => "polling",
            Transport::WebSocket => "websocket",
            Transport::Other => "other",
        }
    }
}

/// The counters of one server. Each is incremented where the counted thing happens.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) events: EventTable,
    /// The events over each rate limit.
    pub(crate) rated: Vec<RatedCounters>,
    opened: [Counter; Transport::ALL.len()],
    closed: [Counter; Reason::ALL.len()],
    /// Connections that changed from polling to WebSocket.
    pub(crate) upgraded: Counter,
    pub(crate) clients_accepted: Counter,
    pub(crate) clients_refused: Counter,
    pub(crate) messages_received: Counter,
    pub(crate) bytes_received: Counter,
    pub(crate) messages_sent: Counter,
    pub(crate) bytes_sent: Counter,
    /// Events that `OverflowPolicy::DropNewest` dropped.
    pub(crate) dropped_newest: Counter,
    /// Events that `OverflowPolicy::DropOldest` and `LatestPerKey` dropped because they were the oldest.
    pub(crate) dropped_oldest: Counter,
    /// Events that `OverflowPolicy::LatestPerKey` dropped for a later one with the same key.
    pub(crate) dropped_superseded: Counter,
    /// Volatile events that could not be written at once.
    pub(crate) dropped_volatile: Counter,
    /// Packets for clients that `OverflowPolicy::Disconnect` disconnected.
    pub(crate) dropped_disconnecting: Counter,
    /// Events that a handler could not emit because the outbox was full.
    pub(crate) outbox_full: Counter,
    /// Acknowledgements that a `call` has waited for until its timeout.
    pub(crate) acks_timed_out: Counter,
    /// Events with `once` that were handled before: their stored response was sent again.
    pub(crate) once_repeated: Counter,
    /// Responses of events with `once` that could not be stored.
    pub(crate) once_not_stored: Counter,
    /// Kept events that a client has acknowledged.
    pub(crate) deliveries_acknowledged: Counter,
    /// Kept events that were not acknowledged in time.
    pub(crate) undelivered_expired: Counter,
    /// Kept events that were sent as many times as allowed.
    pub(crate) undelivered_attempts: Counter,
    /// Kept events that could not be sent.
    pub(crate) undelivered_invalid: Counter,
    /// The time from when a ping is due until its pong arrives.
    pub(crate) ping: DurationCounters,
}

impl Counters {
    pub(crate) fn new(events: EventTable, rated: Vec<RatedCounters>) -> Self {
        Counters {
            events,
            rated,
            ..Counters::default()
        }
    }

    /// Counts a connection that was opened over this transport.
    pub(crate) fn opened(&self, transport: &str) {
        self.opened[Transport::named(transport) as usize].increment();
    }

    /// Counts a connection that has ended.
    pub(crate) fn closed(&self, reason: Reason) {
        if let Some(index) = Reason::ALL.iter().position(|one| *one == reason) {
            self.closed[index].increment();
        }
    }

    /// Returns how many connections were opened over each transport.
    pub(crate) fn all_opened(&self) -> impl Iterator<Item = (Transport, u64)> {
        Transport::ALL
            .into_iter()
            .zip(self.opened.iter().map(Counter::get))
    }

    /// Returns how many connections ended for each reason.
    pub(crate) fn all_closed(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL
            .into_iter()
            .zip(self.closed.iter().map(Counter::get))
    }
}
