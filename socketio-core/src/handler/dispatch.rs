//! [`Dispatcher`]: runs an event from its arguments to its acknowledgement.
//!
//! The event queue of a client calls it with the route that the registry found. Order: middleware, guards, handler,
//! error handler, acknowledgement. All user code runs inside the fault boundary, so the futures do not panic.

use std::{borrow::Cow, panic::Location, sync::Arc};

use super::{
    EventCall, EventFailure, Next,
    ack_request::AckSource,
    entry::Entry,
    failure::{ErrorAck, connection_refused, count_failure},
    guard::GuardEntry,
    middleware::MiddlewareEntry,
    origin::Origin,
    registry::Lookup,
    started::Started,
};
use crate::{
    base::{ArgumentError, Cause, ConnectionRefused, HandlerError, Reason},
    client::{Scope, Socket},
    handler::{EventContext, Input, Response},
    packet::{Arguments, Payload},
};

/// Runs the events of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Dispatcher {
    pub(super) error_ack: ErrorAck,
    /// Where the server was built, which is reported as the location of events without a handler.
    pub(super) built: Arc<Origin>,
}

/// One client in one namespace, its handlers and the dispatcher, in one `Arc` that the future of each event holds.
pub(crate) struct ClientContext {
    pub(crate) socket: Socket,
    pub(crate) handlers: Arc<Lookup>,
    pub(crate) dispatcher: Dispatcher,
}

impl Dispatcher {
    /// Creates a dispatcher. `built` is the location where the server is built.
    pub(crate) fn new(error_ack: ErrorAck, built: &'static Location<'static>) -> Self {
        Dispatcher {
            error_ack,
            built: Arc::new(Origin::new(Cow::Borrowed(""), built)),
        }
    }

    /// Runs the `connect` handler.
    pub(crate) async fn connect(
        context: Arc<ClientContext>,
        auth: Payload,
    ) -> Result<(), ConnectionRefused> {
        let ClientContext {
            socket,
            handlers,
            dispatcher,
        } = &*context;
        let route = handlers.route("connect");
        let input = Input::Connect(&auth);
        let result = dispatcher
            .through(handlers, socket, "connect", route.entry(), input)
            .await;
        let Err(failure) = result else {
            return Ok(());
        };
        // The input of `connect` is not checked for malformed arguments.
        let Ok(error) = failure.into_error() else {
            return Err(ConnectionRefused::default());
        };
        if let Some(refused) = connection_refused(&error) {
            tracing::debug!(target: "socketio", namespace = socket.namespace(), message = refused.message(), "connection refused");
            return Err(refused);
        }
        count_failure(route.origin(), &error);
        // An error handler runs for its side effects; it cannot accept the client.
        let input = Input::Error {
            error: &error,
            arguments: Arguments::default(),
            ack: AckSource::None,
        };
        let handler = handlers.error();
        let handled = dispatcher.handle_error(handler, socket, "connect", &error, input);
        // Boxed, since it is rare: the future of each new client has its size.
        let _ = Box::pin(handled).await;
        Err(ConnectionRefused::default())
    }

    /// Runs the handler of `event`, which is `disconnecting` or `disconnect`.
    pub(crate) async fn disconnect(
        context: Arc<ClientContext>,
        event: &'static str,
        reason: Reason,
    ) -> Result<(), EventFailure> {
        let ClientContext {
            socket,
            handlers,
            dispatcher,
        } = &*context;
        let route = handlers.route(event);
        let input = Input::Disconnect(reason);
        let result = dispatcher
            .through(handlers, socket, event, route.entry(), input)
            .await;
        let Err(failure) = dispatcher.settle(result, socket, event, false) else {
            return Ok(());
        };
        let error = failure.into_error()?;
        count_failure(route.origin(), &error);
        let input = Input::Error {
            error: &error,
            arguments: Arguments::default(),
            ack: AckSource::None,
        };
        let handler = handlers.error();
        let handled = dispatcher.handle_error(handler, socket, event, &error, input);
        match Box::pin(handled).await? {
            Some(_) => Ok(()),
            None => Err(EventFailure::Failed(error)),
        }
    }

