//! Namespaces and their rooms.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Client, Observer, Room, Traffic, Watch, client::Phase, client_set::ClientSet,
    namespace::NamespaceClients,
};
use crate::{
    admission::ClientLimits,
    base::{Reason, RoomError, Sid},
    packet::{Codec, Frames},
};

/// Whom a packet is for.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Everyone in the namespace.
    Everyone,
    /// Everyone in any of these rooms, once.
    Rooms(Vec<Room>),
    /// The client that sent the event.
    One(Arc<Client>),
}

/// The namespaces that somebody is in.
#[derive(Debug)]
pub(crate) struct Hub {
    /// What its clients speak.
    pub(crate) codec: Codec,
    pub(crate) limits: ClientLimits,
    watch: Watch,
    spaces: RwLock<HashMap<Arc<str>, Arc<NamespaceClients>>>,
}

impl Hub {
    pub(crate) fn new(codec: Codec, watch: Watch, limits: ClientLimits) -> Self {
        Hub {
            codec,
            limits,
            watch,
            spaces: RwLock::default(),
        }
    }

    /// Whom to tell what happens.
    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.watch.observer.as_deref()
    }

    /// Where to count what goes over the connections.
    pub(crate) fn traffic(&self) -> Option<&Arc<Traffic>> {
        self.watch.traffic.as_ref()
    }

    fn spaces(&self) -> std::sync::RwLockReadGuard<'_, HashMap<Arc<str>, Arc<NamespaceClients>>> {
        self.spaces.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets an accepted client in: first its CONNECT packet, then what it did meanwhile, then what others emit.
    /// False when it has gone in the meantime.
    pub(crate) fn admit(&self, client: &Arc<Client>, connect: Frames) -> bool {
        let deferred = {
            let mut state = client.state();
            if state.phase != Phase::Connecting {
                return false;
            }
            client.connection().push(connect);
            client.set_phase(&mut state, Phase::Connected);
            state.space = Some(self.enter(client));
            Client::take_deferred(&mut state)
        };
        if let Some(observer) = self.observer() {
            observer.connected(client);
        }
        for operation in deferred {
            operation(self);
        }
        true
    }

    /// Creates the namespace when it is the first client; both under the lock that [`Hub::free`] takes.
    fn enter(&self, client: &Arc<Client>) -> Arc<NamespaceClients> {
        if let Some(space) = self.spaces().get(client.namespace()) {
            space.everyone.insert(client);
            return Arc::clone(space);
        }
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        let space = spaces.entry(Arc::clone(client.namespace())).or_default();
        space.everyone.insert(client);
        Arc::clone(space)
    }

    /// Takes a client out of everything. `rooms()` still answers, for its `disconnect` handler.
    pub(crate) fn remove(&self, client: &Arc<Client>, reason: Reason) {
        let observed = {
            let mut state = client.state();
            if state.phase == Phase::Gone {
                return;
            }
            client.set_phase(&mut state, Phase::Gone);
            Client::take_deferred(&mut state);
            state.space.take().and_then(|space| {
                for room in &state.rooms {
                    space.leave(client, room);
                }
                if space.everyone.remove(client.sid()) {
                    self.free(client.namespace());
                }
                Some((self.observer()?, state.rooms.clone()))
            })
        };
        client.fail_acks();
        if let Some((observer, rooms)) = observed {
            observer.disconnected(client, &rooms, reason);
        }
    }

    /// Writes an event to one client.
    pub(crate) fn deliver(&self, client: &Arc<Client>, packet: Frames) {
        match self.observer() {
            Some(observer) if client.is_connected() => {
                client.deliver(packet.clone());
                observer.sent(std::slice::from_ref(client), packet);
            }
            _ => client.deliver(packet),
        }
    }

    /// Disconnects a client by the server's will: it is told, leaves its rooms at once, and the connection's task runs its
    /// `disconnect` handler. Inside `connect` this waits until the client has been accepted. False when it has gone.
    pub(crate) fn disconnect(&self, client: &Arc<Client>, reason: Reason) -> bool {
        if client.is_connecting() {
            let leaving = Arc::clone(client);
            client.once_accepted(self, move |hub| {
                hub.disconnect(&leaving, reason);
            });
            return true;
        }
        if !client.end(reason) {
            return false;
        }
        client.deliver(self.codec.disconnect(client.namespace()));
        self.remove(client, reason);
        client.connection().notify();
        true
    }

    fn free(&self, namespace: &str) {
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        if spaces
            .get(namespace)
            .is_some_and(|space| space.everyone.is_empty())
        {
            spaces.remove(namespace);
        }
    }

    fn space(&self, namespace: &str) -> Option<Arc<NamespaceClients>> {
        self.spaces().get(namespace).cloned()
    }

    /// Puts a client into a room; into no more than `limit`. The name of a room is never the id of another client, not even
    /// of one that is connected to another node: that room is private.
    pub(crate) fn join(
        &self,
        client: &Arc<Client>,
        room: &Room,
        limit: usize,
    ) -> Result<(), RoomError> {
        if client.sid() != &**room && Sid::is_sid(room) {
            return Err(RoomError::ClientRoom);
        }
        let mut state = client.state();
        if state.phase == Phase::Gone {
            return Err(RoomError::NotConnected);
        }
        if state.rooms.contains(room) || client.sid() == &**room {
            return Ok(());
        }
        if state.rooms.len() >= limit {
            return Err(RoomError::TooMany(limit));
        }
        state.rooms.push(Arc::clone(room));
        if let Some(space) = &state.space {
            space.join(client, room);
            drop(state);
            if let Some(observer) = self.observer() {
                observer.joined(client, room);
            }
        } else {
            // Inside `connect`: it is listed at once, and entered when the client is accepted.
            let (client, room) = (Arc::clone(client), Arc::clone(room));
            drop(state);
            let entering = Arc::clone(&client);
            client.once_accepted(self, move |hub| {
                let state = entering.state();
                if let Some(space) = &state.space
                    && state.rooms.contains(&room)
                {
                    space.join(&entering, &room);
                    drop(state);
                    if let Some(observer) = hub.observer() {
                        observer.joined(&entering, &room);
                    }
                }
            });
        }
        Ok(())
    }

    /// Takes a client out of a room; its own room can't be left.
    pub(crate) fn leave(&self, client: &Arc<Client>, room: &str) {
        let mut state = client.state();
        let Some(position) = state.rooms.iter().position(|joined| &**joined == room) else {
            return;
        };
        state.rooms.remove(position);
        if let Some(space) = &state.space {
            space.leave(client, room);
            drop(state);
            if let Some(observer) = self.observer() {
                observer.left(client, room);
            }
        }
    }

    /// Takes everybody out of a room.
    pub(crate) fn close_room(&self, namespace: &str, room: &str) {
        let Some(space) = self.space(namespace) else {
            return;
        };
        let Some(members) = space.room(room) else {
            return;
        };
        for client in members.list().iter() {
            self.leave(client, room);
        }
    }

    /// The client with this id.
    pub(crate) fn client(&self, namespace: &str, sid: &str) -> Option<Arc<Client>> {
        self.space(namespace)?.everyone.get(sid)
    }

    /// Whether anybody is in a namespace.
    pub(crate) fn is_inhabited(&self, namespace: &str) -> bool {
        self.spaces().contains_key(namespace)
    }

    /// The namespaces that somebody is in, in alphabetical order.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let mut names: Vec<_> = self.spaces().keys().map(|name| name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// Calls `each` once for every client that matches the target, is not listed in `skip`, and is in none of the rooms of
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
            names => Except::new(self.space(namespace).as_deref(), names),
        };
        let mut each = |client: &Arc<Client>| {
            if !skip.contains(client.sid()) && !except.contains(client.sid()) {
                each(client);
            }
        };
        let rooms = match target {
            Target::One(client) => return each(client),
            Target::Everyone => {
                if let Some(space) = self.space(namespace) {
                    space.everyone.list().iter().for_each(each);
                }
                return;
            }
            Target::Rooms(rooms) => rooms,
        };
        let Some(space) = self.space(namespace) else {
            return;
        };
        if let [room] = &rooms[..] {
            match space.room(room) {
                Some(members) => members.list().iter().for_each(each),
                None => space.everyone.get(room).iter().for_each(each),
            }
            return;
        }
        let mut seen = HashSet::new();
        for room in rooms {
            let members = space.room(room).map(|members| members.list());
            let own = space.everyone.get(room);
            for client in members.iter().flat_map(|list| list.iter()).chain(&own) {
                if seen.insert(client.sid().clone()) {
                    each(client);
                }
            }
        }
    }
}

