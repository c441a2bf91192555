//! The life of an event: its handler, the error handlers, the acknowledgement.

use std::{panic::AssertUnwindSafe, panic::Location, sync::Arc};

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{EventCall, Next, Outcome, entry::Entry, guard::GuardEntry, table::Lookup};
use crate::{
    Answered, ConnectionRefused, Forbidden, HandlerError, Reason, Socket, context,
    error::Cause,
    extract::{EventContext, Parts},
    protocol::{self, ArgumentError, Arguments, Payload},
    reply::{Answer, Reply},
};

/// Makes the acknowledgement of an event that failed.
pub(crate) type ErrorAck = Arc<dyn Fn(&HandlerError) -> Value + Send + Sync>;

/// Runs events. One for each server; cheap to clone.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) error_ack: ErrorAck,
    /// Where the server was built: the location of events that no handler knows.
    pub(crate) built: &'static Location<'static>,
}

/// An event as it came.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) name: String,
    /// The acknowledgement's id, as the client wrote it.
    pub(crate) id: Option<String>,
    pub(crate) arguments: Arguments,
}

/// What failed, and where it was registered.
type Place<'a> = (&'a str, &'static Location<'static>);

/// Why an event has not ended well.
#[derive(Debug)]
pub(crate) enum EventFailure {
    /// It failed, and no error handler took it.
    Failed(HandlerError),
    /// Its arguments are no JSON: the client breaks the protocol.
    Malformed(ArgumentError),
}

impl Dispatcher {
    /// Runs the handler of an event and answers it.
    pub(crate) async fn event(
        self,
        handlers: Arc<Lookup>,
        socket: Socket,
        event: Incoming,
    ) -> Result<(), EventFailure> {
        let Incoming {
            name,
            id,
            arguments,
        } = event;
        let acknowledge = id.is_some();
        let error_handler = handlers.error();
        let again = error_handler.map(|_| arguments.clone());
        let parts = Parts {
            arguments,
            acknowledge,
            ..Parts::default()
        };
        let (reply, failure) = match self.through(&handlers, &socket, &name, parts).await {
            Ok(reply) => (reply.into_payload(), None),
            Err(error) => {
                if let Some(malformed) = malformed(&error) {
                    return Err(EventFailure::Malformed(malformed));
                }
                let parts = Parts {
                    arguments: again.unwrap_or_default(),
                    acknowledge,
                    error: Some(&error),
                    ..Parts::default()
                };
                let reply = match error.is_unknown_event() {
                    true => None,
                    false => {
                        self.handle_error(error_handler, &socket, &name, parts)
                            .await
                    }
                };
                match reply {
                    Some(reply) => (reply.into_payload(), None),
                    None => (self.failed(&error, acknowledge), Some(error)),
                }
            }
        };
        if let Some(id) = id {
            let packet = protocol::ack(socket.namespace_path(), &id, &reply.unwrap_or_default());
            socket.client().link().push(&packet);
        }
        failure.map_or(Ok(()), |error| Err(EventFailure::Failed(error)))
    }

    /// What the acknowledgement of a failed event says.
    fn failed(&self, error: &HandlerError, acknowledge: bool) -> Option<Payload> {
        acknowledge.then(|| protocol::payload(&(self.error_ack)(error)).ok())?
    }

    /// Runs the `connect` handler.
    pub(crate) async fn connect(
        self,
        handlers: Arc<Lookup>,
        socket: Socket,
        auth: String,
    ) -> Result<(), ConnectionRefused> {
        let parts = Parts {
            auth: Some(&auth),
            ..Parts::default()
        };
        let Err(error) = self.through(&handlers, &socket, "connect", parts).await else {
            return Ok(());
        };
        if let Some(refused) = refused(&error) {
            tracing::debug!(target: "socketio", namespace = socket.namespace_path(), message = refused.message(), "connection refused");
            return Err(refused);
        }
        // An error handler is told, but can't turn a refusal into anything else.
        let parts = Parts {
            error: Some(&error),
            ..Parts::default()
        };
        self.handle_error(handlers.error(), &socket, "connect", parts)
            .await;
        Err(ConnectionRefused::default())
    }

    /// Runs the `disconnect` handler.
    pub(crate) async fn disconnect(
        self,
        handlers: Arc<Lookup>,
        socket: Socket,
        reason: Reason,
    ) -> Result<(), EventFailure> {
        let parts = Parts {
            reason: Some(reason),
            ..Parts::default()
        };
        let Err(error) = self.through(&handlers, &socket, "disconnect", parts).await else {
            return Ok(());
        };
        let parts = Parts {
            error: Some(&error),
            reason: Some(reason),
            ..Parts::default()
        };
        match self
            .handle_error(handlers.error(), &socket, "disconnect", parts)
            .await
        {
            Some(_) => Ok(()),
            None => Err(EventFailure::Failed(error)),
        }
    }

    /// Has an event handled, through the middleware around it.
    async fn through(
        &self,
        handlers: &Arc<Lookup>,
        socket: &Socket,
        event: &str,
        parts: Parts<'_>,
    ) -> Result<Reply, HandlerError> {
        if handlers.middleware().is_empty() {
            return self.handle(handlers, socket, event, parts).await;
        }
        let next = Next::new(self.clone(), Arc::clone(handlers));
        // Boxed: without middleware its size is nobody's cost.
        Box::pin(next.run(EventCall::new(socket, event, parts))).await
    }

