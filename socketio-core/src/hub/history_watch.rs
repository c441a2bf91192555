//! [`HistoryWatch`]: waiting for the events of a room with a history.

use std::{fmt, sync::Arc};

use tokio::sync::{Notify, futures::Notified};

use super::{Hub, Logs, Room};
use crate::event_log::EventLog;

/// A reader that waits for the events of a room with a history. While there is one, the room is not forgotten, so that its positions stay
/// known as long as none of its events is dropped.
pub(crate) struct HistoryWatch {
    logs: Arc<Logs>,
    namespace: Arc<str>,
    room: Room,
    /// `None` only while it is dropped.
    log: Option<Arc<EventLog>>,
    changed: Arc<Notify>,
}

impl Hub {
    /// Starts to wait for the events of a room. Returns `None` if they are not kept.
    pub(crate) fn watch_history(&self, namespace: &Arc<str>, room: &str) -> Option<HistoryWatch> {
        let logs = Arc::clone(self.logs.as_ref()?);
        let room = Arc::from(room);
        let log = logs.get(namespace)?;
        let changed = log.lock().histories.watch(&room);
        let Some(changed) = changed else {
            drop(log);
            logs.forget_unused(namespace);
            return None;
        };
        Some(HistoryWatch {
            logs,
            namespace: Arc::clone(namespace),
            room,
            log: Some(log),
            changed,
        })
    }
}

impl HistoryWatch {
    /// Returns whether no further event will come: the event store has lost its data, and the room has a new history.
    pub(crate) fn is_ended(&self) -> bool {
        self.log.as_ref().is_none_or(|log| log.is_ended())
    }

    /// Waits for the next event, from when the future is first polled or enabled.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}

impl Drop for HistoryWatch {
    fn drop(&mut self) {
        if let Some(log) = self.log.take() {
            log.lock().histories.unwatch(&self.room);
        }
        self.logs.forget_unused(&self.namespace);
    }
}

impl fmt::Debug for HistoryWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryWatch")
            .field("namespace", &self.namespace)
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}
