//! Cancelling streams: by functions, and by the events that attributes name.

use std::{fmt::Display, sync::Arc};

use crate::{
    client::{Socket, SocketIo},
    handler::{Handlers, Kind},
    hub::StreamName,
};

impl Socket {
    /// Cancels all streams of this client in its namespace, and returns how many there were. Each is dropped, and its event is
    /// acknowledged with the number of items that were sent, and `cancelled: true`.
    pub fn cancel_streams(&self) -> usize {
        self.cancel(|_| true)
    }

    /// Cancels the streams of this client with this [`key`](crate::StreamTo::key), and [detached](crate::StreamTo::detached)
    /// streams with this key that other clients of its namespace have started. Returns how many there were.
    ///
    /// If the key comes from a client, check that the client may cancel the stream.
    pub fn cancel_stream(&self, key: impl Display) -> usize {
        let key = key.to_string();
        let is_named = |name: &StreamName| name.key.as_deref() == Some(&*key);
        // The detached streams of this client are in both tables.
        let namespace = self.client().namespace();
        let others = self
            .node()
            .hub
            .detached
            .cancel(|name| name.namespace.as_ref() == Some(namespace) && is_named(name));
        others + self.cancel(|name| name.namespace.is_none() && is_named(name))
    }

    fn cancel(&self, matches: impl Fn(&StreamName) -> bool) -> usize {
        let streams = self.client().streams();
        streams.map_or(0, |streams| streams.cancel(matches))
    }
}

impl SocketIo {
    /// Cancels the [detached](crate::StreamTo::detached) streams of a namespace with this key, and returns how many there were.
    pub fn cancel_stream(&self, namespace: &str, key: impl Display) -> usize {
        let key = key.to_string();
        self.node().hub.detached.cancel(|name| {
            name.namespace.as_deref() == Some(namespace) && name.key.as_deref() == Some(&*key)
        })
    }
}

/// Adds the handlers of the events that cancel streams, each once for a namespace.
pub(crate) fn cancel_entries(handlers: &mut Handlers) {
    let functions = handlers.entries.iter().filter_map(|entry| {
        let stream = entry.stream.as_ref()?;
        let cancel = stream.cancelled_by?;
        Some((entry.namespace.to_string(), cancel, entry.origin.location))
    });
    let methods = handlers.namespace_impls.iter().flat_map(|one| {
        let methods = one.definition.methods.iter().flat_map(|list| list.iter());
        methods.filter_map(|method| {
            let cancel = method.stream.as_ref()?.cancelled_by?;
            Some((one.path.to_string(), cancel, method.location))
        })
    });
    let mut events: Vec<_> = functions.chain(methods).collect();
    events.sort_by(|a, b| (&a.0, a.1, a.2.line()).cmp(&(&b.0, b.1, b.2.line())));
    events.dedup_by(|a, b| (&a.0, a.1) == (&b.0, b.1));
    for (namespace, event, location) in events {
        let target = (Kind::Event, &*namespace, event);
        // All streams whose attribute names the event, or those of them with a key.
        let cancel = move |socket: Socket, key: Option<String>| {
            let key: Option<Arc<str>> = key.map(Arc::from);
            socket.cancel(|name| {
                name.cancelled_by == Some(event) && (key.is_none() || name.key == key)
            })
        };
        handlers.add_closure(target, cancel, location);
    }
}
