//! The builder's option of a store of events and sessions.

use std::sync::Arc;

use super::SocketIoBuilder;
use crate::event_store::EventStore;

impl SocketIoBuilder {
    /// Keeps events and sessions in a store that outlives this process: [`RedisStreams`](crate::RedisStreams), or another
    /// [`EventStore`]. Default: in the memory of the process.
    ///
    /// With it, [`recovery`](Self::recovery) works across nodes: a client whose node has been killed recovers its session on another one.
    /// [`history`](Self::history) has the same positions on all nodes, and outlives them. All nodes must have the same parser, and should
    /// have the same options of both.
    ///
    /// An event that is kept is delivered when it comes back from the store, to local clients, too, so that all nodes deliver in the same
    /// order; a [`message_queue`](Self::message_queue) is needed for everything else that reaches other nodes. See the guide's page
    /// [recovery](https://docs.rs/socketio/latest/socketio/guide/recovery/index.html).
    ///
    /// ```
    /// # use socketio_core as socketio;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use socketio::{MemoryEvents, Recovery, SocketIo};
    ///
    /// let store = MemoryEvents::new();
    /// let io = SocketIo::bare()
    ///     .recovery(Recovery::default())
    ///     .event_store(store)
    ///     .build()
    ///     .unwrap();
    /// # }
    /// ```
    pub fn event_store(mut self, store: impl EventStore) -> Self {
        self.event_store = Some(Arc::new(store));
        self
    }

    /// Adds the problems of the store.
    pub(super) fn check_event_store(&mut self) {
        if self.event_store.is_none() {
            return;
        }
        if self.recovery.is_none() && self.histories.is_empty() {
            self.problems.push(String::from(
                "an `event_store` is for servers with `recovery` or `history`",
            ));
        }
        if tokio::runtime::Handle::try_current().is_err() {
            self.problems.push(String::from(
                "an `event_store` needs a tokio runtime: call `build` inside of one (`#[tokio::main]`, or after `runtime.enter()`)",
            ));
        }
    }
}
