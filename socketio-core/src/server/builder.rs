//! Building a server: options, handlers, states, and one gate at the end.

use std::{fmt, panic::Location, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    clustering::Clustering,
    server::{NodeParts, Server},
};
use crate::{
    admin::Admin,
    admission::OverflowPolicy,
    base::{BuildError, HandlerError, IntoAccept, Request, States},
    client::SocketIo,
    engine::{Cookie, Cors, Transports},
    handler::{Dispatcher, ErrorAck, Handlers, builder_methods, default_error_ack},
    hub::Watch,
    node::Options,
    packet::{Codec, Parser},
};

/// Builds a [`SocketIo`] server; made by [`SocketIo::builder`] or [`SocketIo::bare`].
///
/// Nothing is checked before [`build`](SocketIoBuilder::build), which reports everything that is wrong at once.
#[must_use = "a builder does nothing until `build` is called"]
pub struct SocketIoBuilder {
    linked: bool,
    name: String,
    handlers: Handlers,
    states: States,
    pub(super) options: Options,
    codec: Codec,
    #[cfg(feature = "logger")]
    logger: super::logger::Logger,
    error_ack: ErrorAck,
    admin: Option<Admin>,
    pub(super) clustering: Clustering,
    built: &'static Location<'static>,
    problems: Vec<String>,
}

impl SocketIo {
    /// A builder with every handler that attributes have linked into the program.
    #[track_caller]
    pub fn builder() -> SocketIoBuilder {
        SocketIoBuilder::linked()
    }

