//! One process, nobody else to tell.

use super::{Adapter, Emission};
use crate::{Reason, hub::Hub};

/// The adapter of a server that stands alone.
#[derive(Debug)]
pub(crate) struct Memory;

impl Adapter for Memory {
    fn emit(&self, hub: &Hub, emission: &Emission) {
        emission.deliver(hub);
    }

    fn close_room(&self, hub: &Hub, namespace: &str, room: &str) {
        hub.close_room(namespace, room);
    }

    fn disconnect(&self, hub: &Hub, namespace: &str, sid: &str, reason: Reason) -> bool {
        hub.client(namespace, sid)
            .is_some_and(|client| hub.disconnect(&client, reason))
    }
}
