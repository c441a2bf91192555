//! [`Incomplete`]: the time that a packet takes to become complete.

use std::{pin::Pin, task::Context, time::Duration};

use tokio::time::{Sleep, sleep};

/// Whether attachments are due, and since when the connection has waited for them.
///
/// The time starts when the task goes to sleep before they have arrived. Most packets are complete by then, and need no timer.
#[derive(Default)]
pub(super) struct Incomplete {
    due: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Incomplete {
    /// Notes that a message was read, and whether attachments are due after it.
    pub(super) fn read(&mut self, due: bool) {
        self.due = due;
        if !due {
            self.timer = None;
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.due
    }

    /// Called before the task sleeps. Returns whether the time is over. Time during which the connection is not read does not count.
    pub(super) fn poll_expired(
        &mut self,
        cx: &mut Context<'_>,
        is_read: bool,
        timeout: Duration,
    ) -> bool {
        if !is_read {
            self.timer = None;
            return false;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(timeout)));
        let expired = timer.as_mut().poll(cx).is_ready();
        if expired {
            self.read(false);
        }
        expired
    }
}
