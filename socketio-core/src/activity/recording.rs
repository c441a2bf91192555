//! [`Recording`]: an event of a client while it is being handled.

use std::{cell::Cell, fmt, sync::Arc};

use super::{Activity, Direction, Record, Subject};
use crate::base::turn_clock::{self, Moment};

/// The outcome of an event whose handler was dropped.
const CANCELLED: &str = "cancelled";

thread_local! {
    /// The box of the last event that was recorded on this thread. The next event uses it again.
    static SPARE: Cell<Option<Box<Recording>>> = const { Cell::new(None) };
}

/// An event of a client while it is being handled. It is recorded on drop, however the handler ends.
pub(crate) struct Recording {
    /// `None` once it was recorded.
    event: Option<Event>,
}

struct Event {
    activity: Arc<Activity>,
    started: Moment,
    /// Taken when it is recorded.
    record: Option<Record>,
}

impl Recording {
    /// Starts to record an event whose handler starts now.
    #[inline]
    pub(crate) fn start(activity: &Arc<Activity>, subject: Arc<Subject>, bytes: u64) -> Box<Self> {
        // The thread-local value is not accessible while the thread ends.
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let mut recording = spare.unwrap_or_else(|| Box::new(Recording { event: None }));
        recording.event = Some(Event {
            activity: Arc::clone(activity),
            started: turn_clock::recent(),
            record: Some(Record {
                bytes,
                outcome: CANCELLED,
                ..Record::new(Direction::In, subject)
            }),
        });
        recording
    }

    /// Lets the caller complete the record.
    #[inline]
    pub(crate) fn complete(&mut self, complete: impl FnOnce(&mut Record)) {
        if let Some(event) = &mut self.event
            && let Some(record) = &mut event.record
        {
            complete(record);
        }
    }

    /// Sets the outcome of the event. The first outcome stays, even if an error handler handles the failure.
    pub(crate) fn ended(&mut self, outcome: &'static str) {
        self.complete(|record| {
            if record.outcome == CANCELLED {
                record.outcome = outcome;
            }
        });
    }

    fn record(&mut self) {
        if let Some(event) = &mut self.event {
            if let Some(record) = &mut event.record {
                record.duration = Some(turn_clock::recent().since(event.started));
            }
            event.activity.take(&mut event.record);
            self.event = None;
        }
    }
}

/// Sets the outcome of an event, if it is recorded: see [`Recording::ended`].
pub(crate) fn ended(recording: &mut Option<Box<Recording>>, outcome: &'static str) {
    if let Some(recording) = recording {
        recording.ended(outcome);
    }
}

/// Records the outcome of an event that has ended, if rows are recorded.
#[inline]
pub(crate) fn record_end(recording: Option<Box<Recording>>, outcome: &'static str) {
    if let Some(mut recording) = recording {
        recording.ended(outcome);
        recording.record();
        let _ = SPARE.try_with(|spare| spare.set(Some(recording)));
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.record();
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.event.as_ref().and_then(|event| event.record.as_ref());
        f.debug_struct("Recording")
            .field("record", &record)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of more than 128 bytes are moved by a call of `memcpy`.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_recording_is_small_enough_to_be_moved_without_a_call() {
        assert!(size_of::<Recording>() <= 128, "{}", size_of::<Recording>());
    }
}
