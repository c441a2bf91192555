//! Tasks that belong to the server and end with it.

use std::panic::{AssertUnwindSafe, Location, resume_unwind};

use futures_util::FutureExt;
use tokio::{sync::watch, task::JoinHandle};

/// Background tasks and callbacks of one server.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// Each task holds a receiver: a true value stops it, and the number of receivers is the number of tasks.
    stop: watch::Sender<bool>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Tasks {
            stop: watch::Sender::new(false),
        }
    }

    /// Runs a future until it ends or the server stops (then the handle gives `None`). A panic is traced, and given on.
    ///
    /// The future is polled where it is, hence `Unpin`: pinned here, it would be in the task twice.
    pub(crate) fn spawn<F>(
        &self,
        origin: &'static Location<'static>,
        mut future: F,
    ) -> JoinHandle<Option<F::Output>>
    where
        F: Future<Output: Send + 'static> + Unpin + Send + 'static,
    {
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                output = AssertUnwindSafe(&mut future).catch_unwind() => Some(output.unwrap_or_else(|panic| {
                    tracing::error!(target: "socketio", %origin, "a background task panicked");
                    resume_unwind(panic)
                })),
                _ = stop.wait_for(|stop| *stop) => None,
            }
        })
    }

    /// Waits until no task is left.
    pub(crate) async fn ended(&self) {
        self.stop.closed().await;
    }

    /// Stops all tasks at their next await, and waits for them.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        self.ended().await;
    }
}
