//! [`Running`]: a handler that runs, and the notifications when it has ended.

use std::{borrow::Borrow, pin::Pin, sync::Arc, task::Context};

use tracing::Instrument as _;

use super::{super::turn::Turn, EventQueue};
use crate::{
    base::{ArgumentError, ConnectionRefused, HandlerError, Reason, spans},
    handler::{ClientContext, Dispatcher, Entry, EventFailure, EventRun, QueuedEvent},
    hub::transport::Completion,
};

pub(super) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
pub(super) type EventResult = Result<(), EventFailure>;

/// The handler that runs, with the notifications that are sent when it has ended.
pub(super) enum Running {
    Connect(BoxFuture<Result<(), ConnectionRefused>>, Option<Completion>),
    /// With the bytes that count while it runs.
    Event(BoxFuture<EventResult>, Option<Completion>, usize),
    Disconnecting(BoxFuture<EventResult>, Reason, Option<Completion>),
    Disconnect(BoxFuture<EventResult>, Option<Completion>),
}

impl EventQueue {
    /// Counts the waiting events, for metrics.
    pub(super) fn note_inbox(&self) {
        self.client().set_inbox(self.inbox.len(), self.inbox_bytes);
    }

    /// Creates the future that runs a handler of the client's end.
    pub(super) fn disconnect(&self, event: &'static str, reason: Reason) -> BoxFuture<EventResult> {
        let disconnect = Dispatcher::disconnect(Arc::clone(&self.context), event, reason);
        in_span(&self.context, event, disconnect)
    }

    /// Begins the handler of an event.
    #[inline]
    pub(super) fn begin(
        &self,
        mut event: QueuedEvent<impl Borrow<Arc<Entry>>>,
        bytes: usize,
        cx: &mut Context<'_>,
        turn: &mut Turn,
    ) -> EventRun {
        let client = self.client();
        tracing::debug!(target: "socketio", namespace = &**client.namespace(), sid = %client.sid(), event = event.name(), bytes, "event");
        let hub = &self.context.socket.node().hub;
        event.count(&hub.counters);
        event.record(hub, client, bytes);
        hub.observe(|observer| observer.received(client, event.name(), &event.arguments));
        turn.handler_starts();
        let run = match client.span() {
            None => EventRun::begin(&self.context, event, cx),
            Some(_) => {
                let name = event.name().to_owned();
                let event = EventRun::run(Arc::clone(&self.context), event.owned());
                EventRun::poll(in_span(&self.context, &name, event), cx)
            }
        };
        turn.handler_paused();
        run
    }
}

/// Runs an event in a span of its own, if a subscriber wants that.
pub(super) fn in_span<F>(context: &ClientContext, event: &str, future: F) -> BoxFuture<F::Output>
where
    F: Future + Send + 'static,
{
    let client = context.socket.client();
    let Some(span) = client.span() else {
        return Box::pin(future);
    };
    let (namespace, sid) = (client.namespace(), client.sid());
    let handler = context.handlers.function(event);
    let span = spans::event(span, namespace, sid, event, &handler);
    Box::pin(future.instrument(span))
}

/// Fires the completion, unless the client broke the protocol.
#[inline]
pub(super) fn finish(
    result: EventResult,
    completion: Option<Completion>,
) -> Result<(), ArgumentError> {
    match result {
        Ok(()) => fire(completion, Ok(())),
        Err(EventFailure::Failed(error)) => fire(completion, Err(error)),
        Err(EventFailure::Malformed(error)) => return Err(error),
    }
    Ok(())
}

#[inline]
pub(super) fn fire(completion: Option<Completion>, result: Result<(), HandlerError>) {
    if let Some(completion) = completion {
        completion.fire(result);
    }
}
