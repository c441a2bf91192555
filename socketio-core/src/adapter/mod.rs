//! How packets reach clients, wherever they are connected.
//!
//! A server that stands alone delivers to its own [`Hub`] and is done. One of several also tells the others, over a message queue and
//! in the format of python-socketio, and does what they tell: that is the [`Cluster`].

mod awaited;
mod backoff;
mod cluster;
mod emission;
mod envelope;
mod health;
mod here;
mod membership;
mod outgoing;
mod publishing;
mod receiving;
mod subscribing;

use std::{sync::Weak, time::Duration};

use membership::Membership;

pub(crate) use awaited::{Asked, Asker};
pub(crate) use cluster::Cluster;
pub(crate) use emission::{Address, Emission, Packet};
pub use health::QueueHealth;
pub(crate) use here::Here;
pub(crate) use membership::ClusterOptions;
pub(crate) use outgoing::OutgoingLimits;

use crate::{
    EmitError,
    hub::{Hub, Room, Target},
};

/// The way of an emit, and of what else is done to clients that may be elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Adapter {
    membership: Option<Membership>,
}

impl Adapter {
    pub(crate) fn of(cluster: Option<ClusterOptions>) -> Self {
        Adapter {
            membership: cluster.map(Membership::new),
        }
    }

    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        Some(&self.membership.as_ref()?.cluster)
    }

    /// Begins to publish and to listen, for a server.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, when there is a cluster.
    pub(crate) fn start(&self, here: Weak<dyn Here>) {
        if let Some(membership) = &self.membership {
            membership.start(here);
        }
    }

    /// Publishes what is still there, if it can be done in this time, and ends that.
    pub(crate) async fn stop(&self, timeout: Duration) {
        if let Some(membership) = &self.membership {
            membership.stop(timeout).await;
        }
    }

    /// Whom other processes are to look for; `None` when none of them can have anybody who is meant.
    pub(crate) fn elsewhere(
        &self,
        hub: &Hub,
        namespace: &str,
        target: &Target,
        skip: &[Room],
    ) -> Option<Address> {
        self.membership.as_ref()?;
        let rooms = match target {
            Target::One(_) => return None,
            Target::Everyone => None,
            Target::Rooms(rooms) => {
                // A client that is here is nowhere else.
                let elsewhere = |room: &&Room| hub.client(namespace, room).is_none();
                let rooms: Vec<_> = rooms.iter().filter(elsewhere).cloned().collect();
                if rooms.is_empty() {
                    return None;
                }
                Some(rooms)
            }
        };
        Some(Address {
            rooms,
            skip: skip.to_vec(),
        })
    }

    /// Refuses to ask who is elsewhere when no answer could be heard.
    pub(crate) fn check_answers(&self) -> Result<(), EmitError> {
        match self.cluster() {
            Some(cluster) if cluster.is_write_only() => Err(EmitError::write_only()),
            _ => Ok(()),
        }
    }

    /// Delivers to everyone the emission is for.
    pub(crate) fn emit(&self, hub: &Hub, emission: &Emission) {
        emission.deliver(hub);
        if let Some(cluster) = self.cluster() {
            cluster.emit(emission);
        }
    }

    /// Takes everybody out of a room.
    pub(crate) fn close_room(&self, hub: &Hub, namespace: &str, room: &str, here_only: bool) {
        hub.close_room(namespace, room);
        if let Some(cluster) = self.cluster().filter(|_| !here_only) {
            cluster.close_room(namespace, room);
        }
    }
}
