//! How packets reach clients, wherever they are connected.

mod emission;
mod memory;

pub(crate) use emission::{Emission, Packet};
pub(crate) use memory::Memory;

use crate::{Reason, hub::Hub};

/// The way of an emit. A server of one process delivers to its own [`Hub`] and is done; one of several also tells the
/// others.
pub(crate) trait Adapter: Send + Sync {
    /// Delivers to everyone the emission is for.
    fn emit(&self, hub: &Hub, emission: &Emission);

    /// Takes everybody out of a room.
    fn close_room(&self, hub: &Hub, namespace: &str, room: &str);

    /// Disconnects a client from a namespace. False when it is not connected, as far as this process knows.
    fn disconnect(&self, hub: &Hub, namespace: &str, sid: &str, reason: Reason) -> bool;
}
