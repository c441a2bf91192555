//! [`Origin`]: the name and location of user code, for errors and for the log.

use std::{
    borrow::Cow,
    error::Error,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    base::{ProblemLog, Sid},
    counters::HandlerCounters,
};

/// The name of user code, and where it was registered: for errors and for the log.
#[derive(Debug)]
pub(crate) struct Origin {
    /// `join`, `Rooms::on_say`, `closure`, `guard`.
    pub(crate) name: Cow<'static, str>,
    pub(crate) location: &'static Location<'static>,
    /// The counters of a handler; guards and middleware have none.
    pub(crate) counters: Option<Arc<HandlerCounters>>,
    /// Whether it was already reported that it blocks its thread.
    reported: AtomicBool,
    /// Whether it was already reported that its return value is not sent.
    unsent: AtomicBool,
    /// Whether it was already reported that it received numbers that JSON lacks.
    non_finite: AtomicBool,
}

impl Origin {
    pub(super) fn new(name: Cow<'static, str>, location: &'static Location<'static>) -> Self {
        Origin {
            name,
            location,
            counters: None,
            reported: AtomicBool::new(false),
            unsent: AtomicBool::new(false),
            non_finite: AtomicBool::new(false),
        }
    }

    /// Adds the counters of a handler.
    pub(super) fn counted(mut self, counters: HandlerCounters) -> Self {
        self.counters = Some(Arc::new(counters));
        self
    }

    /// Logs, once, that one of the polls of this user code took `elapsed`.
    #[cold]
    pub(super) fn report_blocking(&self, elapsed: Duration) {
        if !self.reported.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "socketio",
                function = &*self.name,
                location = %self.location,
                ?elapsed,
                "a handler blocked its thread and the other clients on it: move the blocking code into \
                 `tokio::task::spawn_blocking`, or put `#[socketio::event(blocking)]` on a handler that is not `async`"
            );
        }
    }

    /// Logs, once, that this user code takes an `Ack` and returns a value.
    #[cold]
    pub(super) fn report_unsent(&self) {
        if !self.unsent.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "socketio",
                function = &*self.name,
                location = %self.location,
                "a handler takes `Ack`, so its return value is not sent: return nothing, or `NoAck`"
            );
        }
    }

    /// Logs that the response of a handler with `once` was not stored.
    #[cold]
    pub(super) fn report_not_stored(&self, problems: &ProblemLog, error: &(dyn Error + 'static)) {
        const TEXT: &str =
            "the response of a handler with `once` was not stored: a retry may run it again";
        if let Some(left_out) = problems.admit(self.location, TEXT) {
            let (function, location) = (&*self.name, self.location);
            tracing::error!(target: "socketio", function, %location, error, left_out, "{TEXT}");
        }
    }

    /// Logs, as a warning once, that an argument of this user code had a number that JSON lacks.
    #[cold]
    pub(crate) fn report_non_finite(&self, event: &str, namespace: &str, sid: &Sid) {
        let (function, location) = (&*self.name, self.location);
        if self.non_finite.swap(true, Ordering::Relaxed) {
            tracing::debug!(target: "socketio", event, namespace, %sid, function, %location, "an argument has `NaN`, an infinity or a number beyond the range of `f64`");
        } else {
            tracing::warn!(
                target: "socketio", event, namespace, %sid, function, %location,
                "an argument has `NaN`, an infinity or a number beyond the range of `f64`, which JSON lacks: an `f64` receives it, \
                 `Value` and `Data` have `null` instead. Python clients write them: send `None` instead of `float('nan')`"
            );
        }
    }
}
