//! The builder of a server: its options, handlers and states.
//!
//! Users call [`SocketIo::builder`]; nothing is checked before [`SocketIoBuilder::build`], which reports all problems
//! at once and creates the node. The options of clusters, of logs, of served files, of HTTP, of transports and the limits are in
//! `clustering`, `logger`, `client_files`, `http_options`, `transport_options`, `limit_options` and `connection_limits`.

use std::{fmt, panic::Location, path::PathBuf, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    clustering::Clustering,
    recorder_option,
    server::{NodeParts, Server},
};
use crate::{
    activity::ActivityOptions,
    admin::Admin,
    base::{BuildError, EndpointPath, HandlerError, States},
    client::{Recovery, SentEvent, SocketIo, Tap, Taps},
    cluster::Cluster,
    counters::{Counters, EventTable},
    delivery::Deliveries,
    event_store::EventStore,
    handler::{Dispatcher, ErrorAck, Handlers, builder_methods},
    history::HistoryHttp,
    hub::{NamespaceHistory, Watch},
    node::Options,
    once::Once,
    packet::{Codec, Form, Parser, to_ascii},
    recorder::Recorder,
};

/// Builds a [`SocketIo`] server. Created by [`SocketIo::builder`] or [`SocketIo::bare`].
///
/// Nothing is checked before [`build`](SocketIoBuilder::build), which reports all problems at once.
#[must_use = "a builder does nothing until `build` is called"]
pub struct SocketIoBuilder {
    pub(super) linked: bool,
    pub(super) name: String,
    pub(super) handlers: Handlers,
    states: States,
    pub(super) options: Options,
    pub(super) codec: Codec,
    #[cfg(feature = "logger")]
    pub(super) logger: super::logger::Logger,
    error_ack: ErrorAck,
    pub(super) admin: Option<Admin>,
    #[cfg(feature = "api")]
    pub(super) api: Option<crate::api::Api>,
    pub(super) activity: ActivityOptions,
    pub(super) recovery: Option<Recovery>,
    pub(super) recorder: Option<Recorder>,
    taps: Vec<Tap>,
    pub(super) histories: Vec<NamespaceHistory>,
    pub(super) last_values: bool,
    pub(super) history_http: Option<HistoryHttp>,
    pub(super) event_store: Option<Arc<dyn EventStore>>,
    pub(super) clustering: Clustering,
    pub(super) once: Once,
    pub(super) deliveries: Deliveries,
    /// Where `serve_client` finds the files.
    pub(super) client: Option<PathBuf>,
    #[cfg(feature = "contract")]
    pub(super) serve_contract: bool,
    built: &'static Location<'static>,
    pub(super) problems: Vec<String>,
}

impl SocketIo {
    /// Creates a builder with all handlers that attributes have registered at link time.
    #[track_caller]
    pub fn builder() -> SocketIoBuilder {
        SocketIoBuilder::linked()
    }

    /// Creates a builder without the handlers that are registered at link time: only those that are added to it exist.
    #[track_caller]
    pub fn bare() -> SocketIoBuilder {
        SocketIoBuilder::bare()
    }
}

impl SocketIoBuilder {
    #[track_caller]
    pub(super) fn linked() -> Self {
        SocketIoBuilder {
            linked: true,
            ..Self::bare()
        }
    }

    #[track_caller]
    pub(super) fn bare() -> Self {
        SocketIoBuilder {
            linked: false,
            name: String::new(),
            handlers: Handlers::default(),
            states: States::default(),
            options: Options::default(),
            codec: Codec::default(),
            #[cfg(feature = "logger")]
            logger: Default::default(),
            error_ack: ErrorAck::default(),
            admin: None,
            #[cfg(feature = "api")]
            api: None,
            activity: ActivityOptions::default(),
            recovery: None,
            recorder: None,
            taps: Vec::new(),
            histories: Vec::new(),
            last_values: false,
            history_http: None,
            event_store: None,
            clustering: Clustering::default(),
            once: Once::default(),
            deliveries: Deliveries::default(),
            client: None,
            #[cfg(feature = "contract")]
            serve_contract: false,
            built: Location::caller(),
            problems: Vec::new(),
        }
    }

