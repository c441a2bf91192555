//! [`Aliases`]: the names that a client uses for namespaces, where they differ from the server's.

use std::sync::Arc;

use crate::{base::Message, packet::rename};

/// The type of the packet that refuses a client.
const CONNECT_ERROR: char = '4';

/// The namespaces of one connection that its client names differently, such as `/chat/` for `/chat`. Usually there are none.
///
/// The connection applies them to what it reads, its outbox to what it writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aliases(Vec<Alias>);

#[derive(Clone, Debug)]
struct Alias {
    namespace: Arc<str>,
    written: Arc<str>,
    /// Whether a CONNECT_ERROR belongs to another name, under which the client was refused.
    other_refused: bool,
}

impl Aliases {
    /// Sets the name that the client has for a namespace; `None` for the namespace's own. Returns whether that changes
    /// anything.
    pub(crate) fn set(&mut self, namespace: &Arc<str>, written: Option<Arc<str>>) -> bool {
        let before = self.0.len();
        self.0.retain(|alias| alias.namespace != *namespace);
        let removed = self.0.len() < before;
        let Some(written) = written else {
            return removed;
        };
        self.0.push(Alias {
            namespace: Arc::clone(namespace),
            written,
            other_refused: false,
        });
        true
    }

    /// Returns the namespace that the client means by a name.
    pub(crate) fn namespace<'a>(&'a self, written: &'a str) -> &'a str {
        let alias = self.0.iter().find(|alias| *alias.written == *written);
        alias.map_or(written, |alias| &alias.namespace)
    }

    /// Returns the name that the client has for a namespace.
    pub(crate) fn written<'a>(&'a self, namespace: &'a str) -> &'a str {
        let alias = self.0.iter().find(|alias| *alias.namespace == *namespace);
        alias.map_or(namespace, |alias| &alias.written)
    }

    /// Returns whether a name is the one that the client has for its namespace.
    pub(crate) fn is_current(&self, written: &str) -> bool {
        self.written(self.namespace(written)) == written
    }

    /// Notes that the client is in a namespace already, and is now refused under the namespace's own name.
    pub(crate) fn refuse_other(&mut self, namespace: &str) {
        for alias in &mut self.0 {
            alias.other_refused |= *alias.namespace == *namespace;
        }
    }

    /// Returns whether the client names all its namespaces as the server does.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a message of the server with the name that the client uses.
    pub(super) fn apply(&self, message: Message) -> Message {
        if let Message::Text(text) = &message {
            let is_error = text.starts_with(CONNECT_ERROR);
            let renamed = self
                .0
                .iter()
                .filter(|alias| !(is_error && alias.other_refused))
                .find_map(|alias| rename(text, &alias.namespace, &alias.written));
            if let Some(renamed) = renamed {
                return Message::Text(renamed);
            }
        }
        message
    }
}
