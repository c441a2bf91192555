//! [`Reporter`]: reports the events of clients to the page, in development mode.

use std::{
    sync::{Arc, OnceLock, Weak},
    time::SystemTime,
};

use serde::Serialize;
use serde_json::{Value, json};

use super::view::{self, Secrets};
use crate::{
    base::{Data, Reason, date},
    client::To,
    hub::{Client, Observer, Room, Target},
    node::Node,
    packet::Arguments,
    packet::{Codec, Frames},
};

/// Converts events of the hub into events for the page. Events in the page's own namespace are not reported, because
/// each report would cause another one.
pub(crate) struct Reporter {
    namespace: Arc<str>,
    codec: Codec,
    secrets: Secrets,
    /// Set by the first connection. Weak, because the node owns the reporter.
    node: OnceLock<Weak<Node>>,
}

impl Reporter {
    pub(super) fn new(namespace: &Arc<str>, codec: Codec, secrets: Secrets) -> Self {
        Reporter {
            namespace: Arc::clone(namespace),
            codec,
            secrets,
            node: OnceLock::new(),
        }
    }

    /// Sets the node whose clients are reported to its administrators.
    pub(super) fn set_node(&self, node: &Arc<Node>) {
        let _ = self.node.set(Arc::downgrade(node));
    }

    /// Returns all clients except those of the page.
    pub(super) fn sockets(&self, node: &Node) -> Vec<Value> {
        let mut sockets = Vec::new();
        for namespace in node.hub.namespaces() {
            if *namespace != *self.namespace {
                node.hub
                    .select(&namespace, &Target::Everyone, &[], &[], |client| {
                        sockets.push(view::socket(client, self.secrets));
                    });
            }
        }
        sockets
    }

    fn is_own(&self, client: &Client) -> bool {
        **client.namespace() == *self.namespace
    }

    /// Returns the node if an administrator is connected. Otherwise nothing is collected.
    fn watched(&self) -> Option<Arc<Node>> {
        let node = self.node.get().and_then(Weak::upgrade)?;
        node.hub.is_inhabited(&self.namespace).then_some(node)
    }

    fn report<T: Serialize>(&self, client: &Client, event: &str, payload: impl FnOnce() -> T) {
        if self.is_own(client) {
            return;
        }
        let Some(node) = self.watched() else {
            return;
        };
        let page = To::new(node, None, Arc::clone(&self.namespace), Target::Everyone);
        if let Err(error) = page.try_emit(event, payload()) {
            tracing::debug!(target: "socketio", %error, event, "the admin interface could not send an event");
        }
    }

    /// Decodes the name and the arguments of an encoded event.
    fn read(&self, packet: Frames) -> Option<Vec<Data>> {
        let packet = self.codec.read_own(packet)?;
        let name = packet.event().to_owned();
        named(&name, packet.into_arguments())
    }
}

/// Returns `[event, ..arguments]`; `None` if the arguments can't be decoded.
fn named(event: &str, mut arguments: Arguments) -> Option<Vec<Data>> {
    let mut named = vec![Data::from(event)];
    named.extend(arguments.rest::<Data>().ok()?);
    Some(named)
}

fn now() -> String {
    date::iso(SystemTime::now())
}

impl Observer for Reporter {
    fn connected(&self, client: &Arc<Client>) {
        self.report(client, "socket_connected", || {
            (view::socket(client, self.secrets), now())
        });
    }

    fn disconnected(&self, client: &Arc<Client>, rooms: &[Room], reason: Reason) {
        for room in rooms {
            self.left(client, room);
        }
        self.report(client, "socket_disconnected", || {
            (&**client.namespace(), client.sid(), reason, now())
        });
    }

    fn joined(&self, client: &Arc<Client>, room: &str) {
        self.report(client, "room_joined", || {
            (&**client.namespace(), room, client.sid(), now())
        });
    }

    fn left(&self, client: &Arc<Client>, room: &str) {
        self.report(client, "room_left", || {
            (&**client.namespace(), room, client.sid(), now())
        });
    }

    fn received(&self, client: &Arc<Client>, event: &str, arguments: &Arguments) {
        if self.is_own(client) || self.watched().is_none() {
            return;
        }
        if let Some(event) = named(event, arguments.clone()) {
            self.report(client, "event_received", || {
                (&**client.namespace(), client.sid(), event, now())
            });
        }
    }

    fn sent(&self, clients: &[Arc<Client>], packet: &Frames) {
        if clients.first().is_none_or(|client| self.is_own(client)) || self.watched().is_none() {
            return;
        }
        if let Some(event) = self.read(packet.clone()) {
            let now = now();
            for client in clients {
                self.report(client, "event_sent", || {
                    (&**client.namespace(), client.sid(), &event, &now)
                });
            }
        }
    }

    fn upgraded(&self, client: &Arc<Client>) {
        self.report(client, "socket_updated", || {
            let transport = client.connection().transport();
            json!({"id": client.sid(), "nsp": &**client.namespace(), "transport": transport})
        });
    }
}
