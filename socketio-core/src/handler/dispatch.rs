//! The life of an event: its handler, the error handlers, the acknowledgement.

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
};

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{entry::Entry, table::Handlers};
use crate::{
    ConnectionRefused, HandlerError, Reason, Socket,
    context::Scope,
    error::Cause,
    extract::{EventContext, Parts},
    protocol::{self, ArgumentError, Arguments, Payload},
    reply::Reply,
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

/// Why an event has not ended well.
#[derive(Debug)]
pub(crate) enum EventFailure {
    /// It failed, and no error handler took it.
    Failed(HandlerError),
    /// Its arguments are no JSON: the client breaks the protocol.
    Malformed(ArgumentError),
}

impl Dispatcher {
    /// Runs the handler of an event and answers it. `entry` is what [`Handlers::event`] has found for it.
    pub(crate) fn event(
        self,
        entry: Option<Arc<Entry>>,
        handlers: Arc<Handlers>,
        socket: Socket,
        event: Incoming,
    ) -> impl Future<Output = Result<(), EventFailure>> + Send {
        let Incoming {
            name,
            id,
            mut arguments,
        } = event;
        let acknowledge = id.is_some();
        // A block, since an `async fn` holds its arguments twice; and what is rare has a box of its own: this is made, and
        // moved, for each event.
        async move {
            let (reply, failure) = match &entry {
                None => {
                    arguments.finish().map_err(EventFailure::Malformed)?;
                    let (namespace, sid) = (socket.namespace_path(), socket.sid());
                    tracing::debug!(target: "socketio", event = name, namespace, %sid, "no handler for this event");
                    let error = self.error(Cause::Unknown, &name, &socket, None);
                    (self.failed(&error, acknowledge), Some(error))
                }
                Some(entry) => {
                    let again = handlers.error().map(|_| arguments.clone());
                    let parts = Parts {
                        arguments,
                        acknowledge,
                        ..Parts::default()
                    };
                    match self.call(entry, &socket, &name, parts).await {
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
                            let handled =
                                self.handle_error(handlers.error(), &socket, &name, parts);
                            match Box::pin(handled).await {
                                Some(reply) => (reply.into_payload(), None),
                                None => (self.failed(&error, acknowledge), Some(error)),
                            }
                        }
                    }
                }
            };
            if let Some(id) = id {
                let reply = reply.unwrap_or_default();
                let packet = protocol::ack(socket.namespace_path(), &id, &reply);
                socket.client().link().push(packet);
            }
            failure.map_or(Ok(()), |error| Err(EventFailure::Failed(error)))
        }
    }

    /// What the acknowledgement of a failed event says.
    fn failed(&self, error: &HandlerError, acknowledge: bool) -> Option<Payload> {
        acknowledge.then(|| protocol::payload(&(self.error_ack)(error)).ok())?
    }

    /// Runs the `connect` handler.
    pub(crate) async fn connect(
        self,
        handlers: Arc<Handlers>,
        socket: Socket,
        auth: String,
    ) -> Result<(), ConnectionRefused> {
        let Some(entry) = handlers.event("connect") else {
            return Ok(());
        };
        let parts = Parts {
            auth: Some(&auth),
            ..Parts::default()
        };
        let Err(error) = self.call(entry, &socket, "connect", parts).await else {
            return Ok(());
        };
        if let Some(refused) = error
            .error()
            .and_then(|error| ConnectionRefused::find(error))
        {
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
        handlers: Arc<Handlers>,
        socket: Socket,
        reason: Reason,
    ) -> Result<(), EventFailure> {
        let Some(entry) = handlers.event("disconnect") else {
            return Ok(());
        };
        let parts = Parts {
            reason: Some(reason),
            ..Parts::default()
        };
        let Err(error) = self.call(entry, &socket, "disconnect", parts).await else {
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

    /// Runs one handler in the name of its client; a panic is an error. Reads the arguments before it returns, so that the
    /// future does not hold them.
    fn call<'a>(
        &'a self,
        entry: &'a Arc<Entry>,
        socket: &'a Socket,
        event: &'a str,
        parts: Parts<'_>,
    ) -> impl Future<Output = Result<Reply, HandlerError>> + Send + use<'a> {
        let mut scope = Scope::event(socket.clone());
        let call = || entry.call(&mut EventContext::new(socket, event, parts));
        let called = catch_unwind(AssertUnwindSafe(|| scope.enter(call)));
        async move {
            let cause = match called {
                Ok(Ok(handler)) => {
                    match AssertUnwindSafe(scope.run(handler)).catch_unwind().await {
                        Ok((Ok(reply), None)) => return Ok(reply),
                        Ok((Err(error), _) | (Ok(_), Some(error))) => Cause::Error(error),
                        Err(panic) => Cause::from_panic(panic),
                    }
                }
                Ok(Err(error)) => Cause::Error(error),
                Err(panic) => Cause::from_panic(panic),
            };
            Err(self.error(cause, event, socket, Some(entry)))
        }
    }

    fn error(
        &self,
        cause: Cause,
        event: &str,
        socket: &Socket,
        entry: Option<&Arc<Entry>>,
    ) -> HandlerError {
        HandlerError::new(
            cause,
            event,
            Arc::clone(socket.client().namespace()),
            socket.sid().clone(),
            entry.map_or("", |entry| &entry.function),
            entry.map_or(self.built, |entry| entry.location),
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
        match self.call(handler, socket, event, parts).await {
            Ok(reply) => Some(reply),
            Err(second) => {
                trace(error, "an event failed");
                trace(&second, "and its error handler failed too");
                None
            }
        }
    }
}

/// `{"error": "<text>"}`: what was wrong with the client's arguments, and nothing about the server's own errors.
pub(crate) fn default_error_ack(error: &HandlerError) -> Value {
    let text = match error.argument_error() {
        Some(error) => error.to_string(),
        None if error.is_unknown_event() => String::from("unknown event"),
        None => String::from("internal error"),
    };
    json!({ "error": text })
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
    if error.argument_error().is_some() {
        tracing::warn!(target: "socketio", %error, namespace, event, %sid, function, %location, "{what}");
    } else {
        tracing::error!(target: "socketio", %error, namespace, event, %sid, function, %location, "{what}");
    }
}
