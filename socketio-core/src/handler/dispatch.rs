//! [`Dispatcher`]: runs an event from its arguments to its acknowledgement.
//!
//! The event queue of a client calls it with the route that the registry found. Order: middleware, guards, handler,
//! error handler, acknowledgement. All user code runs inside the fault boundary, so the futures do not panic.

use std::{
    borrow::Cow,
    future::poll_fn,
    panic::Location,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use super::{
    EventCall, EventFailure, Next,
    ack_request::AckSource,
    entry::Entry,
    failure::{ErrorAck, StartFailure, connection_refused, count_failure},
    guard::GuardEntry,
    middleware::MiddlewareEntry,
    origin::Origin,
    registry::Lookup,
    user_code::UserCode,
};
use crate::{
    base::{ArgumentError, Cause, ConnectionRefused, HandlerError, Reason},
    client::{Scope, Socket},
    handler::{EventContext, HandlerFuture, Input, Response},
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
        let mut scope = Scope::event(socket.clone());
        let mut cx = EventContext::new(
            &self.error_ack,
            socket,
            event,
            pattern.unwrap_or(""),
            &guard.origin,
            input,
        );
        let started = start(&mut scope, &mut cx, |cx| guard.check(cx));
        self.run(Started::new(started, scope), socket, event, &guard.origin)
    }

    /// Runs a middleware, which runs the inner ones.
    pub(super) async fn run_middleware(
        &self,
        middleware: &MiddlewareEntry,
        call: EventCall,
        next: Next,
    ) -> Result<Response, EventFailure> {
        let (socket, event) = (call.socket().clone(), call.event().to_owned());
        let mut scope = Scope::event(socket.clone());
        let started = scope
            .call(|| middleware.call(call, next))
            .map(|future| (future, false))
            .map_err(|panic| StartFailure::Failed(panic.into()).into());
        let started = Started::new(started, scope);
        self.run(started, &socket, &event, &middleware.origin).await
    }

    /// Runs one handler. Reads the arguments before it returns, so that the future does not store them.
    pub(super) fn call<'a>(
        &'a self,
        entry: &'a Arc<Entry>,
        socket: &'a Socket,
        event: &'a str,
        input: Input<'_>,
    ) -> impl Future<Output = Result<Response, EventFailure>> + Send + use<'a> {
        let started = self.start(entry, socket, event, input);
        self.run(started, socket, event, &entry.origin)
    }

    /// Starts a handler, which reads its arguments.
    #[inline]
    pub(super) fn start(
        &self,
        entry: &Entry,
        socket: &Socket,
        event: &str,
        input: Input<'_>,
    ) -> Started {
        let mut scope = Scope::event(socket.clone());
        let mut cx = EventContext::new(
            &self.error_ack,
            socket,
            event,
            &entry.namespace,
            &entry.origin,
            input,
        );
        let started = start(&mut scope, &mut cx, |cx| entry.call(cx));
        Started::new(started, scope)
    }

    /// Runs user code that was started.
    pub(super) fn run<'a>(
        &'a self,
        mut started: Started,
        socket: &'a Socket,
        event: &'a str,
        origin: &'a Origin,
    ) -> impl Future<Output = Result<Response, EventFailure>> + Send + use<'a> {
        poll_fn(move |cx| self.poll(&mut started, (socket, event), origin, cx))
    }

    /// Polls user code that was started. If it took an `Ack`, the `Ack` sends the acknowledgement.
    #[inline]
    pub(super) fn poll(
        &self,
        started: &mut Started,
        (socket, event): (&Socket, &str),
        origin: &Origin,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Response, EventFailure>> {
        let cause = match started {
            Started::Runs(code, ack_taken) => match ready!(code.poll(origin, cx)) {
                Ok(response) if *ack_taken => {
                    if response.has_values() {
                        origin.report_unsent();
                    }
                    return Poll::Ready(Ok(Response::NO_ACK));
                }
                Ok(response) => return Poll::Ready(Ok(response)),
                Err(cause) => cause,
            },
            Started::Failed(failure) => match failure.take().map(|failure| *failure) {
                // Polled again after it has ended.
                None => return Poll::Pending,
                Some(StartFailure::Failed(cause)) => cause,
                Some(StartFailure::Malformed(error)) => {
                    return Poll::Ready(Err(EventFailure::Malformed(error)));
                }
            },
        };
        Poll::Ready(Err(EventFailure::Failed(match cause {
            // A middleware passes on the failure of what it wraps.
            Cause::Error(error) => match error.downcast::<HandlerError>() {
                Ok(error) => *error,
                Err(error) => self.error(Cause::Error(error), event, socket, origin),
            },
            cause => self.error(cause, event, socket, origin),
        })))
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

/// User code that was started, or could not be.
pub(super) enum Started {
    /// With whether it took an `Ack`.
    Runs(UserCode, bool),
    Failed(Option<Box<StartFailure>>),
}

impl Started {
    pub(super) fn new(
        started: Result<(HandlerFuture, bool), Box<StartFailure>>,
        scope: Scope,
    ) -> Self {
        match started {
            Ok((future, ack_taken)) => Started::Runs(UserCode::new(scope, future), ack_taken),
            Err(failure) => Started::Failed(Some(failure)),
        }
    }
}

/// Starts a handler or a guard, which reads its arguments. Returns its future, and whether it took an `Ack`.
#[inline]
fn start(
    scope: &mut Scope,
    cx: &mut EventContext<'_>,
    call: impl FnOnce(&mut EventContext<'_>) -> super::Called,
) -> Result<(HandlerFuture, bool), Box<StartFailure>> {
    let called = scope.call(|| call(cx));
    let ack_taken = cx.is_ack_taken();
    if let Some(malformed) = cx.take_malformed() {
        return Err(StartFailure::Malformed(malformed).into());
    }
    match called {
        Ok(Ok(future)) => Ok((future, ack_taken)),
        Ok(Err(error)) => Err(StartFailure::Failed(Cause::Error(error)).into()),
        Err(panic) => Err(StartFailure::Failed(panic.into()).into()),
    }
}
