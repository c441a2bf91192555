//! One client's events, in order: its inbox and the handler that runs.
//!
//! The connection's task owns one for each client and polls it within a [`Turn`]. The state of the client is in the hub
//! (`hub/client_state.rs`); this module only schedules.

mod accepting;
mod leaving;
mod rejecting;
mod running;

use std::{
    borrow::Borrow,
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{task::JoinSet, time::Sleep};

use self::running::{EventResult, Running, finish, fire, in_span};
use super::turn::Turn;
use crate::{
    base::{ArgumentError, ProtocolVersion, Reason},
    client::Socket,
    handler::{
        ClientContext, ClientRates, Dispatcher, Entry, EventFailure, EventRun, Lookup, QueuedEvent,
    },
    hub::{Client, Ending, Recoverable, transport::Completion},
    packet::{Payload, Received},
};

/// The number of handlers of all clients of a connection that may run at a time, as a multiple of `max_concurrent_events`.
const CONNECTION: usize = 4;

/// The memory that an event takes while it waits, besides its arguments: its place in the inbox, its name, its shared text.
pub(super) const EVENT_MEMORY: usize = 256;

/// The events of one client, from its CONNECT packet to the end of its `disconnect` handler.
pub(super) struct EventQueue {
    context: Arc<ClientContext>,
    inbox: VecDeque<Job>,
    inbox_bytes: usize,
    running: Option<Running>,
    /// Concurrent handlers that had to wait.
    concurrent: Option<Box<JoinSet<(EventResult, usize)>>>,
    /// Whether concurrent handlers are being dropped, which happens at their next await. A handler that blocks its thread delays it.
    dropping: Option<Pin<Box<Sleep>>>,
    version: ProtocolVersion,
    /// The size of the arguments, or the `auth`, of the handlers that run, in bytes.
    running_bytes: usize,
    /// Concurrent handlers of the other clients of this connection, when this queue was last polled.
    others: usize,
    /// The counts for rate limits, once one applies.
    rates: Option<Box<ClientRates>>,
    /// Whether the `disconnect` handler is queued or has run: no more events are taken.
    is_leaving: bool,
    /// The `disconnecting` handler has begun to run.
    has_run_disconnecting: bool,
    /// Dropped when the last handler has ended.
    _ending: Option<Ending>,
    /// Whether handlers that still run are not awaited.
    is_abandoned: bool,
}

enum Job {
    Event(QueuedEvent, usize, Option<Completion>),
    Disconnect(Reason, Option<Completion>),
}

/// The outcome of polling the queue.
pub(super) enum Progress {
    /// There is nothing to do now, or the turn is over.
    Pending,
    /// The client was refused, or its `disconnect` handler has ended.
    Ended,
    /// The client sent arguments that are not JSON.
    Malformed(ArgumentError),
}

impl EventQueue {
    /// Creates a queue, which starts with the `connect` handler.
    pub(super) fn new(
        socket: Socket,
        handlers: Arc<Lookup>,
        dispatcher: Dispatcher,
        auth: Payload,
        completion: Option<Completion>,
        version: ProtocolVersion,
    ) -> Self {
        let context = Arc::new(ClientContext {
            socket,
            handlers,
            dispatcher,
        });
        let running_bytes = auth.weight() + EVENT_MEMORY;
        let connect = accepting::connect(&context, auth);
        let connect = in_span(&context, "connect", connect);
        let recoverable = context.socket.client().recoverable();
        EventQueue {
            _ending: recoverable.map(Recoverable::ending),
            context,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            running: Some(Running::Connect(connect, completion)),
            concurrent: None,
            dropping: None,
            version,
            running_bytes,
            others: 0,
            rates: None,
            is_leaving: false,
            has_run_disconnecting: false,
            is_abandoned: false,
        }
    }

    pub(super) fn client(&self) -> &Arc<Client> {
        self.context.socket.client()
    }

    /// Returns whether the client's `disconnect` handler is queued or has run.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// Returns whether packets for the namespace are for this client.
    pub(super) fn takes(&self, namespace: &str) -> bool {
        !self.is_leaving && **self.client().namespace() == *namespace
    }

    /// Returns the events that wait, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.inbox.len(), self.inbox_bytes)
    }

    /// Returns the bytes that the handlers that run were started with.
    pub(super) fn running_bytes(&self) -> usize {
        self.running_bytes
    }

    /// Finds the handler of an event, and runs it now if nothing precedes it. Queues the event otherwise.
    ///
    /// # Errors
    ///
    /// If the handler has run, and the client had sent arguments that are not JSON.
    pub(super) fn push(
        &mut self,
        packet: Received,
        completion: Option<Completion>,
        cx: &mut Context<'_>,
        turn: &mut Turn,
    ) -> Result<(), ArgumentError> {
        let bytes = packet.weight();
        let event = QueuedEvent::new(packet, &self.context.handlers);
        let admitted = event.admit(
            &self.context.handlers,
            &mut self.rates,
            &self.context.socket,
        );
        if let Err(over) = admitted {
            self.reject(event.owned(), bytes, over, completion);
            return Ok(());
        }
        if self.is_idle() && !self.is_concurrent(&event) {
            let run = self.begin(event, bytes, cx, turn);
            return self.started(run, bytes, completion);
        }
        let event = event.owned();
        self.inbox_bytes += bytes + EVENT_MEMORY;
        self.inbox.push_back(Job::Event(event, bytes, completion));
        self.note_inbox();
        Ok(())
    }

    /// Notes what an event has started, before which no other runs.
    #[inline]
    fn started(
        &mut self,
        run: EventRun,
        bytes: usize,
        completion: Option<Completion>,
    ) -> Result<(), ArgumentError> {
        match run {
            EventRun::Ended(result) => finish(result, completion),
            EventRun::Waits(rest) => {
                let started = bytes + EVENT_MEMORY;
                self.running_bytes += started;
                self.running = Some(Running::Event(rest, completion, started));
                Ok(())
            }
        }
    }

    /// Runs what can be run within the turn, while other clients of the connection have `others` concurrent handlers.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn,
        others: usize,
    ) -> Progress {
        self.others = others;
        loop {
            if let Some(concurrent) = &mut self.concurrent {
                while let Poll::Ready(Some(ended)) = concurrent.poll_join_next(cx) {
                    match ended {
                        Ok((result, bytes)) => {
                            self.running_bytes = self.running_bytes.saturating_sub(bytes);
                            if let Err(EventFailure::Malformed(error)) = result {
                                return Progress::Malformed(error);
                            }
                        }
                        Err(error) if error.is_cancelled() => {}
                        // User code is caught where it is called.
                        Err(error) => {
                            tracing::error!(target: "socketio", %error, "a concurrent handler ended without a result");
                        }
                    }
                }
            }
            if let Some(dropping) = &mut self.dropping
                && dropping.as_mut().poll(cx).is_ready()
            {
                self.dropping = None;
                self.concurrent = None;
            }
            if self.running.is_some() {
                turn.handler_starts();
                let progress = self.poll_running(cx);
                turn.handler_paused();
                match progress {
                    Poll::Pending => return Progress::Pending,
                    Poll::Ready(Some(progress)) => return progress,
                    Poll::Ready(None) => {}
                }
            }
            if turn.is_over() {
                return Progress::Pending;
            }
            match self.start_next(cx, turn) {
                Ok(true) => {}
                Ok(false) => return Progress::Pending,
                Err(malformed) => return Progress::Malformed(malformed),
            }
        }
    }

    /// Returns whether no handler runs and no event waits.
    pub(super) fn is_quiet(&self) -> bool {
        self.running.is_none() && self.inbox.is_empty() && self.concurrent_handlers() == 0
    }

    /// Returns whether there is something to start that the last turn had no time for.
    pub(super) fn has_work(&self) -> bool {
        self.running.is_none() && self.next_may_start()
    }

    /// Polls the handler that runs. `Ready(None)` when it has ended and the next may start.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<Option<Progress>> {
        match &mut self.running {
            None => Poll::Ready(None),
            Some(Running::Connect(connect, completion)) => {
                let result = std::task::ready!(connect.as_mut().poll(cx));
                let completion = completion.take();
                self.running = None;
                self.running_bytes = 0;
                let accepted = self.finish_connect(result);
                fire(completion, Ok(()));
                Poll::Ready((!accepted).then_some(Progress::Ended))
            }
            Some(Running::Event(event, completion, bytes)) => {
                let result = std::task::ready!(event.as_mut().poll(cx));
                let completion = completion.take();
                self.running_bytes = self.running_bytes.saturating_sub(*bytes);
                self.running = None;
                Poll::Ready(finish(result, completion).err().map(Progress::Malformed))
            }
            Some(Running::Disconnecting(disconnecting, reason, completion)) => {
                // A failure is logged, or handled by an error handler.
                let _ = std::task::ready!(disconnecting.as_mut().poll(cx));
                let (reason, completion) = (*reason, completion.take());
                self.running = None;
                self.end(reason);
                self.inbox.push_front(Job::Disconnect(reason, completion));
                Poll::Ready(None)
            }
            Some(Running::Disconnect(disconnect, completion)) => {
                let result = std::task::ready!(disconnect.as_mut().poll(cx));
                let completion = completion.take();
                self.running = None;
                // There are no arguments that could be malformed.
                let _ = finish(result, completion);
                Poll::Ready(Some(Progress::Ended))
            }
        }
    }

    fn has_free_handler(&self) -> bool {
        let own = self.concurrent_handlers();
        let limit = self.context.socket.node().options.concurrent_events;
        own < limit && own + self.others < limit.saturating_mul(CONNECTION)
    }

    fn next_may_start(&self) -> bool {
        match self.inbox.front() {
            None => false,
            Some(Job::Disconnect(..)) => {
                let has_background = self.client().has_background() && !self.is_abandoned;
                self.concurrent_handlers() == 0 && !has_background
            }
            Some(Job::Event(..)) => self.has_free_handler(),
        }
    }

    /// Starts the next job. Returns false if there is none, or if it must wait.
    ///
    /// # Errors
    ///
    /// If its handler has run, and the client had sent arguments that are not JSON.
    fn start_next(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> Result<bool, ArgumentError> {
        if self.inbox.is_empty() && self.inbox.capacity() > 32 {
            // An idle client gives back the memory of an earlier burst.
            self.inbox = VecDeque::new();
        }
        if !self.next_may_start() {
            return Ok(false);
        }
        match self.inbox.pop_front() {
            None => return Ok(false),
            Some(Job::Disconnect(reason, completion))
                if self.client().handles_disconnecting && !self.has_run_disconnecting =>
            {
                // The client may have ended already, if another connection has taken its session over.
                self.has_run_disconnecting = true;
                let handler = self.disconnect("disconnecting", reason);
                self.running = Some(Running::Disconnecting(handler, reason, completion));
            }
            Some(Job::Disconnect(reason, completion)) => {
                let client = self.client();
                tracing::debug!(target: "socketio", namespace = &**client.namespace(), sid = %client.sid(), %reason, "disconnected");
                let disconnect = self.disconnect("disconnect", reason);
                self.running = Some(Running::Disconnect(disconnect, completion));
            }
            Some(Job::Event(event, bytes, completion)) => {
                self.inbox_bytes -= bytes + EVENT_MEMORY;
                self.note_inbox();
                let is_concurrent = self.is_concurrent(&event);
                let run = self.begin(event, bytes, cx, turn);
                match is_concurrent {
                    true => self.started_concurrent(run, bytes, completion)?,
                    false => self.started(run, bytes, completion)?,
                }
            }
        }
        Ok(true)
    }

    /// Returns whether an event that arrives now can start at once.
    fn is_idle(&self) -> bool {
        self.running.is_none() && self.inbox.is_empty() && self.has_free_handler()
    }

    fn is_concurrent(&self, event: &QueuedEvent<impl Borrow<Arc<Entry>>>) -> bool {
        self.context.socket.node().options.async_handlers || event.route.is_concurrent()
    }

    pub(super) fn concurrent_handlers(&self) -> usize {
        self.concurrent.as_ref().map_or(0, |tasks| tasks.len())
    }

    /// Notes what an event has started that runs beside others. Most handlers never wait, so it is spawned only if it does.
    fn started_concurrent(
        &mut self,
        run: EventRun,
        bytes: usize,
        completion: Option<Completion>,
    ) -> Result<(), ArgumentError> {
        let rest = match run {
            EventRun::Ended(result) => return finish(result, completion),
            EventRun::Waits(rest) => rest,
        };
        let started = bytes + EVENT_MEMORY;
        self.running_bytes += started;
        let concurrent = self.concurrent.get_or_insert_default();
        concurrent.spawn(async move {
            let result = finish(rest.await, completion).map_err(EventFailure::Malformed);
            (result, started)
        });
        Ok(())
    }
}
