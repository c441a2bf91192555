//! [`Observer`]: is notified of what happens to clients. The admin interface is one.

use std::{fmt, sync::Arc};

use super::{Client, Room};
use crate::{base::Reason, packet::Arguments, packet::Frames};

/// Receives events of the hub. Its methods are called after the change, outside of all locks, on the thread that made
/// it. They may emit.
pub(crate) trait Observer: Send + Sync {
    /// Called when a client has been accepted.
    fn connected(&self, client: &Arc<Client>);

    /// Called when an accepted client has disconnected and has left its rooms.
    fn disconnected(&self, client: &Arc<Client>, rooms: &[Room], reason: Reason);

    /// Called when a client has joined a room other than its own.
    fn joined(&self, client: &Arc<Client>, room: &str);

    /// Called when a client has left a room, but not its namespace.
    fn left(&self, client: &Arc<Client>, room: &str);

    /// Called before the handler of an event runs.
    fn received(&self, client: &Arc<Client>, event: &str, arguments: &Arguments);

    /// Called when an event was pushed into the outboxes of these clients. Their packets may have different ack ids.
    fn sent(&self, clients: &[Arc<Client>], packet: &Frames);

    /// Called when the connection of a client has changed its transport.
    fn upgraded(&self, client: &Arc<Client>);
}

/// The observers of a hub. By default there are none, and nothing is collected for them.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) observers: Vec<Arc<dyn Observer>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("observers", &self.observers.len())
            .finish()
    }
}
