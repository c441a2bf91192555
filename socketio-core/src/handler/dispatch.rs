//! The life of an event: its handler, the error handlers, the acknowledgement.

use std::{
    panic::{AssertUnwindSafe, Location},
    sync::Arc,
};

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{
    Called, ClientContext, EventCall, Next, entry::Entry, guard::GuardEntry,
    middleware::MiddlewareEntry, registry::Lookup,
};
use crate::{
    base::{ArgumentError, Cause, ConnectionRefused, Forbidden, HandlerError, Reason},
    client::{Scope, Socket},
    handler::{EventContext, Parts, RespondWith, Response, ResponseEncoder},
    packet::{Arguments, Codec, Payload},
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
    /// Runs the handler of an event and answers it. `entry` is what [`Lookup::event`] has found for it.
    pub(crate) fn event(
        seat: Arc<ClientContext>,
        entry: Option<Arc<Entry>>,
        event: Incoming,
    ) -> impl Future<Output = Result<(), EventFailure>> + Send {
        let Incoming {
            name,
            id,
            arguments,
        } = event;
        let acknowledge = id.is_some();
        // A block, since an `async fn` holds its arguments twice; and what is rare has a box of its own: this is made, and
        // moved, for each event.
        async move {
            let ClientContext {
                socket,
                handlers,
                dispatcher,
            } = &*seat;
            let codec = &socket.node().hub.codec;
            let again = handlers.error().map(|_| arguments.clone());
            let parts = Parts {
                arguments,
                acknowledge,
                ..Parts::default()
            };
            let result = match &entry {
                Some(entry) if handlers.is_unguarded(entry) => {
                    dispatcher.call(entry, socket, &name, parts).await
                }
                _ => Box::pin(dispatcher.through(handlers, socket, &name, parts)).await,
            };
            let (reply, failure) = match dispatcher.settled(result, socket, acknowledge) {
                Ok(reply) => (reply.into_values(), None),
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
                    // Error handlers don't see what nobody handles.
                    let handler = handlers.error().filter(|_| !error.is_unknown_event());
                    let handled = dispatcher.handle_error(handler, socket, &name, parts);
                    match Box::pin(handled).await {
                        Some(reply) => (reply.into_values(), None),
                        None => (dispatcher.failed(&error, acknowledge, codec), Some(error)),
                    }
                }
            };
            if let Some(id) = id {
                let packet = codec.ack(socket.namespace(), &id, reply.as_ref());
                socket.client().connection().push(packet);
            }
            failure.map_or(Ok(()), |error| Err(EventFailure::Failed(error)))
        }
    }

    /// What the acknowledgement of a failed event says.
    fn failed(&self, error: &HandlerError, acknowledge: bool, codec: &Codec) -> Option<Payload> {
        acknowledge.then(|| codec.form().payload(&(self.error_ack)(error)).ok())?
    }

    /// Runs the `connect` handler.
    pub(crate) async fn connect(
        seat: Arc<ClientContext>,
        auth: Payload,
    ) -> Result<(), ConnectionRefused> {
        let ClientContext {
            socket,
            handlers,
            dispatcher,
        } = &*seat;
        let parts = Parts {
            auth: Some(&auth),
            ..Parts::default()
        };
        let Err(error) = dispatcher.through(handlers, socket, "connect", parts).await else {
            return Ok(());
        };
        if let Some(refused) = refused(&error) {
            tracing::debug!(target: "socketio", namespace = socket.namespace(), message = refused.message(), "connection refused");
            return Err(refused);
        }
        // An error handler is told, but can't turn a refusal into anything else.
        let parts = Parts {
            error: Some(&error),
            ..Parts::default()
        };
        dispatcher
            .handle_error(handlers.error(), socket, "connect", parts)
            .await;
        Err(ConnectionRefused::default())
    }

    /// Runs the `disconnect` handler.
    pub(crate) async fn disconnect(
        seat: Arc<ClientContext>,
        reason: Reason,
    ) -> Result<(), EventFailure> {
        let ClientContext {
            socket,
            handlers,
            dispatcher,
        } = &*seat;
        let parts = Parts {
            reason: Some(reason),
            ..Parts::default()
        };
        let result = dispatcher
            .through(handlers, socket, "disconnect", parts)
            .await;
        let Err(error) = dispatcher.settled(result, socket, false) else {
            return Ok(());
        };
        let parts = Parts {
            error: Some(&error),
            reason: Some(reason),
            ..Parts::default()
        };
        match dispatcher
            .handle_error(handlers.error(), socket, "disconnect", parts)
            .await
        {
            Some(_) => Ok(()),
            None => Err(EventFailure::Failed(error)),
        }
    }

    /// Has an event handled: through the middleware around it, by the guards before its handler, by the handler.
    async fn through(
        &self,
        handlers: &Arc<Lookup>,
        socket: &Socket,
        event: &str,
        parts: Parts<'_>,
    ) -> Result<Response, HandlerError> {
        if handlers.middleware().is_empty() {
            return self.handle(handlers, socket, event, parts).await;
        }
        let next = Next::new(self.clone(), Arc::clone(handlers));
        next.run(EventCall::new(socket, event, parts)).await
    }

    /// Asks the guards of an event and runs its handler. `connect` and `disconnect` need none.
    pub(super) async fn handle(
        &self,
        handlers: &Lookup,
        socket: &Socket,
        event: &str,
        mut parts: Parts<'_>,
    ) -> Result<Response, HandlerError> {
        let entry = handlers.event(event);
        let (connects, disconnects) = (parts.auth.is_some(), parts.reason.is_some());
        if entry.is_none() && !connects && !disconnects {
            let (namespace, sid) = (socket.namespace(), socket.sid());
            tracing::debug!(target: "socketio", event, namespace, %sid, "no handler for this event");
            let cause = match parts.arguments.finish() {
                Ok(_) => Cause::Unknown,
                Err(malformed) => Cause::Error(malformed.into()),
            };
            return Err(self.error(cause, event, socket, ("", self.built)));
        }
        let class = entry.map(|entry| entry.namespace_guards.iter());
        let own = entry.map(|entry| entry.guards.iter());
        let guards = handlers
            .guards()
            .chain(connects.then(|| handlers.joining()).into_iter().flatten())
            .chain(class.into_iter().flatten())
            .chain(own.into_iter().flatten())
            .filter(|_| !disconnects);
        for guard in guards {
            // A copy: what a guard reads is there for the handler, too.
            let mut parts = parts.clone();
            let pattern = guard.namespace.as_deref();
            parts.pattern = pattern
                .or(entry.map(|entry| &*entry.namespace))
                .unwrap_or("");
            self.ask(guard, socket, event, parts).await?;
        }
        match entry {
            Some(entry) => self.call(entry, socket, event, parts).await,
            None => Ok(Response::NONE),
        }
    }

    fn ask<'a>(
        &'a self,
        guard: &'a GuardEntry,
        socket: &'a Socket,
        event: &'a str,
        parts: Parts<'_>,
    ) -> impl Future<Output = Result<Response, HandlerError>> + Send + use<'a> {
        let mut scope = Scope::event(socket.clone());
        let called = scope.call(|| guard.check(&mut EventContext::new(socket, event, parts)));
        self.run(called, scope, socket, event, (guard.name(), guard.location))
    }

    /// Runs a middleware, which runs what is inside of it.
    pub(super) async fn run_middleware(
        &self,
        middleware: &MiddlewareEntry,
        call: EventCall,
        next: Next,
    ) -> Result<Response, HandlerError> {
        let (socket, event) = (call.socket().clone(), call.event().to_owned());
        let mut scope = Scope::event(socket.clone());
        let called = scope.call(|| Ok(middleware.handle(call, next)));
        let place = (middleware.name(), middleware.location);
        self.run(called, scope, &socket, &event, place).await
    }

    /// Runs one handler in the name of its client; a panic is an error. Reads the arguments before it returns, so that the
    /// future does not hold them.
    fn call<'a>(
        &'a self,
        entry: &'a Arc<Entry>,
        socket: &'a Socket,
        event: &'a str,
        parts: Parts<'_>,
    ) -> impl Future<Output = Result<Response, HandlerError>> + Send + use<'a> {
        let parts = Parts {
            pattern: &entry.namespace,
            ..parts
        };
        let mut scope = Scope::event(socket.clone());
        let called = scope.call(|| entry.call(&mut EventContext::new(socket, event, parts)));
        self.run(
            called,
            scope,
            socket,
            event,
            (&entry.function, entry.location),
        )
    }

    /// Runs the user's code that has been called in a scope.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` holds its arguments twice"
    )]
    fn run<'a>(
        &'a self,
        called: std::thread::Result<Called>,
        scope: Scope,
        socket: &'a Socket,
        event: &'a str,
        place: Place<'a>,
    ) -> impl Future<Output = Result<Response, HandlerError>> + Send + use<'a> {
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
            Err(match cause {
                // As it comes through middleware.
                Cause::Error(error) => match error.downcast::<HandlerError>() {
                    Ok(error) => *error,
                    Err(error) => self.error(Cause::Error(error), event, socket, place),
                },
                cause => self.error(cause, event, socket, place),
            })
        }
    }

    /// Makes an answer of an error that is one.
    pub(super) fn settled(
        &self,
        result: Result<Response, HandlerError>,
        socket: &Socket,
        acknowledge: bool,
    ) -> Result<Response, HandlerError> {
        let error = match result {
            // A client is let in or not: there is nothing else to answer.
            Err(error) if error.event() != "connect" => error,
            result => return result,
        };
        let form = || socket.node().hub.codec.form();
        match RespondWith::find(&error, ResponseEncoder::new(acknowledge.then(form))) {
            None => Err(error),
            Some(Ok(reply)) => Ok(reply),
            Some(Err(unfit)) => {
                let place = (error.function(), error.location());
                Err(self.error(Cause::Error(unfit), error.event(), socket, place))
            }
        }
    }

    fn error(
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
    ) -> Option<Response> {
        let error = parts.error?;
        let acknowledge = parts.acknowledge;
        let Some(handler) = handler else {
            if !error.is_unknown_event() {
                trace(error, "an event failed");
            }
            return None;
        };
        let result = self.call(handler, socket, event, parts).await;
        match self.settled(result, socket, acknowledge) {
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
