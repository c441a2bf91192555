//! Who watches the hub.

use std::{fmt, sync::Arc};

use super::{Client, Room, Traffic};
use crate::{base::Reason, packet::Arguments, packet::Frames};

/// Is told what happens to clients: after it has happened, under no lock, and on whatever thread it happened. It may emit.
pub(crate) trait Observer: Send + Sync {
    /// A client was accepted.
    fn connected(&self, client: &Arc<Client>);

    /// A client that had been accepted is gone, and with it out of its rooms.
    fn disconnected(&self, client: &Arc<Client>, rooms: &[Room], reason: Reason);

    /// A client came into a room; not told of its own.
    fn joined(&self, client: &Arc<Client>, room: &str);

    /// A client left a room, and stays.
    fn left(&self, client: &Arc<Client>, room: &str);

    /// The handler of an event is about to run.
    fn received(&self, client: &Arc<Client>, event: &str, arguments: &Arguments);

    /// An event was put into the outboxes of these clients; each may have got another acknowledgement id.
    fn sent(&self, clients: &[Arc<Client>], packet: Frames);

    /// A client's connection goes on over another transport.
    fn upgraded(&self, client: &Arc<Client>);
}

/// Who watches, if anybody does. Nothing is collected for nobody.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) traffic: Option<Arc<Traffic>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("observed", &self.observer.is_some())
            .field("traffic", &self.traffic)
            .finish()
    }
}
