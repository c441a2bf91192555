//! [`Incomplete`]: the time that a packet takes to become complete.

use std::{pin::Pin, task::Context, time::Duration};

use tokio::time::{Sleep, sleep};

/// Whether attachments are due, and since when the connection has waited for them.
///
/// The clock starts when the task goes to sleep without them: most packets are complete by then, and cost no timer.
#[derive(Default)]
pub(super) struct Incomplete {
    due: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Incomplete {
    /// A message was read, after which attachments are due or not.
    pub(super) fn read(&mut self, due: bool) {
        self.due = due;
        if !due {
            self.timer = None;
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.due
    }

    /// Called before the task sleeps. Returns whether the time is over. The client is not to blame while the connection is not read.
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
