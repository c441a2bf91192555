//! [`Node`]: the state of one server process.

use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use bytes::Bytes;
use http::{Response, request::Parts};
use http_body_util::Full;
use tokio::{sync::watch, time::Instant};

use super::{Description, Options, OutgoingEvents};
use crate::{
    base::{Request, States, Tasks},
    cluster::{Cluster, Emitter},
    delivery::Courier,
    engine::Engine,
    hub::{
        Connections, Hub,
        transport::{Outbox, Transport},
    },
    once::Keys,
    recorder::RecordingSink,
};

/// Creates the transport of a connection from the connection's outbox.
pub(crate) type MakeTransport<'a> = Box<dyn FnOnce(Outbox) -> Box<dyn Transport> + 'a>;

/// Starts the task of a connection over any transport.
///
/// A trait object, because the task runs handlers, which belong to a higher layer.
pub(crate) type Acceptor = Box<dyn Fn(&Arc<Node>, Request, MakeTransport<'_>) + Send + Sync>;

/// Responds to requests for files below the server's path, without CORS; `None` leaves a request to the engine.
///
/// A trait object, because files are served by a higher layer.
pub(crate) type Files = Box<dyn Fn(&Parts) -> Option<Response<Full<Bytes>>> + Send + Sync>;

/// One server process: its clients, its connection to the other nodes, and the values that the builder provides.
///
/// Shared by `SocketIo` handles, sockets and connection tasks.
pub(crate) struct Node {
    pub(crate) hub: Arc<Hub>,
    pub(crate) emitter: Arc<Emitter>,
    /// The events that are kept until they are acknowledged.
    pub(crate) courier: Courier,
    pub(crate) engine: Engine,
    pub(crate) connections: Connections,
    pub(crate) states: States,
    /// The values of namespace impls.
    pub(crate) namespace_values: States,
    pub(crate) options: Options,
    pub(crate) files: Option<Files>,
    /// Values of higher layers.
    pub(crate) extensions: States,
    pub(crate) description: Description,
    /// The outgoing events that have a type.
    pub(crate) events: OutgoingEvents,
    /// The responses of events that run once.
    pub(crate) once: Keys,
    /// Writes rows into files, if they are recorded.
    pub(crate) recorder: Option<Arc<RecordingSink>>,
    /// Background tasks and callbacks.
    pub(crate) tasks: Arc<Tasks>,
    /// Socket.IO connections.
    pub(crate) connection_tasks: Tasks,
    /// HTTP connections accepted by `run` and `serve`.
    pub(crate) http_tasks: Tasks,
    /// Whether the server leaves service.
    pub(crate) draining: AtomicBool,
    /// Becomes true when the server stops.
    pub(crate) stopping: watch::Sender<bool>,
    /// The time at which the first shutdown began.
    pub(crate) shutdown_began: OnceLock<Instant>,
    pub(crate) acceptor: Acceptor,
}

impl Node {
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.emitter.cluster()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("namespaces", &self.hub.namespaces())
            .finish_non_exhaustive()
    }
}
