//! Which events are kept, and what happens when some are lost: the part of the [`Hub`] with [`Logs`] and an event store.

use std::sync::Arc;

use super::{
    Client, Hub, Logs, NamespaceHistory, PacketKind, Recoverable, Recoveries, RecoveryOptions,
    Room, SessionSaver, SessionTypes, StoredEvents,
};
use crate::{
    event_log::{Epoch, EventLog, LogLimits, Place},
    packet::{Frames, OFFSET_EVENT},
};

impl Hub {
    /// Enables the recovery of sessions and the histories of rooms, in memory or in a store. A store also keeps the session values of the given
    /// types.
    pub(crate) fn with_logs(
        mut self,
        recovery: Option<RecoveryOptions>,
        histories: Vec<NamespaceHistory>,
        stored: Option<(Arc<StoredEvents>, SessionTypes)>,
    ) -> Self {
        if recovery.is_none() && histories.is_empty() {
            return self;
        }
        let limits = recovery.as_ref().map(|options| LogLimits {
            bytes: options.bytes,
            age: options.age,
        });
        let (stored, types) = stored.unzip();
        let saver = recovery.as_ref().zip(stored.clone()).zip(types);
        let saver = saver.map(|((options, stored), types)| {
            let kept_for = options.max_disconnection;
            Arc::new(SessionSaver::new(stored, types, kept_for))
        });
        self.is_plain &= stored.is_none();
        let logs = Arc::new(Logs::new(limits, histories, stored));
        if let Some(stored) = &logs.stored {
            stored.keep_for(logs.max_age());
        }
        self.recovery =
            recovery.map(|options| Arc::new(Recoveries::new(options, Arc::clone(&logs), saver)));
        self.logs = Some(logs);
        self
    }

    /// Returns the log of a namespace, if its events are kept.
    pub(crate) fn log(&self, namespace: &Arc<str>) -> Option<Arc<EventLog>> {
        self.logs.as_ref()?.get(namespace)
    }

    /// Returns this node's side of the event store, if there is one.
    pub(crate) fn stored(&self) -> Option<&Arc<StoredEvents>> {
        self.logs.as_ref()?.stored.as_ref()
    }

    /// Returns this node's side of the event store, if events to these rooms of a namespace are kept there. The store may be down.
    pub(crate) fn stored_for(&self, namespace: &str, rooms: &[Room]) -> Option<&Arc<StoredEvents>> {
        let logs = self.logs.as_ref()?;
        let stored = logs.stored.as_ref()?;
        logs.keep(namespace, rooms).then_some(stored)
    }

    /// Returns the saver of sessions, if there is a store and sessions are recovered.
    pub(crate) fn saver(&self) -> Option<&Arc<SessionSaver>> {
        self.recovery.as_ref()?.saver.as_ref()
    }

    /// Returns whether an event that another node has kept in this epoch, under this number, is delivered here when it is read from the store, or
    /// was already delivered. If this node does not know the epoch, because the store has just lost its data or is another one, it delivers the
    /// event as one that is not kept.
    pub(crate) fn has_from_store(
        &self,
        epoch: &str,
        namespace: &str,
        node: &str,
        number: u64,
    ) -> bool {
        let Some(stored) = self.stored() else {
            return false;
        };
        if stored.progress().epoch.is_none() && self.is_empty_of_clients() {
            // It is read once the store was opened. It must not count as delivered: clients that come until then have not received it.
            return true;
        }
        let epoch = Epoch::parse(epoch);
        epoch.is_some_and(|epoch| stored.knows(epoch)) || self.was_not_kept(namespace, node, number)
    }

    /// Notes that another node delivers an event before it is kept, under this number; 0 if it will not be kept. Clients that are away miss it.
    /// Returns whether it was read from the store before.
    pub(crate) fn was_not_kept(&self, namespace: &str, node: &str, number: u64) -> bool {
        let Some(stored) = self.stored() else {
            return false;
        };
        let was_read = stored.origins().unkept(node, number);
        if !was_read && let Some(log) = self.log(&Arc::from(namespace)) {
            log.lose(None);
        }
        was_read
    }

    /// Returns whether the nodes of the store may have delivered different events to their clients, because it was down. Which events a client
    /// has missed can't be told from its position then.
    pub(super) fn are_nodes_unsettled(&self) -> bool {
        self.stored()
            .is_some_and(|stored| stored.origins().are_unsettled())
    }

    /// Sends an event to a client with a session of which changes can't be stored. It has an offset that counts only at this node, so that another
    /// node, which does not know these changes, does not recover the client.
    pub(super) fn send_local_offset(&self, client: &Client) {
        self.with_offset_event(client, |event, recoverable| {
            recoverable.log().pass(event, |stamped| {
                let connection = client.connection();
                connection.push(stamped.packet.clone(), PacketKind::Protocol);
            });
        });
    }

    /// Does the same for a client of which an event was dropped, perhaps under the lock of the log.
    pub(super) fn push_local_offset(&self, client: &Client) {
        self.with_offset_event(client, |event, recoverable| {
            let packet = recoverable
                .log()
                .with_local_offset(event, recoverable.last());
            client.connection().push(packet, PacketKind::Protocol);
        });
    }

    fn with_offset_event(&self, client: &Client, send: impl FnOnce(&Frames, &Recoverable)) {
        let (codec, namespace) = (&self.codec, client.namespace());
        let event = codec.event(namespace, None, OFFSET_EVENT, &[(); 0]);
        if let (Ok(event), Some(recoverable)) = (event, client.recoverable()) {
            send(&event, recoverable);
        }
    }

    /// Lets the store drop entries that no node needs any more.
    pub(super) async fn trim_store(&self) {
        let (Some(logs), Some(stored)) = (&self.logs, self.stored()) else {
            return;
        };
        logs.trim();
        stored.trim().await;
    }

    /// Begins an epoch of the store, of which the events up to `floor` are unknown.
    pub(super) fn begin_epoch(&self, epoch: Epoch, floor: Place) {
        if let Some(logs) = &self.logs {
            logs.begin_epoch(epoch, floor);
        }
    }

    /// Notes that events were not kept, so that clients that were away have missed them. `number` is the entry that tells it to all nodes;
    /// `None` if only this node knows.
    pub(super) fn lose_events(&self, number: Option<u64>) {
        if let Some(logs) = &self.logs {
            logs.lose(number);
        }
    }

    /// Notes that this node will not read the entries up to this number, which others have: its connected clients have missed events as well.
    /// Those with a session are disconnected, and come back as new clients.
    pub(super) fn miss_events(&self, number: u64) {
        self.lose_events(Some(number));
        self.miss_events_if(|client| client.recoverable().is_some());
    }

    /// Returns whether no client is connected.
    fn is_empty_of_clients(&self) -> bool {
        let namespaces = self.read();
        let mut all = namespaces.values();
        all.all(|clients| clients.everyone.list().is_empty())
    }

    /// Disconnects the clients that could recover, but have no session, since they have connected before the store was opened: they have not received
    /// the events that were in the store by then.
    pub(super) fn disconnect_early(&self) {
        let Some(recovery) = &self.recovery else {
            return;
        };
        self.miss_events_if(|client| {
            client.recoverable().is_none() && recovery.is_eligible(client.request())
        });
    }

    fn miss_events_if(&self, has_missed: impl Fn(&Client) -> bool) {
        let namespaces: Vec<_> = self.read().values().cloned().collect();
        for client in namespaces
            .iter()
            .flat_map(|clients| clients.everyone.list().to_vec())
        {
            if has_missed(&client) {
                client.connection().miss_events();
            }
        }
    }
}