    /// Runs the middleware, guards and handler of an event, in this order.
    pub(super) async fn through(
        &self,
        handlers: &Arc<Lookup>,
        socket: &Socket,
        event: &str,
        entry: Option<&Arc<Entry>>,
        input: Input<'_>,
    ) -> Result<Response, EventFailure> {
        if handlers.middleware().is_empty() {
            return self.handle(handlers, socket, event, entry, input).await;
        }
        if let Input::Event { arguments, .. } = &input {
            // Checked before middleware runs, so that it cannot hide a protocol violation.
            EventFailure::check(arguments.clone())?;
        }
        let next = Next::new(self.clone(), Arc::clone(handlers));
        let call = EventCall::new(&self.error_ack, socket, event, entry, &input);
        Ok(next.run(call).await?)
    }

    /// Runs the guards and the handler of an event. `connect` and `disconnect` need no handler.
    pub(super) async fn handle(
        &self,
        handlers: &Lookup,
        socket: &Socket,
        event: &str,
        entry: Option<&Arc<Entry>>,
        input: Input<'_>,
    ) -> Result<Response, EventFailure> {
        if let (None, Input::Event { arguments, .. }) = (entry, &input) {
            let (namespace, sid) = (socket.namespace(), socket.sid());
            tracing::debug!(target: "socketio", event, namespace, %sid, "no handler for this event");
            EventFailure::check(arguments.clone())?;
            return Err(self
                .error(Cause::Unknown, event, socket, &self.built)
                .into());
        }
        for guard in handlers.guards_of(entry, &input) {
            // A copy, because the handler reads the same arguments again.
            self.ask(guard, entry, socket, event, input.clone()).await?;
        }
        match entry {
            Some(entry) => match &entry.key {
                Some(key) => {
                    let once = self.call_once(entry, key, socket, event, input);
                    Box::pin(once).await
                }
                None => self.call(entry, socket, event, input).await,
            },
            None => Ok(Response::NONE),
        }
    }

    fn ask<'a>(
        &'a self,
        guard: &'a GuardEntry,
        entry: Option<&Arc<Entry>>,
        socket: &'a Socket,
        event: &'a str,
        input: Input<'_>,
    ) -> impl Future<Output = Result<Response, EventFailure>> + Send + use<'a> {
        let pattern = guard.namespace.as_deref();
        let pattern = pattern.or(entry.map(|entry| &*entry.namespace));
        let scope = Scope::event(socket.clone());
        let mut cx = EventContext::new(
            &self.error_ack,
            socket,
            event,
            pattern.unwrap_or(""),
            &guard.origin,
            input,
        );
        let started = Started::start(scope, &mut cx, |cx| guard.check(cx));
        self.run(started, socket, event, &guard.origin)
    }

    /// Runs a middleware, which runs the inner ones.
    pub(super) async fn run_middleware(
        &self,
        middleware: &MiddlewareEntry,
        call: EventCall,
        next: Next,
    ) -> Result<Response, EventFailure> {
        let (socket, event) = (call.socket().clone(), call.event().to_owned());
        let scope = Scope::event(socket.clone());
        let started = Started::start_middleware(scope, || middleware.call(call, next));
        self.run(started, &socket, &event, &middleware.origin).await
    }

    pub(super) fn error(
        &self,
        cause: Cause,
        event: &str,
        socket: &Socket,
        origin: &Origin,
    ) -> HandlerError {
        HandlerError::new(
            cause,
            event,
            Arc::clone(socket.client().namespace()),
            socket.sid().clone(),
            &origin.name,
            origin.location,
        )
    }

    /// Returns the failure of an invalid argument, where it cannot be reported as a protocol violation.
    pub(super) fn argument_error(
        &self,
        error: ArgumentError,
        event: &str,
        socket: &Socket,
    ) -> HandlerError {
        self.error(Cause::Error(error.into()), event, socket, &self.built)
    }
}
