//! What lies beneath the handlers: this process's clients, the way to those of others, states and tasks.

use std::{
    any::Any,
    sync::{OnceLock, Weak},
};

use crate::{
    adapter::{Adapter, Here},
    hub::{Hub, Limits},
    states::States,
    tasks::Tasks,
};

/// One for each server; shared by its sockets.
pub(crate) struct Node {
    pub(crate) hub: Hub,
    pub(crate) adapter: Adapter,
    pub(crate) states: States,
    pub(crate) tasks: Tasks,
    pub(crate) limits: Limits,
    /// The server around this node, for handlers that ask for it; erased, since it lies above.
    pub(crate) server: OnceLock<Weak<dyn Any + Send + Sync>>,
}

impl Here for Node {
    fn hub(&self) -> &Hub {
        &self.hub
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("namespaces", &self.hub.namespaces())
            .finish_non_exhaustive()
    }
}
