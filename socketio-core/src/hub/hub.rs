//! [`Hub`]: the local namespaces, rooms and clients.
//!
//! It has the operations on several clients: joining and leaving, selecting recipients, delivery. Observers are called
//! after the change, outside of all locks.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::{
    Client, Delivery, DeliveryOptions, Logs, Observer, PacketKind, Recoveries, Room, SentEvent,
    StreamTable, Watch,
    client_state::ClientState,
    exclusion::{Except, Skip},
    namespace_clients::NamespaceClients,
    user,
};
use crate::{
    activity::Activity,
    admission::ClientLimits,
    base::{EmitError, Reason},
    counters::Counters,
    packet::{Codec, Frames},
};

/// The clients that a packet is addressed to.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// All clients of the namespace.
    Everyone,
    /// The clients in any of these rooms, each once.
    Rooms(Vec<Room>),
    /// One client.
    One(Arc<Client>),
}

type Namespaces = HashMap<Arc<str>, Arc<NamespaceClients>>;

/// The namespaces with at least one client.
#[derive(Debug)]
pub(crate) struct Hub {
    /// The codec of all clients.
    pub(crate) codec: Codec,
    pub(crate) limits: ClientLimits,
    pub(crate) counters: Arc<Counters>,
    /// Whether acknowledgements are neither recorded nor wait for a store. Checked for each one, hence a field.
    pub(super) is_plain: bool,
    /// Where rows are recorded, if anywhere.
    pub(crate) activity: Option<Arc<Activity>>,
    /// The streams that go on when their clients leave.
    pub(crate) detached: Arc<StreamTable>,
    watch: Watch,
    namespaces: RwLock<Namespaces>,
    /// Set if sessions are recovered. By default they are not, and nothing is kept.
    pub(crate) recovery: Option<Arc<Recoveries>>,
    /// The logs of namespaces. Set if events are kept for sessions or in histories.
    pub(crate) logs: Option<Arc<Logs>>,
}

impl Hub {
    pub(crate) fn new(
        codec: Codec,
        watch: Watch,
        limits: ClientLimits,
        counters: Arc<Counters>,
        activity: Option<Arc<Activity>>,
    ) -> Self {
        Hub {
            codec,
            limits,
            counters,
            is_plain: activity.is_none(),
            activity,
            detached: Arc::default(),
            watch,
            namespaces: RwLock::default(),
            recovery: None,
            logs: None,
        }
    }

    /// Returns whether there are observers. Nothing is collected for them otherwise.
    pub(crate) fn is_observed(&self) -> bool {
        !self.watch.observers.is_empty()
    }