    /// A builder without any handlers: those given to it are the only ones.
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
            error_ack: Arc::new(default_error_ack),
            admin: None,
            clustering: Clustering::default(),
            built: Location::caller(),
            problems: Vec::new(),
        }
    }

    /// Takes the linked handlers with `server = "name"` instead of those without a server, where a program has several
    /// servers. `build()` refuses a name that no linked handler has.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Gives the server a value, for handlers that take `State<T>`: one of each type.
    pub fn state<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.shared_state(Arc::new(value))
    }

    /// Gives the server a value that the program shares with it: handlers take `State<T>` for an `Arc<T>`.
    pub fn shared_state<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        if !self.states.insert(value) {
            self.problems.push(format!(
                "two states of type `{0}`: `State<{0}>` could be either, wrap one of them in a type of its own",
                std::any::type_name::<T>()
            ));
        }
        self
    }

    /// The path of the HTTP endpoint. Default: `/socket.io/`. Slashes at both ends are added.
    pub fn path(mut self, path: &str) -> Self {
        let inner = path.trim_matches('/');
        if inner.is_empty() || inner.contains(['?', '#']) {
            self.problems.push(format!(
                "the path {path:?} must name at least one segment, without `?` and `#`"
            ));
        }
        self.options.path = format!("/{inner}/");
        self
    }

    /// How long after the handshake, and after each answer, the server pings a client. Default: 25 seconds.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.options.engine.ping_interval = interval;
        self
    }

    /// How much longer than the interval clients are told it is, so that they forgive a ping that comes late. Default: zero.
    pub fn ping_grace(mut self, grace: Duration) -> Self {
        self.options.engine.ping_grace = grace;
        self
    }

    /// How long the server waits for the answer to a ping before it gives the client up. Default: 20 seconds.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.options.engine.ping_timeout = timeout;
        self
    }

    /// The largest message that clients may send, over either transport, in bytes. Default: 1,000,000.
    pub fn max_http_buffer_size(mut self, bytes: usize) -> Self {
        self.options.engine.max_payload = bytes;
        self.options.packets.max_attachment_bytes = bytes;
        self
    }

    /// Which transports are offered, and accepted: [`Transports::POLLING`], [`Transports::WEBSOCKET`]. Default: both.
    pub fn transports(mut self, transports: Transports) -> Self {
        self.options.engine.transports = transports;
        self
    }

    /// Whether a client may change from polling to WebSocket. Default: true.
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.options.engine.allow_upgrades = allow;
        self
    }

    /// Which web pages may connect, on either transport: `"https://example.org"`, an array or a `Vec` of such origins, `"*"`
    /// for all, or a [`Cors`], which may be a function. Default: pages of the same origin.
    pub fn cors_allowed_origins(mut self, origins: impl Into<Cors>) -> Self {
        self.options.engine.cors = origins.into();
        self
    }

    /// Whether allowed pages of other origins may send cookies. Default: true.
    pub fn cors_credentials(mut self, allow: bool) -> Self {
        self.options.engine.cors_credentials = allow;
        self
    }

    /// A cookie with the id of the connection, for load balancers that route by it: a name, or a [`Cookie`] with attributes of
    /// its own. Default: none.
    pub fn cookie(mut self, cookie: impl Into<Cookie>) -> Self {
        self.options.engine.cookie = Some(cookie.into());
        self
    }

    /// Whether the answers to polls are compressed for clients that accept it. Default: true.
    pub fn http_compression(mut self, compress: bool) -> Self {
        self.options.engine.http_compression = compress;
        self
    }

    /// From how many bytes on an answer is compressed. Default: 1,024.
    pub fn compression_threshold(mut self, bytes: usize) -> Self {
        self.options.engine.compression_threshold = bytes;
        self
    }

    /// Asks an async closure about every HTTP request that wants to open a connection, over either transport, before there
    /// is one: `true`, `()` and `Ok` let it in. `false` and every `Err` are answered with status 403; a
    /// [`HandshakeRefused`](crate::HandshakeRefused) decides on the status and the body. Several are asked in their order.
    ///
    /// The requests that follow on an open connection don't come here. What the closure finds out is best kept by a layer in
    /// front of the server, in the request's extensions, or found out in `connect`.
    ///
    /// ```
    /// use socketio_core::{HandshakeRefused, Request, SocketIo};
    ///
    /// let io = SocketIo::bare()
    ///     .on_handshake(async |request: Request| match request.header("x-api-key") {
    ///         Some("open sesame") => Ok(()),
    ///         _ => Err(HandshakeRefused::new("an API key is needed")),
    ///     })
    ///     .build()
    ///     .unwrap();
    /// ```
    pub fn on_handshake<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoAccept> + Send + 'static,
    {
        self.options.handshake.add(hook);
        self
    }

    /// How long a connection may exist before it has joined its first namespace; the time that `connect` handlers take is
    /// theirs. Default: 45 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// How long a change from polling to WebSocket may take. Default: 10 seconds.
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.options.engine.upgrade_timeout = timeout;
        self
    }

    /// How long `call` waits for an answer, unless told otherwise. Default: 60 seconds.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.options.limits.call_timeout = timeout;
        self
    }

    /// Whether the events of one client may be handled side by side. Default: false, they are handled one after another in
    /// the order in which they came. `#[event(concurrent)]` says it for one handler.
    pub fn async_handlers(mut self, overlap: bool) -> Self {
        self.options.async_handlers = overlap;
        self
    }

    /// Whether a client is in its namespace before its `connect` handler runs, rather than after it has accepted: the
    /// handler can then `call` the client, and what it emits is sent at once. A client that is refused is then disconnected
    /// without being told why, and its `disconnect` handler does not run. Default: false.
    pub fn always_connect(mut self, always: bool) -> Self {
        self.options.always_connect = always;
        self
    }

    /// How many events of one client may be handled side by side, where they may. Default: 64.
    pub fn max_concurrent_events(mut self, events: usize) -> Self {
        self.options.concurrent_events = events;
        self
    }

    /// How many events of a client may wait for their handler, in each namespace, before its connection is no longer read.
    /// Default: 256.
    pub fn max_waiting_events(mut self, events: usize) -> Self {
        self.options.inbox_events = events;
        self
    }

    /// How much may wait to be written to one client. Default: 65,536 messages and 16 MiB (16,777,216 bytes).
    pub fn max_outbox(mut self, messages: usize, bytes: usize) -> Self {
        self.options.outbox.messages = messages;
        self.options.outbox.bytes = bytes;
        self
    }

    /// What happens when more than that waits. Default: the client is disconnected.
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.options.outbox.policy = policy;
        self
    }

    /// How many namespaces one connection may be in. Default: 100.
    pub fn max_namespaces(mut self, namespaces: usize) -> Self {
        self.options.namespaces = namespaces;
        self
    }

    /// How many rooms one client may be in. Default: 1,000.
    pub fn max_rooms(mut self, rooms: usize) -> Self {
        self.options.limits.rooms = rooms;
        self
    }

    /// How many acknowledgements may be awaited from one client; past it, the oldest callback is given up. Default: 1,000.
    pub fn max_pending_acks(mut self, acks: usize) -> Self {
        self.options.limits.pending_acks = acks;
        self
    }

    /// How many attachments one packet may have. Default: 10.
    pub fn max_attachments(mut self, attachments: usize) -> Self {
        self.options.packets.max_attachments = attachments;
        self
    }

    /// How many connections may be open; a further handshake is answered 503. Default: 100,000.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.options.engine.max_sessions = connections;
        self
    }

    /// Serializes packets in another way, which all clients have to speak too: `parser::MsgPack` (with the feature
    /// `msgpack`), or one of your own. Default: [`parser::Json`](crate::packet::Json).
    pub fn parser(mut self, parser: impl Parser) -> Self {
        self.codec = Codec::new(parser);
        self
    }

    /// Whether to write to the standard error output what happens to clients and their events, for programs that have not
    /// set up `tracing` themselves. Default: false.
    ///
    /// It takes effect in [`build`](SocketIoBuilder::build), for the whole program, and not at all if a subscriber is there
    /// by then: so a program that sets up one of its own does it before, or leaves this out. The target is `socketio`, the
    /// level `debug`; the environment variable `RUST_LOG` overrides both: `RUST_LOG=socketio=warn,engineio=debug`.
    #[cfg(feature = "logger")]
    pub fn logger(mut self, write: bool) -> Self {
        self.logger.socketio = write;
        self
    }

    /// As [`logger`](SocketIoBuilder::logger), for what happens to connections below Socket.IO: the target `engineio`. Only
    /// warnings of the other target are written if that is not asked for. Default: false.
    #[cfg(feature = "logger")]
    pub fn engineio_logger(mut self, write: bool) -> Self {
        self.logger.engineio = write;
        self
    }

    /// What an event is acknowledged with that failed, or that no handler knows.
    /// Default: `{"error": "<what was wrong with the arguments, or `internal error`>"}`.
    pub fn error_ack(
        mut self,
        answer: impl Fn(&HandlerError) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.error_ack = Arc::new(answer);
        self
    }

    /// Adds an [`Admin`] interface, for the page <https://admin.socket.io>. Default: none, and nothing is collected for it.
    pub fn admin(mut self, admin: Admin) -> Self {
        self.admin = Some(admin);
        self
    }

    /// Checks everything and makes the server.
    ///
    /// # Errors
    ///
    /// [`BuildError`] lists everything that is wrong, with `file:line` and the cure: two handlers for one event, a
    /// missing state, a namespace without a value, arguments that an event does not have, options that contradict each
    /// other.
    pub fn build(mut self) -> Result<SocketIo, BuildError> {
        #[cfg(feature = "logger")]
        self.logger.install();
        self.check_options();
        self.problems.extend(self.clustering.problems());
        let mut handlers = if self.linked {
            Handlers::linked(&self.name).with_given(self.handlers)
        } else {
            self.handlers
        };
        handlers.add_problems(self.problems);
        let (mut watch, mut instrument) = (Watch::default(), None);
        if let Some(admin) = self.admin {
            handlers.add_problems(admin.problems());
            let installed = admin.install(&self.codec);
            handlers.append(installed.handlers);
            (watch, instrument) = (installed.watch, Some(installed.instrument));
        }
        let (registry, namespace_values) = handlers.build(&self.states)?;
        // A process that only emits needs none.
        if registry.description().handlers().is_empty() && !self.clustering.is_write_only() {
            tracing::warn!(
                target: "socketio",
                "this server has no handlers; those of a library are linked only when the program mentions something of it"
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
        let parts = NodeParts {
            codec: self.codec,
            watch,
            cluster: self.clustering.cluster(),
            states: self.states,
            namespace_values,
            options: self.options,
            description: registry.description().clone(),
        };
        let server = Server {
            registry,
            dispatcher: Dispatcher::new(self.error_ack, self.built),
            instrument,
        };
        Ok(server.start(parts))
    }

    fn check_options(&mut self) {
        let options = &self.options;
        let engine = &options.engine;
        let mut wrong = |is: bool, what: &str| {
            if is {
                self.problems.push(what.to_owned());
            }
        };
        wrong(
            !engine.transports.polling && !engine.transports.websocket,
            "no transport is left: `transports` must allow polling, websocket or both",
        );
        for (duration, name) in [
            (engine.ping_interval, "ping_interval"),
            (engine.ping_timeout, "ping_timeout"),
            (engine.upgrade_timeout, "upgrade_timeout"),
            (options.connect_timeout, "connect_timeout"),
            (options.limits.call_timeout, "call_timeout"),
        ] {
            wrong(duration.is_zero(), &format!("`{name}` must not be zero"));
        }
        for (number, name) in [
            (engine.max_payload, "max_http_buffer_size"),
            (options.concurrent_events, "max_concurrent_events"),
            (options.inbox_events, "max_waiting_events"),
            (options.outbox.messages, "max_outbox: messages"),
            (options.outbox.bytes, "max_outbox: bytes"),
            (options.namespaces, "max_namespaces"),
            (engine.max_sessions, "max_connections"),
        ] {
            wrong(number == 0, &format!("`{name}` must not be zero"));
        }
        wrong(
            !engine.is_measurable(),
            "`ping_interval`, `ping_grace` and `ping_timeout` together must be less than 24.8 days: no client can wait longer",
        );
        for problem in engine.cors.problems() {
            wrong(true, &format!("`cors_allowed_origins`: {problem}"));
        }
        if let Some(problem) = engine.cookie.as_ref().and_then(Cookie::problem) {
            wrong(true, &format!("`cookie`: {problem}"));
        }
        wrong(
            !self.linked && !self.name.is_empty(),
            "`named` chooses among linked handlers, but `bare` has none: use `SocketIo::builder().named(..)`",
        );
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
