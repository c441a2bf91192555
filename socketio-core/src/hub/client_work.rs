//! Work for a [`Client`] that runs outside of the connection's task: streams, and handlers of uploads.

use std::sync::{Arc, atomic::Ordering};

use super::{Client, StreamTable};

impl Client {
    /// Notes that a handler runs outside of the connection's task, until the result is dropped.
    pub(crate) fn begin_background(self: &Arc<Self>) -> Background {
        self.background.fetch_add(1, Ordering::AcqRel);
        Background(Arc::clone(self))
    }

    /// Returns whether a handler runs outside of the connection's task.
    pub(crate) fn has_background(&self) -> bool {
        self.background.load(Ordering::Acquire) > 0
    }

    /// Returns the streams of this client, if it has had one.
    pub(crate) fn streams(&self) -> Option<&Arc<StreamTable>> {
        self.extra()?.streams.get()
    }

    pub(crate) fn streams_or_new(&self) -> &Arc<StreamTable> {
        self.extra_or_new().streams.get_or_init(Arc::default)
    }

    /// Ends the streams of this client, except for detached ones.
    pub(super) fn end_streams(&self) {
        if let Some(streams) = self.streams() {
            streams.cancel(|name| name.namespace.is_none());
        }
    }
}

/// A handler that runs outside of the connection's task. The task, which may wait for its end, is woken when it is dropped.
#[derive(Debug)]
pub(crate) struct Background(Arc<Client>);

impl Drop for Background {
    fn drop(&mut self) {
        self.0.background.fetch_sub(1, Ordering::AcqRel);
        self.0.connection.notify();
    }
}
