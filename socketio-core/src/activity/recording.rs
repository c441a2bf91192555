//! [`Recording`]: an event of a client while it is being handled.

use std::{borrow::Cow, fmt, sync::Arc, time::Instant};

use super::{Activity, Direction, Row};
use crate::base::turn_clock;

/// The outcome of an event whose handler was dropped.
const CANCELLED: &str = "cancelled";

/// An event of a client while it is being handled. Its row is recorded when this is dropped, whatever becomes of the
/// handler.
pub(crate) struct Recording {
    activity: Arc<Activity>,
    started: Instant,
    /// Taken when this is dropped.
    row: Option<Row>,
}

impl Recording {
    /// Begins the recording of an event whose handler starts now.
    pub(crate) fn start(activity: &Arc<Activity>, mut row: Row) -> Self {
        row.direction = Direction::In;
        row.outcome = Cow::Borrowed(CANCELLED);
        Recording {
            activity: Arc::clone(activity),
            started: turn_clock::recent(),
            row: Some(row),
        }
    }

    /// Notes how the event has ended. The first failure stays, also if an error handler has dealt with it.
    pub(crate) fn ended(&mut self, outcome: &'static str) {
        if let Some(row) = self.row.as_mut().filter(|row| row.outcome == CANCELLED) {
            row.outcome = Cow::Borrowed(outcome);
        }
    }
}

/// Notes how an event has ended, if it is recorded: [`Recording::ended`].
pub(crate) fn ended(recording: &mut Option<Box<Recording>>, outcome: &'static str) {
    if let Some(recording) = recording {
        recording.ended(outcome);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(mut row) = self.row.take() {
            let ended = turn_clock::recent();
            row.duration = Some(ended.saturating_duration_since(self.started));
            self.activity.record(row);
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("row", &self.row).finish()
    }
}