    /// Notifies the observers. Called under no lock, after the change.
    pub(crate) fn observe(&self, notify: impl Fn(&dyn Observer)) {
        for observer in &self.watch.observers {
            notify(&**observer);
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Namespaces> {
        let namespaces = self.namespaces.read();
        namespaces.unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Namespaces> {
        let namespaces = self.namespaces.write();
        namespaces.unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a client: sends its CONNECT packet first, then runs its deferred operations, then lets it receive
    /// broadcasts. Returns false if it has ended in the meantime.
    pub(crate) fn accept(&self, client: &Arc<Client>, connect: Frames) -> bool {
        let deferred = match client.recoverable() {
            Some(recoverable) => self.accept_recoverable(client, recoverable, connect),
            None => client.with_state(|state| {
                state.accept(|| {
                    client.connection().push(connect, PacketKind::Protocol);
                    let namespace = self.enter(client);
                    user::enter(client, &namespace);
                    namespace
                })
            }),
        };
        let Some(deferred) = deferred else {
            return false;
        };
        self.counters.clients_accepted.increment();
        self.record_connect(client);
        self.observe(|observer| observer.connected(client));
        for operation in deferred {
            operation(self);
        }
        true
    }

    /// Adds a client, whose CONNECT packet is in its outbox, to its namespace, and creates the namespace for the first client; both under the lock
    /// that [`Hub::free`] takes.
    pub(super) fn enter(&self, client: &Arc<Client>) -> Arc<NamespaceClients> {
        client.note_connected();
        if let Some(clients) = self.read().get(client.namespace()) {
            clients.everyone.insert(client);
            return Arc::clone(clients);
        }
        let mut namespaces = self.write();
        let clients = namespaces.entry(Arc::clone(client.namespace()));
        let clients = clients.or_default();
        clients.everyone.insert(client);
        Arc::clone(clients)
    }

    /// Begins to end a client that has disconnected. If its namespace handles `disconnecting`, it stays in its rooms until
    /// [`Hub::end`] is called; it no longer receives events, and its pending acks fail. Returns false if it had ended already.
    pub(crate) fn begin_end(&self, client: &Arc<Client>, reason: Reason) -> bool {
        if !client.handles_disconnecting {
            return self.end(client, reason);
        }
        let begun = client.with_state(|state| state.begin_end(reason));
        if begun {
            client.fail_acks();
            client.end_streams();
        }
        begun
    }

    /// Ends a client that was refused or has disconnected: removes it from its namespace and rooms and fails its
    /// pending acks. `rooms()` still returns the rooms, for its `disconnect` handler. Returns false if it had ended
    /// already.
    pub(crate) fn end(&self, client: &Arc<Client>, reason: Reason) -> bool {
        let before = client.with_state(|state| {
            let before = state.end(reason)?;
            let (ClientState::Connected { rooms, namespace }
            | ClientState::Disconnecting {
                rooms, namespace, ..
            }) = &before
            else {
                return Some(before);
            };
            if let Some(recoverable) = client.recoverable() {
                let reason = state.ended().unwrap_or(reason);
                self.end_recoverable(client, recoverable, &rooms.to_vec(), namespace, reason);
            } else {
                for room in &rooms.to_vec() {
                    namespace.leave(client, room);
                }
                user::leave(client, namespace);
                if namespace.everyone.remove(client.sid()) {
                    self.free(client.namespace());
                }
            }
            Some(before)
        });
        let Some(before) = before else {
            return false;
        };
        if let (Some(recovery), Some(recoverable), ClientState::Connecting { .. }) =
            (&self.recovery, client.recoverable(), &before)
        {
            recovery.abandon(client, recoverable);
        }
        client.fail_acks();
        client.end_streams();
        let reason = client.ended().unwrap_or(reason);
        if self.activity.is_some() {
            let rooms = match &before {
                ClientState::Connected { rooms, .. } | ClientState::Disconnecting { rooms, .. } => {
                    Some(rooms.to_vec())
                }
                _ => None,
            };
            self.record_end(client, rooms, reason);
        }
        if let ClientState::Connected { rooms, .. } | ClientState::Disconnecting { rooms, .. } =
            &before
        {
            self.observe(|observer| observer.disconnected(client, &rooms.to_vec(), reason));
        }
        true
    }

    /// Delivers an event that asks for an acknowledgement to one client. The overflow policy applies. It is not kept,
    /// since its acknowledgement would no longer be awaited when the client comes back.
    pub(crate) fn deliver(
        &self,
        client: &Arc<Client>,
        event: SentEvent,
        packet: Frames,
        options: &DeliveryOptions,
    ) {
        let mut delivery = Delivery::new(self, client.namespace(), event).options(options);
        delivery.deliver(client, packet);
        delivery.finish();
    }

    /// Delivers an event that a handler emits to one client. Without options, it is delivered as the server delivers all events.
    ///
    /// # Errors
    ///
    /// If the outbox is full even for a burst: the handler emits too much, and the client is not disconnected.
    #[inline]
    pub(super) fn emit(
        &self,
        client: &Arc<Client>,
        event: SentEvent,
        packet: Frames,
        options: Option<&DeliveryOptions>,
    ) -> Result<(), EmitError> {
        if let Some(recoverable) = client.recoverable() {
            return self.emit_recoverable(client, recoverable, event, packet, options);
        }
        Delivery::emit(self, client, event, packet, options)
    }

    /// Disconnects a client on behalf of the server: it receives a DISCONNECT packet and leaves its rooms at once, and
    /// the connection's task runs its `disconnect` handler. Inside `connect` this is deferred until the client has been
    /// accepted. Returns false if it has ended.
    pub(crate) fn disconnect(&self, client: &Arc<Client>, reason: Reason) -> bool {
        if client.is_connecting() {
            let leaving = Arc::clone(client);
            let deferred = client.once_accepted(self, 0, move |hub| {
                hub.disconnect(&leaving, reason);
            });
            if deferred.is_ok() {
                return true;
            }
            // So much is deferred that even this exceeds the limit: the connection is closed instead.
            client
                .connection()
                .close_connection(super::CloseRequest::Server);
            return true;
        }
        client.deliver_protocol(self.codec.disconnect(client.namespace()));
        if !self.begin_end(client, reason) {
            return false;
        }
        client.connection().notify();
        true
    }

    pub(super) fn free(&self, namespace: &str) {
        let mut namespaces = self.write();
        let clients = namespaces.get(namespace);
        if clients.is_some_and(|clients| clients.everyone.is_empty()) {
            namespaces.remove(namespace);
        }
    }

    pub(super) fn clients(&self, namespace: &str) -> Option<Arc<NamespaceClients>> {
        self.read().get(namespace).cloned()
    }

    /// Returns the client with this id.
    pub(crate) fn client(&self, namespace: &str, sid: &str) -> Option<Arc<Client>> {
        self.clients(namespace)?.everyone.get(sid)
    }

    /// Returns whether a namespace has any client.
    pub(crate) fn is_inhabited(&self, namespace: &str) -> bool {
        self.read().contains_key(namespace)
    }

    /// Returns whether this node needs an event to these rooms (`None` for everyone): it has such a client, or keeps the events of the
    /// namespace.
    pub(crate) fn awaits(&self, namespace: &str, rooms: Option<&[Room]>) -> bool {
        if self.logs.as_ref().is_some_and(|logs| logs.keeps(namespace)) {
            return true;
        }
        let (Some(clients), Some(rooms)) = (self.clients(namespace), rooms) else {
            return rooms.is_none() && self.is_inhabited(namespace);
        };
        let has_members =
            |room: &Room| clients.room(room).is_some() || clients.everyone.get(room).is_some();
        rooms.iter().any(has_members)
    }

    /// Calls `each` for every namespace with the number of its clients.
    pub(crate) fn count_clients(&self, mut each: impl FnMut(&str, usize)) {
        for (name, clients) in &*self.read() {
            each(name, clients.everyone.list().len());
        }
    }

    /// Returns the namespaces with at least one client, in alphabetical order.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let mut names: Vec<_> = self.read().keys().map(|name| name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// Returns an upper bound of the local clients that a target matches: a client in several rooms counts several times.
    pub(crate) fn reach(&self, nameclients: &str, target: &Target) -> usize {
        let rooms = match target {
            Target::One(_) => return 1,
            Target::Everyone => &[][..],
            Target::Rooms(rooms) => rooms,
        };
        let Some(clients) = self.clients(nameclients) else {
            return 0;
        };
        if let Target::Everyone = target {
            return clients.everyone.list().len();
        }
        let members = |room: &Room| clients.room(room).map_or(1, |members| members.list().len());
        rooms.iter().map(members).sum()
    }

    /// Calls `each` once for every client that matches the target, is not listed in `skip`, and is in none of the rooms
    /// `except`.
    pub(crate) fn select(
        &self,
        namespace: &str,
        target: &Target,
        skip: &[Room],
        except: &[Room],
        mut each: impl FnMut(&Arc<Client>),
    ) {
        let skip = Skip::new(skip);
        let except = match except {
            [] => Except::default(),
            names => Except::new(self.clients(namespace).as_deref(), names),
        };
        let mut each = |client: &Arc<Client>| {
            if !skip.contains(client.sid()) && !except.contains(client.sid()) {
                each(client);
            }
        };
        let rooms = match target {
            Target::One(client) => return each(client),
            Target::Everyone => {
                if let Some(clients) = self.clients(namespace) {
                    clients.everyone.list().iter().for_each(each);
                }
                return;
            }
            Target::Rooms(rooms) => rooms,
        };
        let Some(clients) = self.clients(namespace) else {
            return;
        };
        if let [room] = &rooms[..] {
            match clients.room(room) {
                Some(in_room) => in_room.list().iter().for_each(each),
                None => clients.everyone.get(room).iter().for_each(each),
            }
            return;
        }
        let mut seen = HashSet::new();
        for room in rooms {
            let in_room = clients.room(room).map(|clients| clients.list());
            let own = clients.everyone.get(room);
            for client in in_room.iter().flat_map(|list| list.iter()).chain(&own) {
                if seen.insert(client.sid().clone()) {
                    each(client);
                }
            }
        }
    }
}
