//! One client's events, in order: its inbox and the handler that runs.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::task::JoinSet;

use crate::{
    base::{ArgumentError, ConnectionRefused, Reason},
    client::Socket,
    handler::{ClientContext, Dispatcher, EventFailure, Incoming, Lookup},
    hub::Client,
    packet::Payload,
    transport::Completion,
};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type EventResult = Result<(), EventFailure>;

/// A client of this connection in one namespace, from its CONNECT packet to the end of its `disconnect` handler.
pub(super) struct EventQueue {
    seat: Arc<ClientContext>,
    inbox: VecDeque<Job>,
    inbox_bytes: usize,
    running: Option<Running>,
    /// Handlers that may overlap and had to wait.
    overlapping: Option<Box<JoinSet<EventResult>>>,
    overlap_limit: usize,
    overlap_all: bool,
    /// Its `disconnect` has been queued, for this reason: no more events.
    leaving: Option<Reason>,
}

enum Job {
    Event(Incoming, usize, Option<Completion>),
    Disconnect(Reason, Option<Completion>),
}

enum Running {
    Connect(BoxFuture<Result<(), ConnectionRefused>>, Option<Completion>),
    Event(BoxFuture<EventResult>, Option<Completion>),
    Disconnect(BoxFuture<EventResult>, Option<Completion>),
}

/// What polling a client came to.
pub(super) enum Progress {
    /// Nothing can be done now.
    Pending,
    /// It is over: refused, or its `disconnect` handler has ended.
    Ended,
    /// The client sent arguments that are no JSON.
    Malformed(ArgumentError),
}

impl EventQueue {
    /// Begins with the `connect` handler.
    pub(super) fn new(
        socket: Socket,
        handlers: Arc<Lookup>,
        dispatcher: Dispatcher,
        auth: Payload,
        completion: Option<Completion>,
        overlap_limit: usize,
        overlap_all: bool,
    ) -> Self {
        let seat = Arc::new(ClientContext {
            socket,
            handlers,
            dispatcher,
        });
        let connect = Dispatcher::connect(Arc::clone(&seat), auth);
        EventQueue {
            seat,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            running: Some(Running::Connect(Box::pin(connect), completion)),
            overlapping: None,
            overlap_limit,
            overlap_all,
            leaving: None,
        }
    }

    pub(super) fn client(&self) -> &Arc<Client> {
        self.seat.socket.client()
    }

