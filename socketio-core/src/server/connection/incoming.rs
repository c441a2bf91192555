//! Reading: whether a connection is read, and where its packets go.

use std::{fmt, sync::Arc, task::Context};

use super::{Backlog, Connection, State, look_up::Joining};
use crate::{
    base::{Message, Problem, ProblemDetails, ProtocolVersion, Reason},
    client::Socket,
    hub::{
        Client, Credentials, LookedUp, PacketKind,
        transport::{Completion, Transport},
    },
    packet::{DecodeError, Form, InvalidMessage, Kind, Payload, Received, query_as_auth},
    server::{
        event_queue::{EVENT_MEMORY, EventQueue},
        trace_context::trace_context,
        turn::Turn,
    },
};

/// The size of the events whose handlers run, as a multiple of `max_http_buffer_size`, above which the client is not read. The same applies to
/// the callbacks that run, and to the acknowledgements that wait for the event store.
const RUNNING: usize = 4;

/// Returns the cure for an invalid packet, if there is a more specific one than the general one.
fn cure(error: &str) -> Option<&'static str> {
    Some(match error {
        "a reserved event name" => "give the event another name",
        "a CONNECT for a namespace joined already" => "let the client join a namespace once",
        "event name too long" | "namespace too long" | "ack id too long" => {
            "let the client send a shorter one"
        }
        "the values take too much memory" | "nested too deep" => {
            "let the client send less at once; see `max_expansion`"
        }
        "attachments too large" => "raise `max_http_buffer_size`, or send less at once",
        _ => return None,
    })
}

/// The parameters of a URL that belong to Engine.IO, not to the application.
const ENGINE_IO: [&str; 6] = ["EIO", "transport", "sid", "j", "t", "b64"];

