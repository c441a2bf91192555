//! [`Emitter`]: delivers emissions to local and remote clients.
//!
//! `To` emits through it. It decides whether an event is delivered here, published, or appended to the event store, and it owns the
//! membership of the cluster.

use std::{sync::Arc, time::Duration};

use super::{Asked, Cluster, ClusterOptions, Emission, RemoteTarget, membership::Membership};
use crate::{
    base::EmitError,
    hub::{Hub, Outcome, Room, Target},
};

/// Delivers to local clients, and publishes for remote ones.
#[derive(Debug)]
pub(crate) struct Emitter {
    hub: Arc<Hub>,
    membership: Option<Membership>,
}

impl Emitter {
    pub(crate) fn new(hub: &Arc<Hub>, cluster: Option<ClusterOptions>) -> Self {
        Emitter {
            hub: Arc::clone(hub),
            membership: cluster.map(Membership::new),
        }
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        Some(&self.membership.as_ref()?.cluster)
    }

    /// Starts to publish and to subscribe.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if there is a cluster.
    pub(crate) fn start(&self) {
        if let Some(membership) = &self.membership {
            membership.start(Arc::downgrade(&self.hub));
        }
    }

    /// Publishes the waiting messages, for up to `timeout`, and leaves the cluster.
    pub(crate) async fn stop(&self, timeout: Duration) {
        if let Some(membership) = &self.membership {
            membership.stop(timeout).await;
        }
    }

    /// Returns the remote part of a target. Returns `None` if there is no cluster, or all recipients are known to be local.
    pub(crate) fn remote(
        &self,
        namespace: &str,
        target: &Target,
        skip: &[Room],
        except: &[Room],
    ) -> Option<RemoteTarget> {
        self.membership.as_ref()?;
        let rooms = match target {
            Target::One(_) => return None,
            Target::Everyone => None,
            Target::Rooms(rooms) => {
                // No remote client is in the room of a local client.
                let remote = |room: &&Room| self.hub.client(namespace, room).is_none();
                let rooms: Vec<_> = rooms.iter().filter(remote).cloned().collect();
                if rooms.is_empty() {
                    return None;
                }
                Some(rooms)
            }
        };
        Some(RemoteTarget {
            rooms,
            skip: skip.to_vec(),
            except: except.to_vec(),
        })
    }

    /// Returns an error if acknowledgements can't arrive, because the server is `write_only`.
    pub(crate) fn check_acks(&self) -> Result<(), EmitError> {
        match self.cluster() {
            Some(cluster) if cluster.is_write_only() => Err(EmitError::write_only()),
            _ => Ok(()),
        }
    }

    /// Delivers an emission to its local recipients, and publishes it for the remote ones. Returns the number of local recipients, which is an
    /// estimate if the event store keeps the event.
    pub(crate) fn emit(&self, emission: &Emission, asked: &mut Asked) -> u64 {
        if self.keep(emission) {
            return emission.reach(&self.hub);
        }
        let clients = emission.deliver(&self.hub, asked);
        if clients == 0 {
            self.hub.record_unreceived(
                &emission.event,
                (&emission.namespace, &emission.target),
                emission.packet.bytes(),
            );
        }
        self.publish(emission);
        clients
    }

    /// Publishes an emission for its remote recipients. A volatile one is dropped instead if the last attempt to publish has failed.
    fn publish(&self, emission: &Emission) {
        let Some(cluster) = self.cluster() else {
            return;
        };
        if emission.delivery.is_volatile && emission.remote.is_some() && cluster.is_in_outage() {
            self.hub.counters.dropped_volatile.increment();
            return;
        }
        cluster.emit(emission);
    }

    /// Appends an emission to the event store, if it is kept there, and returns whether it is. All nodes with the store deliver it when they read
    /// it. It is published for the other nodes once its outcome is known.
    fn keep(&self, emission: &Emission) -> bool {
        let Some((stored, event)) = emission.for_store(&self.hub) else {
            return false;
        };
        let on_outcome = self.membership.as_ref().and_then(|membership| {
            let publish = membership.cluster.publish_later(emission)?;
            Some(Box::new(publish) as Box<dyn FnOnce(Outcome) + Send>)
        });
        self.hub.keep_in_store(stored, event, on_outcome);
        true
    }

    /// Publishes an emission for its remote recipients, and delivers it to each local one once its outbox has room.
    ///
    /// # Errors
    ///
    /// As [`Emission::deliver_waiting`].
    pub(crate) async fn emit_wait(
        &self,
        emission: &Emission,
        timeout: Duration,
        asked: &mut Asked,
    ) -> Result<(), EmitError> {
        if let Some((stored, _)) = emission.for_store(&self.hub) {
            stored.has_room().await;
            emission
                .deliver_waiting(&self.hub, timeout, asked, false)
                .await?;
            self.keep(emission);
            return Ok(());
        }
        self.publish(emission);
        emission
            .deliver_waiting(&self.hub, timeout, asked, true)
            .await
    }

    /// Removes all clients from a room, including remote ones unless `local_only`.
    pub(crate) fn close_room(&self, namespace: &str, room: &str, local_only: bool) {
        self.hub.close_room(namespace, room);
        if let Some(cluster) = self.cluster().filter(|_| !local_only) {
            cluster.close_room(namespace, room);
        }
    }
}
