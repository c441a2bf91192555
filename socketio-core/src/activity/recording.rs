//! [`Recording`]: an event of a client while it is being handled.

use std::{fmt, sync::Arc, time::Instant};

use super::{Activity, Direction, Record};
use crate::base::turn_clock;

/// The outcome of an event whose handler was dropped.
const CANCELLED: &str = "cancelled";

/// An event of a client while it is being handled. It is recorded on drop, however the handler ends.
pub(crate) struct Recording {
    activity: Arc<Activity>,
    started: Instant,
    has_ended: bool,
    /// Taken on drop.
    record: Option<Record>,
}

impl Recording {
    /// Starts to record an event whose handler starts now.
    pub(crate) fn start(activity: &Arc<Activity>, mut record: Record) -> Self {
        record.direction = Direction::In;
        record.outcome = CANCELLED;
        Recording {
            activity: Arc::clone(activity),
            started: turn_clock::recent(),
            has_ended: false,
            record: Some(record),
        }
    }

    /// Sets the outcome of the event. The first outcome stays, even if an error handler handles the failure.
    pub(crate) fn ended(&mut self, outcome: &'static str) {
        if let Some(record) = &mut self.record
            && !std::mem::replace(&mut self.has_ended, true)
        {
            record.outcome = outcome;
        }
    }
}

/// Sets the outcome of an event, if it is recorded: see [`Recording::ended`].
pub(crate) fn ended(recording: &mut Option<Box<Recording>>, outcome: &'static str) {
    if let Some(recording) = recording {
        recording.ended(outcome);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            let ended = turn_clock::recent();
            record.duration = Some(ended.saturating_duration_since(self.started));
            self.activity.record(record);
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("record", &self.record)
            .finish()
    }
}