    /// Sets the name of this server, for programs with several servers: it then has the linked handlers with `server =
    /// "name"` instead of those without a server. `build()` fails if no linked handler has the name. Default: no name.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Adds a value that handlers take as `State<T>`, at most one of each type.
    pub fn state<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.shared_state(Arc::new(value))
    }

    /// Adds a value that is shared with the rest of the program. Handlers take `State<T>` for an `Arc<T>`.
    pub fn shared_state<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        if !self.states.insert(value) {
            self.problems.push(format!(
                "two states of type `{0}`: `State<{0}>` is ambiguous, wrap one of them in a type of its own",
                std::any::type_name::<T>()
            ));
        }
        self
    }

    /// Sets the path of the HTTP endpoint. Slashes at both ends are added. Default: `/socket.io/`.
    pub fn path(mut self, path: &str) -> Self {
        let endpoint = EndpointPath::new(path);
        let problem = endpoint.problem.map(|problem| format!("`path`: {problem}"));
        self.problems.extend(problem);
        self.options.path = endpoint.path;
        self
    }

    /// Sets how long a connection may exist without having joined a namespace. Time spent in `connect` handlers does
    /// not count. Default: 45 seconds.
    ///
    /// A `connect` handler that still runs that long after its client has gone is dropped.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Sets how long a `call` waits for its acknowledgement, unless it sets a [`timeout`](crate::To::timeout). Default:
    /// 60 seconds.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.options.limits.call_timeout = timeout;
        self
    }

    /// Sets whether the events of one client are handled concurrently. `#[event(concurrent)]` sets it for one handler.
    /// Default: false; the events of a client in one namespace are handled one after another, in the order of their
    /// arrival.
    pub fn async_handlers(mut self, overlap: bool) -> Self {
        self.options.async_handlers = overlap;
        self
    }

    /// Sets whether a client is in its namespace before its `connect` handler runs, instead of after it has accepted:
    /// the handler can then `call` the client, and events that it emits are sent at once. A client that is refused is
    /// disconnected without a message, and its `disconnect` handler does not run. Default: false.
    pub fn always_connect(mut self, always: bool) -> Self {
        self.options.always_connect = always;
        self
    }

    /// Sets the parser that encodes and decodes packets, which all clients must use, too: `parser::MsgPack` (with the
    /// feature `msgpack`), or a custom [`Parser`]. Default: [`parser::Json`](crate::packet::Json).
    pub fn parser(mut self, parser: impl Parser) -> Self {
        self.codec = Codec::new(parser);
        self
    }

    /// Sets the acknowledgement of an event that failed or that has no handler, unless an error handler returns another
    /// one. Default: `{"error": ".."}` with the problem of the arguments, or `internal error`.
    pub fn error_ack(
        mut self,
        create: impl Fn(&HandlerError) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.error_ack = ErrorAck::new(create);
        self
    }

    /// Adds a closure that sees every event that this process sends to its clients, as `onAnyOutgoing` of Socket.IO for Node does:
    /// after it was put into their outboxes, on the thread that emits. It must not block.
    ///
    /// Events that the closure itself emits are not passed to it. With at least one closure, the server decodes each event once, and lists its
    /// recipients; without, it costs nothing. Incoming events pass through [middleware](crate::Middleware).
    ///
    /// ```
    /// use socketio_core::{SentEvent, SocketIo};
    ///
    /// let io = SocketIo::bare().on_any_outgoing(|sent: &SentEvent<'_>| {
    ///     println!("{} to {} clients", sent.event(), sent.recipients().len());
    /// });
    /// ```
    pub fn on_any_outgoing(mut self, tap: impl Fn(&SentEvent<'_>) + Send + Sync + 'static) -> Self {
        self.taps.push(Box::new(tap));
        self
    }

    /// Adds an [`Admin`] interface, for the page <https://admin.socket.io>. A second one replaces the first. Default: none.
    pub fn admin(mut self, admin: Admin) -> Self {
        self.admin = Some(admin);
        self
    }

    /// Checks all registrations and options and creates the server.
    ///
    /// # Errors
    ///
    /// [`BuildError`] lists all problems, each with `file:line` and the cure: two handlers for one event, a missing
    /// state, a namespace without a value, arguments that an event does not have, contradictory options.
    pub fn build(mut self) -> Result<SocketIo, BuildError> {
        #[cfg(feature = "logger")]
        self.logger.install();
        self.check_options();
        self.check_recovery();
        self.check_histories();
        self.check_event_store();
        self.check_drain();
        self.problems.extend(self.clustering.problems());
        let files = self.client_files();
        let recovery = self.take_recovery();
        self.options.engine.to_ascii = (self.codec.form() == Form::Json).then_some(to_ascii);
        let mut extensions = States::default();
        self.start_history_http(&mut extensions);
        #[cfg(feature = "api")]
        let api_problems = self.start_api(&mut extensions);
        let mut handlers = if self.linked {
            Handlers::linked(&self.name).with_given(self.handlers)
        } else {
            self.handlers
        };
        handlers.add_problems(self.problems);
        handlers.only_emits(self.clustering.is_write_only());
        let (mut watch, mut instrument) = (Watch::default(), None);
        if let Some(admin) = self.admin {
            let problems = admin.problems();
            let is_valid = problems.is_empty();
            handlers.add_problems(problems);
            let installed = admin.install(&self.codec);
            #[cfg(feature = "contract")]
            let installed_handlers = installed.handlers.internal();
            #[cfg(not(feature = "contract"))]
            let installed_handlers = installed.handlers;
            // The same problem would be reported for each of them.
            if is_valid {
                handlers.append(installed_handlers);
            }
            (watch, instrument) = (installed.watch, Some(installed.instrument));
        }
        #[cfg(feature = "api")]
        handlers.add_problems(api_problems);
        #[cfg(feature = "contract")]
        if self.serve_contract {
            extensions.insert(Arc::new(super::contract_routes::ContractRoutes::default()));
        }
        if !self.taps.is_empty() {
            watch.observers.push(Arc::new(Taps {
                codec: self.codec.clone(),
                taps: self.taps,
            }));
        }
        let (registry, namespace_values) = handlers.build(&self.states)?;
        // A worker that only emits needs no handlers.
        if registry.description().handlers().is_empty() && !self.clustering.is_write_only() {
            tracing::warn!(
                target: "socketio",
                "this server has no handlers; handlers of a library are linked only if the program uses an item of that library"
            );
        }
        for handler in registry.description().handlers() {
            tracing::debug!(
                target: "socketio",
                namespace = handler.namespace,
                event = handler.event,
                function = handler.function,
                location = %handler.location,
                "handler"
            );
        }
        let events = EventTable::new(registry.counters().to_vec());
        let rated = registry.rated().to_vec();
        self.options.engine.counters = Arc::new(Counters::new(events, rated));
        self.options.limits.overflow = self.options.outbox.policy;
        self.options.limits.python_rooms = self.clustering.has_python_rooms();
        #[cfg_attr(
            not(feature = "contract"),
            expect(unused_mut, reason = "contracts add to it")
        )]
        let mut description = registry.description().clone();
        #[cfg(feature = "contract")]
        {
            description.described.own_error_ack = self.error_ack.is_own;
        }
        let cluster = self.clustering.cluster();
        let id = match &cluster {
            Some(cluster) => Arc::clone(&cluster.host_id),
            None => Cluster::new_host_id(),
        };
        let parts = NodeParts {
            recovery,
            histories: self.histories,
            event_store: self.event_store,
            codec: self
                .codec
                .max_attachments(self.options.outgoing_attachments),
            watch,
            cluster,
            states: self.states,
            namespace_values,
            options: self.options,
            once: self.once,
            deliveries: self.deliveries,
            files,
            extensions,
            description,
            recorder: recorder_option::start(self.recorder, &id, &mut self.activity)?,
            activity: self.activity,
            events: registry.events().clone(),
            id,
        };
        let server = Server {
            registry,
            dispatcher: Dispatcher::new(self.error_ack, self.built),
            instrument,
        };
        let io = server.start(parts);
        #[cfg(feature = "contract")]
        io.prepare_contract();
        Ok(io)
    }
}

builder_methods!(SocketIoBuilder, handlers);

impl fmt::Debug for SocketIoBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIoBuilder")
            .field("linked", &self.linked)
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
