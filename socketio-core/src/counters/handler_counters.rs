//! [`HandlerCounters`]: what is counted for one registered handler.

use std::sync::Arc;

use super::{Counter, DurationCounters};

/// Why an event failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The arguments that the client sent are not those of the handler.
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

/// The counters of one registered handler, with the names that label them. They are those of the handler table, never
/// names that a client sent.
#[derive(Debug)]
pub(crate) struct HandlerCounters {
    /// The path or pattern of the namespace.
    pub(crate) namespace: Box<str>,
    /// Shared with what is recorded of its events.
    pub(crate) event: Arc<str>,
    /// The function's name.
    pub(crate) handler: Box<str>,
    /// Whether the counters are of an event, and not of an error handler.
    pub(crate) is_event: bool,
    /// Events that were received and routed to this handler.
    pub(crate) received: Counter,
    /// Events of this name and namespace that were put into outboxes.
    pub(crate) sent: Counter,
    /// How long the handler ran, waiting included.
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