    /// Whether it still takes packets.
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// Events that wait, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.inbox.len(), self.inbox_bytes)
    }

    /// Queues an event of `bytes`.
    pub(super) fn event(&mut self, event: Incoming, bytes: usize, completion: Option<Completion>) {
        self.inbox_bytes += bytes;
        self.inbox.push_back(Job::Event(event, bytes, completion));
    }

    /// The client goes: it leaves its rooms now, and its `disconnect` handler runs after the events that had arrived.
    pub(super) fn leave(&mut self, reason: Reason, completion: Option<Completion>) {
        if self.leaving.is_some() {
            return;
        }
        self.leaving = Some(reason);
        if !self.client().is_connecting() {
            self.seat.socket.node().hub.remove(self.client(), reason);
        }
        self.inbox.push_back(Job::Disconnect(reason, completion));
    }

    /// Runs what can be run.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        loop {
            if let Some(overlapping) = &mut self.overlapping {
                while let Poll::Ready(Some(ended)) = overlapping.poll_join_next(cx) {
                    if let Ok(Err(EventFailure::Malformed(error))) = ended {
                        return Progress::Malformed(error);
                    }
                }
            }
            match &mut self.running {
                None => {}
                Some(Running::Connect(connect, _)) => {
                    let Poll::Ready(result) = connect.as_mut().poll(cx) else {
                        return Progress::Pending;
                    };
                    let completion = self.end_running();
                    let accepted = self.connected(result);
                    fire(completion, Ok(()));
                    if !accepted {
                        return Progress::Ended;
                    }
                }
                Some(Running::Event(event, _)) => {
                    let Poll::Ready(result) = event.as_mut().poll(cx) else {
                        return Progress::Pending;
                    };
                    let completion = self.end_running();
                    if let Err(error) = ended(result, completion) {
                        return Progress::Malformed(error);
                    }
                }
                Some(Running::Disconnect(disconnect, _)) => {
                    let Poll::Ready(result) = disconnect.as_mut().poll(cx) else {
                        return Progress::Pending;
                    };
                    let completion = self.end_running();
                    // There are no arguments that could be malformed.
                    let _ = ended(result, completion);
                    return Progress::Ended;
                }
            }
            if !self.start_next(cx) {
                return Progress::Pending;
            }
        }
    }

    fn end_running(&mut self) -> Option<Completion> {
        match self.running.take()? {
            Running::Connect(_, completion)
            | Running::Event(_, completion)
            | Running::Disconnect(_, completion) => completion,
        }
    }

    /// Lets the client in, or tells it why not.
    fn connected(&mut self, result: Result<(), ConnectionRefused>) -> bool {
        let hub = &self.seat.socket.node().hub;
        let client = self.seat.socket.client();
        match result {
            Ok(()) => {
                tracing::debug!(target: "socketio", namespace = &**client.namespace(), sid = %client.sid(), "connected");
                hub.admit(client, hub.codec.connect(client.namespace(), client.sid()));
                if let Some(reason) = self.leaving {
                    hub.remove(client, reason);
                }
                true
            }
            Err(_) if !client.is_connecting() => {
                // `always_connect`: it is in, and has to go. This packet can't say why, or the official clients take it for a
                // broken one.
                client.deliver(hub.codec.disconnect(client.namespace()));
                hub.remove(client, Reason::ServerDisconnect);
                false
            }
            Err(refused) => {
                client.connection().push(hub.codec.connect_error(
                    client.namespace(),
                    refused.message(),
                    refused.json_data(),
                ));
                hub.remove(client, Reason::ServerDisconnect);
                false
            }
        }
    }

    /// Starts the next job. False when there is none, or when it must wait.
    fn start_next(&mut self, cx: &mut Context<'_>) -> bool {
        match self.inbox.front() {
            None => {
                // An idle client keeps no room for the burst it once had.
                if self.inbox.capacity() > 32 {
                    self.inbox = VecDeque::new();
                }
                return false;
            }
            Some(Job::Disconnect(..)) if self.overlaps() > 0 => return false,
            Some(Job::Event(..)) if self.overlaps() >= self.overlap_limit => return false,
            Some(_) => {}
        }
        match self.inbox.pop_front() {
            None => false,
            Some(Job::Disconnect(reason, completion)) => {
                let client = self.client();
                tracing::debug!(target: "socketio", namespace = &**client.namespace(), sid = %client.sid(), %reason, "disconnected");
                let disconnect = Dispatcher::disconnect(Arc::clone(&self.seat), reason);
                self.running = Some(Running::Disconnect(Box::pin(disconnect), completion));
                true
            }
            Some(Job::Event(event, bytes, completion)) => {
                self.inbox_bytes -= bytes;
                let client = self.client();
                tracing::debug!(target: "socketio", namespace = &**client.namespace(), sid = %client.sid(), event = &*event.name, bytes, "event");
                if let Some(observer) = self.seat.socket.node().hub.observer() {
                    observer.received(client, &event.name, &event.arguments);
                }
                let entry = self.seat.handlers.event(&event.name).cloned();
                let concurrent = entry.as_ref().is_some_and(|entry| entry.concurrent);
                let handler = Box::pin(Dispatcher::event(Arc::clone(&self.seat), entry, event));
                if concurrent || self.overlap_all {
                    self.start_overlapping(handler, completion, cx);
                } else {
                    self.running = Some(Running::Event(handler, completion));
                }
                true
            }
        }
    }

    fn overlaps(&self) -> usize {
        self.overlapping.as_ref().map_or(0, |tasks| tasks.len())
    }

    /// Most handlers never wait: so this one is polled in place first, and spawned only if it must.
    fn start_overlapping(
        &mut self,
        mut handler: BoxFuture<EventResult>,
        completion: Option<Completion>,
        cx: &mut Context<'_>,
    ) {
        if let Poll::Ready(result) = handler.as_mut().poll(cx) {
            // What is no JSON comes back here, to be reported where all results are.
            self.running = Some(Running::Event(
                Box::pin(std::future::ready(result)),
                completion,
            ));
            return;
        }
        let overlapping = self.overlapping.get_or_insert_default();
        overlapping.spawn(async move {
            ended(handler.await, completion).map_err(EventFailure::Malformed)
        });
    }
}

/// Fires the completion, unless the client broke the protocol.
fn ended(result: EventResult, completion: Option<Completion>) -> Result<(), ArgumentError> {
    match result {
        Ok(()) => fire(completion, Ok(())),
        Err(EventFailure::Failed(error)) => fire(completion, Err(error)),
        Err(EventFailure::Malformed(error)) => return Err(error),
    }
    Ok(())
}

fn fire(completion: Option<Completion>, result: Result<(), crate::HandlerError>) {
    if let Some(completion) = completion {
        completion.fire(result);
    }
}