impl<T: Transport> Connection<T> {
    /// Returns whether the client may be read. It is not read while an inbox or the outbox is full, so that TCP holds it back. While a handler
    /// waits for the acknowledgement of a `call`, up to `max_http_buffer_size` bytes are read nevertheless.
    #[inline(always)]
    pub(super) fn may_read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.state != State::Open || self.overflow.is_some() || self.joining.is_some() {
            return false;
        }
        if !self.inbox_full() && !self.callbacks_full(cx) && !self.late_acks_full(cx) {
            self.backlog = Backlog::default();
            return true;
        }
        self.backlog.counts = true;
        if !self.handle.has_pending_calls() {
            return false;
        }
        if self.backlog.bytes <= self.node.options.engine.max_payload {
            return true;
        }
        if !std::mem::replace(&mut self.backlog.exceeded, true) {
            self.report(Problem::CallBacklog, |details| details);
            for queue in &self.queues {
                queue.client().fail_calls();
            }
        }
        false
    }

    /// Returns whether a client that was not read because an inbox was full may be read again after handlers have run.
    pub(super) fn may_read_again(&mut self, cx: &mut Context<'_>) -> bool {
        std::mem::take(&mut self.held_back) && self.may_read(cx)
    }

    /// Whether too many callbacks run for acks of this connection. The task is then woken when one ends.
    fn callbacks_full(&self, cx: &mut Context<'_>) -> bool {
        let Some(running) = self.handle.callbacks() else {
            return false;
        };
        let options = &self.node.options;
        let most_bytes = options.engine.max_payload.saturating_mul(RUNNING);
        let is_full =
            || running.count() >= options.running_callbacks || running.bytes() >= most_bytes;
        if !is_full() {
            return false;
        }
        running.wake_at_end(cx.waker());
        is_full()
    }

    /// Whether too many acknowledgements for the client wait for the event store. The task is then woken when one was sent.
    #[inline]
    fn late_acks_full(&self, cx: &mut Context<'_>) -> bool {
        let options = &self.node.options;
        let most_bytes = options.engine.max_payload.saturating_mul(RUNNING);
        let late = self.handle.late_acks();
        late.is_full(options.inbox_events, most_bytes, cx.waker())
    }

    /// Whether callbacks for acks of this connection run, unless the server stops. The task is then woken when one ends.
    pub(super) fn callbacks_run(&self, cx: &mut Context<'_>) -> bool {
        let Some(running) = self.handle.callbacks() else {
            return false;
        };
        if running.is_empty() || *self.node.stopping.borrow() {
            return false;
        }
        running.wake_at_end(cx.waker());
        !running.is_empty()
    }

    pub(super) fn receive(
        &mut self,
        message: Message,
        completion: Option<Completion>,
        cx: &mut Context<'_>,
        turn: &mut Turn,
    ) {
        let bytes = message.len();
        if self.backlog.counts {
            self.backlog.bytes += bytes.max(EVENT_MEMORY);
        }
        let limits = &self.node.options.packets;
        let (queues, left, aliases) = (&self.queues, &self.left, &self.aliases);
        let read = self.reader.take(message, limits, |written| {
            let namespace = aliases.namespace(written);
            queues.iter().any(|queue| queue.takes(namespace))
                || left.iter().any(|left| **left == *namespace)
        });
        self.incomplete.read(matches!(read, Ok(None)));
        match read {
            // The completion belongs to the whole packet: it comes with the last attachment.
            Ok(None) => {}
            Ok(Some(packet)) => self.route(packet, completion, cx, turn),
            Err(invalid) => {
                let InvalidMessage { error, head } = *invalid;
                let problem = match error.downcast_ref::<DecodeError>() {
                    Some(error) if error.is_too_many_attachments() => Problem::TooManyAttachments,
                    _ => Problem::InvalidPacket,
                };
                let cure = cure(&error.to_string());
                self.report(problem, |details| ProblemDetails {
                    cure: cure.as_ref().map(|cure| cure as _),
                    ..details.detail(&error).input(head.as_bytes())
                });
                self.close(Reason::ParseError);
            }
        }
    }

    /// Returns whether an inbox is full: too many events of one namespace wait for handlers, or too many bytes of all namespaces.
    fn inbox_full(&self) -> bool {
        let options = &self.node.options;
        let limit = options.engine.max_payload;
        let (mut waiting, mut running) = (0, 0);
        self.queues.iter().any(|queue| {
            let (events, bytes) = queue.waiting();
            waiting += bytes;
            running += queue.running_bytes();
            events >= options.inbox_events
                || waiting >= limit
                || running >= limit.saturating_mul(RUNNING)
        })
    }

    fn route(
        &mut self,
        packet: Received,
        completion: Option<Completion>,
        cx: &mut Context<'_>,
        turn: &mut Turn,
    ) {
        let namespace = self.aliases.namespace(packet.namespace());
        let queue = self.queues.iter_mut().find(|queue| queue.takes(namespace));
        let Some(queue) = queue else {
            if packet.kind() == Kind::Connect {
                let auth = match self.version {
                    ProtocolVersion::Eio3 => packet.query_as_auth(),
                    ProtocolVersion::Eio4 => packet.auth(),
                };
                self.connect(packet.namespace(), auth, completion, None);
            } else if self.left.iter().any(|left| **left == *namespace) {
                self.report(Problem::LeftNamespace, |details| {
                    details.input(namespace.as_bytes())
                });
            } else {
                self.report(Problem::NotJoined, |details| {
                    details.input(namespace.as_bytes())
                });
                self.close(Reason::ParseError);
            }
            return;
        };
        match packet.kind() {
            Kind::Event => {
                if let Err(malformed) = queue.push(packet, completion, cx, turn) {
                    self.invalid_packet(&malformed, None);
                }
            }
            Kind::Ack => {
                let id = packet.id().and_then(|id| id.number().ok());
                let client = Arc::clone(queue.client());
                let bytes = packet.weight();
                self.node.hub.record_received_ack(&client, id, bytes);
                let mut arguments = packet.into_arguments();
                // A single value that is not valid JSON fails only the event or acknowledgement that contains it.
                if let Err(error) = arguments.clone().finish()
                    && error.is_malformed()
                {
                    return self.invalid_packet(&error, None);
                }
                if let Some(id) = id {
                    client.acknowledge(id, std::mem::take(&mut arguments), bytes + EVENT_MEMORY);
                }
                if let Some(completion) = completion {
                    completion.fire(Ok(()));
                }
            }
            Kind::Disconnect => {
                queue.leave(Reason::ClientDisconnect, completion);
                let namespace = Arc::clone(queue.client().namespace());
                self.leave_behind(namespace);
            }
            // The path is another spelling of a namespace that was joined: there can be only one client in a namespace.
            Kind::Connect if !self.aliases.is_current(packet.namespace()) => {
                self.aliases.refuse_other(packet.namespace());
                self.handle.set_aliases(self.aliases.clone());
                self.refuse(packet.namespace(), Problem::InvalidNamespace, completion);
            }
            // Old clients need not ask for the default namespace; some do.
            Kind::Connect if self.version == ProtocolVersion::Eio3 && packet.namespace() == "/" => {
            }
            Kind::Connect => self.invalid_packet(&"a CONNECT for a namespace joined already", None),
            Kind::ConnectError => self.invalid_packet(&"a CONNECT_ERROR by a client", None),
        }
    }

    /// Lets an old client join the default namespace, which it does not ask for. Its `auth` is the query of its URL.
    pub(super) fn connect_implicitly(&mut self) {
        let query = self.request.query_pairs();
        let auth = query_as_auth(query.filter(|(name, _)| !ENGINE_IO.contains(&&**name)));
        self.connect("/", auth, None, None);
    }

    /// Lets a client join a namespace, once the event store has answered about its session.
    pub(super) fn connect(
        &mut self,
        written: &str,
        auth: Payload,
        completion: Option<Completion>,
        looked_up: Option<LookedUp>,
    ) {
        // The packets of other parsers can't be renamed.
        let form = self.node.hub.codec.form();
        let found = self.server.registry.namespace(written);
        // A path without a slash must not be taken for the one with it, which may have guards of its own.
        let found = found.filter(|(path, _)| {
            written.starts_with('/') && (**path == *written || form == Form::Json)
        });
        let Some((path, handlers)) = found else {
            return self.refuse(written, Problem::InvalidNamespace, completion);
        };
        if self.queues.len() >= self.node.options.namespaces {
            return self.refuse(written, Problem::TooManyNamespaces, completion);
        }
        let is_alias = *path != *written;
        if is_alias && self.queues.iter().any(|queue| queue.takes(&path)) {
            return self.refuse(written, Problem::InvalidNamespace, completion);
        }
        if looked_up.is_none() && self.version == ProtocolVersion::Eio4 {
            let credentials = || Credentials::read(&auth);
            if let Some(look_up) = self.node.hub.look_up(&self.request, credentials) {
                let written = written.to_owned();
                self.joining = Some(Box::new(Joining {
                    written,
                    auth,
                    completion,
                    look_up,
                }));
                return;
            }
        }
        self.left.retain(|left| *left != path);
        self.set_alias(&path, is_alias.then(|| Arc::from(written)));
        let hub = &self.node.hub;
        let client = match self.version {
            ProtocolVersion::Eio3 => {
                Client::new(path, Arc::clone(&self.handle), self.request.clone())
            }
            ProtocolVersion::Eio4 => {
                let credentials = || Credentials::read(&auth);
                let looked_up = looked_up.unwrap_or(LookedUp::Found);
                hub.create_client(path, &self.handle, &self.request, credentials, looked_up)
            }
        };
        let client = client.handles_disconnecting(handlers.handles("disconnecting"));
        if let (Some(hook), Some(span)) = (&self.node.options.continue_traces, client.span())
            && let Some(context) = trace_context(&self.request, &auth)
        {
            hook.call(span, &context);
        }
        let socket = Socket::new(Arc::new(client), Arc::clone(&self.node));
        let options = &self.node.options;
        if options.always_connect {
            let client = socket.client();
            hub.accept(client, hub.joined(self.version, client));
        }
        // Most connections are in one namespace, and a vector that grows by itself begins with room for four.
        self.queues.reserve_exact(1);
        self.queues.push(EventQueue::new(
            socket,
            handlers,
            self.server.dispatcher.clone(),
            auth,
            completion,
            self.version,
        ));
    }

    /// Answers a CONNECT for a namespace that the client can't join.
    fn refuse(&mut self, path: &str, problem: Problem, completion: Option<Completion>) {
        self.report(problem, |details| details.input(path.as_bytes()));
        let message = match problem {
            Problem::TooManyNamespaces => "Too many namespaces",
            _ => "Invalid namespace",
        };
        let codec = &self.node.hub.codec;
        let packet = codec.refused(self.version, path, message, None);
        self.handle.push(packet, PacketKind::Protocol);
        if !self.queues.iter().any(|queue| queue.takes(path)) {
            self.leave_behind(Arc::from(path));
        }
        if let Some(completion) = completion {
            completion.fire(Ok(()));
        }
    }

    /// Ends the connection of a client that breaks the protocol.
    pub(super) fn invalid_packet(&mut self, error: &dyn fmt::Display, input: Option<&[u8]>) {
        let cure = cure(&error.to_string());
        self.report(Problem::InvalidPacket, |details| ProblemDetails {
            input,
            cure: cure.as_ref().map(|cure| cure as _),
            ..details.detail(error)
        });
        self.close(Reason::ParseError);
    }

    /// Logs a problem with this client.
    pub(super) fn report<'a>(
        &'a self,
        problem: Problem,
        complete: impl FnOnce(ProblemDetails<'a>) -> ProblemDetails<'a>,
    ) {
        let details = ProblemDetails::of(&self.request, self.transport_name);
        let problems = &self.node.options.engine.problems;
        problems.report(problem, complete(details));
    }
}