/// The rooms whose clients are left out. Every client is also in the room of its own id.
#[derive(Default)]
struct Except<'a> {
    names: &'a [Room],
    rooms: Vec<Arc<ClientSet>>,
}

impl<'a> Except<'a> {
    fn new(space: Option<&NamespaceClients>, names: &'a [Room]) -> Self {
        let rooms = names.iter().filter_map(|name| space?.room(name));
        Except {
            names,
            rooms: rooms.collect(),
        }
    }

    fn contains(&self, sid: &Sid) -> bool {
        self.names.iter().any(|name| sid == &**name)
            || self.rooms.iter().any(|room| room.contains(sid))
    }
}

/// Whom to leave out; a few names are compared, many are hashed.
enum Skip<'a> {
    Few(&'a [Room]),
    Many(HashSet<&'a str>),
}

impl<'a> Skip<'a> {
    fn new(names: &'a [Room]) -> Self {
        if names.len() > 8 {
            Skip::Many(names.iter().map(|name| &**name).collect())
        } else {
            Skip::Few(names)
        }
    }

    fn contains(&self, sid: &Sid) -> bool {
        match self {
            Skip::Few(names) => names.iter().any(|name| sid == &**name),
            Skip::Many(names) => names.contains(sid.as_str()),
        }
    }
}
