//! The registrations that attributes make at link time, as [`Handlers`] of a server.

use std::{borrow::Cow, collections::BTreeSet};

use super::{Handlers, definition::Linked, entry::Entry, handlers::Registered};

impl Handlers {
    /// Returns all linked registrations for the server of this name.
    pub(crate) fn linked(server: &str) -> Self {
        let mut handlers = Handlers::default();
        let mut servers = BTreeSet::new();
        for linked in inventory::iter::<Linked> {
            match linked {
                Linked::Functions(definitions) => {
                    servers.extend(definitions.iter().map(|one| one.server));
                    let own = definitions.iter().filter(|one| one.server == server);
                    handlers.entries.extend(own.map(Entry::function));
                }
                Linked::NamespaceImpl(definition) => {
                    servers.insert(definition.server);
                    if definition.server == server {
                        handlers.namespace_impls.push(Registered {
                            definition,
                            path: Cow::Borrowed(definition.path),
                            instance: None,
                        });
                    }
                }
                Linked::Path(path) => handlers.paths.push(path),
                Linked::Event(definition) => {
                    servers.insert(definition.server);
                    if definition.server == server {
                        handlers.add_event(definition);
                    }
                }
            }
        }
        if !server.is_empty() && !servers.contains(server) {
            servers.remove("");
            handlers.problems.push(unknown_server(server, &servers));
        }
        handlers
    }

    /// Adds the registrations that were given to the builder to the linked ones.
    pub(crate) fn with_given(mut self, given: Handlers) -> Self {
        // A namespace impl with a given value, at any path, needs no default value.
        self.namespace_impls.retain(|linked| {
            let is_given = |one: &Registered| one.type_id() == linked.type_id();
            !given.namespace_impls.iter().any(is_given)
        });
        self.append(given);
        self
    }
}

/// Returns the problem of a server name that no linked handler has.
fn unknown_server(name: &str, servers: &BTreeSet<&str>) -> String {
    let cure = match socketio_names::nearest(name, servers.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None if servers.is_empty() => {
            format!("put `server = {name:?}` on handlers, or leave `named` out")
        }
        None => {
            let names: Vec<_> = servers.iter().map(|name| format!("{name:?}")).collect();
            format!("the linked handlers name {}", names.join(", "))
        }
    };
    format!("`named({name:?})`: no linked handler belongs to a server of this name: {cure}")
}