    /// Asks the guards of an event and runs its handler. `connect` and `disconnect` need none.
    pub(super) async fn handle(
        &self,
        handlers: &Lookup,
        socket: &Socket,
        event: &str,
        mut parts: Parts<'_>,
    ) -> Result<Reply, HandlerError> {
        let entry = handlers.event(event);
        let (connects, disconnects) = (parts.auth.is_some(), parts.reason.is_some());
        if entry.is_none() && !connects && !disconnects {
            let (namespace, sid) = (socket.namespace_path(), socket.sid());
            tracing::debug!(target: "socketio", event, namespace, %sid, "no handler for this event");
            let cause = match parts.arguments.finish() {
                Ok(_) => Cause::Unknown,
                Err(malformed) => Cause::Error(malformed.into()),
            };
            return Err(self.error(cause, event, socket, self.nowhere()));
        }
        let class = entry.map(|entry| entry.class_guards.iter());
        let own = entry.map(|entry| entry.guards.iter());
        let guards = handlers
            .guards()
            .chain(connects.then(|| handlers.joining()).into_iter().flatten())
            .chain(class.into_iter().flatten())
            .chain(own.into_iter().flatten())
            .filter(|_| !disconnects);
        self.run(guards, entry, socket, event, parts).await
    }

    /// Asks guards, then runs a handler, in the context of the client; a panic is an error.
    async fn run(
        &self,
        guards: impl Iterator<Item = &GuardEntry>,
        entry: Option<&Arc<Entry>>,
        socket: &Socket,
        event: &str,
        parts: Parts<'_>,
    ) -> Result<Reply, HandlerError> {
        let mut cx = EventContext::new(socket, event, parts);
        let answer = cx.answer();
        let mut place = self.nowhere();
        let handler = async {
            let pattern = entry.map_or("", |entry| &*entry.namespace);
            for guard in guards {
                place = (guard.name(), guard.location);
                let pattern = guard.namespace.as_deref().unwrap_or(pattern);
                // A copy: what a guard reads is there for the handler, too.
                guard.check(&mut cx.copy().at(pattern))?.await?;
            }
            let Some(entry) = entry else {
                return Ok(Reply::NONE);
            };
            place = (&entry.function, entry.location);
            cx = cx.at(pattern);
            let called = entry.call(&mut cx);
            drop(cx);
            called?.await
        };
        let handler = AssertUnwindSafe(context::scope(socket.clone(), handler));
        let cause = match handler.catch_unwind().await {
            Ok(outcome) => match settled(outcome, answer, event) {
                Ok(reply) => return Ok(reply),
                Err(error) => Cause::Error(error),
            },
            Err(panic) => Cause::from_panic(panic),
        };
        Err(self.error(cause, event, socket, place))
    }

    /// The place of what no function did.
    fn nowhere(&self) -> Place<'static> {
        ("", self.built)
    }

    pub(super) fn error(
        &self,
        cause: Cause,
        event: &str,
        socket: &Socket,
        (function, location): Place<'_>,
    ) -> HandlerError {
        HandlerError::new(
            cause,
            event,
            Arc::clone(socket.client().namespace()),
            socket.sid().clone(),
            function,
            location,
        )
    }

    /// Has the error handler look at `parts.error`. `None` when there is none, or it failed too.
    async fn handle_error(
        &self,
        handler: Option<&Arc<Entry>>,
        socket: &Socket,
        event: &str,
        parts: Parts<'_>,
    ) -> Option<Reply> {
        let error = parts.error?;
        let Some(handler) = handler else {
            trace(error, "an event failed");
            return None;
        };
        let unguarded = std::iter::empty();
        match self
            .run(unguarded, Some(handler), socket, event, parts)
            .await
        {
            Ok(reply) => Some(reply),
            Err(second) => {
                trace(error, "an event failed");
                trace(&second, "and its error handler failed too");
                None
            }
        }
    }
}

/// `{"error": "<text>"}`: what was wrong with the client's arguments, or why it may not, and nothing about the server's own
/// errors.
pub(crate) fn default_error_ack(error: &HandlerError) -> Value {
    let text = match error.argument_error() {
        Some(error) => error.to_string(),
        None if error.is_unknown_event() => String::from("unknown event"),
        None => match Forbidden::find(error) {
            Some(message) => message.to_owned(),
            None => String::from("internal error"),
        },
    };
    json!({ "error": text })
}

/// What a client is told that is not let in on purpose.
fn refused(error: &HandlerError) -> Option<ConnectionRefused> {
    let refused = ConnectionRefused::find(error);
    refused.or_else(|| Forbidden::find(error).map(ConnectionRefused::new))
}

/// Makes an answer of the error that is one.
pub(super) fn settled(outcome: Outcome, answer: Answer, event: &str) -> Outcome {
    // A client is let in or not: there is nothing else to answer.
    if event == "connect" {
        return outcome;
    }
    outcome.or_else(|error| Answered::find(&*error, answer).unwrap_or(Err(error)))
}

/// Arguments that are no JSON are the protocol's business, not the error handlers'.
fn malformed(error: &HandlerError) -> Option<ArgumentError> {
    error
        .argument_error()
        .filter(|error| error.is_malformed())
        .cloned()
}

fn trace(error: &HandlerError, what: &str) {
    let (namespace, event, sid) = (error.namespace(), error.event(), error.sid());
    let (function, location) = (error.function(), error.location());
    // What a client has done wrong must not fill the log of errors.
    if error.argument_error().is_some() || Forbidden::find(error).is_some() {
        tracing::warn!(target: "socketio", %error, namespace, event, %sid, function, %location, "{what}");
    } else {
        tracing::error!(target: "socketio", %error, namespace, event, %sid, function, %location, "{what}");
    }
}
