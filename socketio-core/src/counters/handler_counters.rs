//! [`HandlerCounters`]: the counters of one registered handler.

use std::sync::Arc;

use super::{Counter, DurationCounters};

/// Why an event failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The client's arguments do not match the handler's parameters.
    InvalidArguments,
    /// A guard or a handler refused it.
    Forbidden,
    /// User code panicked.
    Panic,
    /// User code returned another error.
    Error,
}

impl ErrorKind {
    /// All kinds, in the order of their discriminants.
    pub(crate) const ALL: [ErrorKind; 4] = [
        ErrorKind::InvalidArguments,
        ErrorKind::Forbidden,
        ErrorKind::Panic,
        ErrorKind::Error,
    ];

    /// Returns the name that is used as a label.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ErrorKind::InvalidArguments => "invalid_arguments",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::Panic => "panic",
            ErrorKind::Error => "error",
        }
    }
}

/// The counters of one registered handler, with the names that label them. The names come from the handler table, never from a client.
#[derive(Debug)]
pub(crate) struct HandlerCounters {
    /// The path or pattern of the namespace.
    pub(crate) namespace: Box<str>,
    /// Shared with the records of its events.
    pub(crate) event: Arc<str>,
    /// The function's name.
    pub(crate) handler: Box<str>,
    /// Whether the counters are of an event, and not of an error handler.
    pub(crate) is_event: bool,
    /// Events that were received and routed to this handler.
    pub(crate) received: Counter,
    /// Events of this name and namespace that were put into outboxes.
    pub(crate) sent: Counter,
    /// How long the handler ran, including the time that it waited.
    pub(crate) duration: DurationCounters,
    errors: [Counter; ErrorKind::ALL.len()],
}

impl HandlerCounters {
    pub(crate) fn new(namespace: &str, event: &str, handler: &str, is_event: bool) -> Self {
        HandlerCounters {
            namespace: namespace.into(),
            event: event.into(),
            handler: handler.into(),
            is_event,
            received: Counter::default(),
            sent: Counter::default(),
            duration: DurationCounters::default(),
            errors: Default::default(),
        }
    }

    /// Counts an event that failed.
    pub(crate) fn failed(&self, kind: ErrorKind) {
        self.errors[kind as usize].increment();
    }

    /// Returns how many events failed for this reason.
    pub(crate) fn errors(&self, kind: ErrorKind) -> u64 {
        self.errors[kind as usize].get()
    }
}
