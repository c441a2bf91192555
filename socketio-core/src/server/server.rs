//! [`Server`]: the handlers of a server, and the creation of its node.

use std::sync::{Arc, OnceLock, atomic::AtomicBool};

use tokio::sync::watch;

use super::connection::Connection;
use crate::{
    activity::ActivityOptions,
    admin::Instrument,
    base::{States, Tasks},
    client::{Recovery, SocketIo},
    cluster::{Cluster, ClusterOptions, Emitter},
    delivery::{Courier, Deliveries},
    engine::Engine,
    event_store::EventStore,
    handler::{Dispatcher, Registry},
    hub::{Connections, Hub, NamespaceHistory, RecoveryOptions, StoredEvents, Watch},
    node::{Description, Files, Node, Options, OutgoingEvents},
    once::{Keys, Once},
    packet::Codec,
    recorder::RecordingSink,
};

/// The handlers of a server, and what is needed to run them.
pub(super) struct Server {
    pub(super) registry: Registry,
    pub(super) dispatcher: Dispatcher,
    pub(super) instrument: Option<Instrument>,
}

/// The parts of a node, checked by the builder.
pub(super) struct NodeParts {
    pub(super) histories: Vec<NamespaceHistory>,
    pub(super) event_store: Option<Arc<dyn EventStore>>,
    pub(super) recovery: Option<(Recovery, RecoveryOptions)>,
    pub(super) codec: Codec,
    pub(super) watch: Watch,
    pub(super) cluster: Option<ClusterOptions>,
    pub(super) states: States,
    pub(super) namespace_values: States,
    pub(super) options: Options,
    pub(super) once: Once,
    pub(super) deliveries: Deliveries,
    pub(super) files: Option<Files>,
    pub(super) extensions: States,
    pub(super) description: Description,
    pub(super) activity: ActivityOptions,
    pub(super) events: OutgoingEvents,
    pub(super) recorder: Option<Arc<RecordingSink>>,
    /// The name of the node.
    pub(super) id: Arc<str>,
}

impl Server {
    /// Creates the node, whose connections run the handlers of this server.
    pub(super) fn start(self, parts: NodeParts) -> SocketIo {
        let options = parts.options;
        let counters = Arc::clone(&options.engine.counters);
        let hub = Hub::new(
            parts.codec,
            parts.watch,
            options.limits,
            counters,
            parts.activity.start(&parts.id),
        );
        let (recovery, recovery_options) = parts.recovery.unzip();
        let cluster = parts.cluster.as_ref();
        let is_write_only = cluster.is_some_and(|cluster| cluster.write_only);
        let stored = parts.event_store.map(|store| {
            let has_queue = cluster.is_some();
            let stored = StoredEvents::new(store, &parts.id, !is_write_only, has_queue);
            let stored = Arc::new(stored);
            let types = recovery.as_ref().map(Recovery::session_types);
            (stored, types.unwrap_or_default())
        });
        let hub = Arc::new(hub.with_logs(recovery_options, parts.histories, stored));
        let server = Arc::new(self);
        let emitter = Arc::new(Emitter::new(&hub, parts.cluster));
        let tasks = Arc::new(Tasks::new("background task"));
        let problems = options.engine.problems.clone();
        let node = Arc::new_cyclic(|node: &std::sync::Weak<Node>| {
            let accepting = (node.clone(), Arc::clone(&server));
            let engine = Engine::new(options.engine.clone(), move |session| {
                let (node, server) = &accepting;
                if let Some(node) = node.upgrade() {
                    Connection::start(&node, server, session.request().clone(), |_| session);
                }
            });
            Node {
                courier: Courier::new(parts.deliveries, &emitter, &tasks, problems),
                emitter,
                hub,
                engine,
                connections: Connections::default(),
                states: parts.states,
                namespace_values: parts.namespace_values,
                options,
                once: Keys::new(parts.once),
                files: parts.files,
                extensions: parts.extensions,
                description: parts.description,
                recorder: parts.recorder,
                events: parts.events,
                tasks,
                connection_tasks: Tasks::new("connection"),
                http_tasks: Tasks::new("HTTP connection"),
                shutdown_began: OnceLock::new(),
                draining: AtomicBool::new(false),
                stopping: watch::Sender::new(false),
                acceptor: Box::new(move |node, request, transport| {
                    Connection::start(node, &server, request, transport);
                }),
            }
        });
        if let (Some(recovery), Some(recoveries)) = (recovery, &node.hub.recovery) {
            recoveries.set_on_lost(recovery.on_lost(&Arc::downgrade(&node)));
        }
        node.emitter.start();
        if let Some(stored) = node.hub.stored() {
            stored.start(&node.hub);
        }
        if node.cluster().is_some_and(Cluster::is_write_only) {
            // Its clients would not receive the events of other nodes: handshakes are answered with 503.
            node.engine.stop();
        }
        SocketIo::new(node)
    }
}
