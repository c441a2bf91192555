//! [`Middleware`], which wraps events, and its arguments: [`EventCall`] and [`Next`].
//!
//! `dispatch` runs the outermost middleware; each `Next` runs the next one, and the last runs guards and handler.

use std::{borrow::Cow, fmt, panic::Location, sync::Arc};

use serde::de::DeserializeOwned;

use super::{
    Ack, HandlerFuture, Instance, Trigger,
    ack_request::{AckSource, AckState},
    call::MiddlewareCall,
    dispatch::Dispatcher,
    entry::Entry,
    failure::ErrorAck,
    origin::Origin,
    registry::Lookup,
};
use crate::{
    base::{BoxError, HandlerError, Reason, Request},
    client::{Session, Socket},
    handler::{EventFailure, Input, Response},
    packet::Arguments,
    packet::Payload,
};

/// Wraps every event of a server or a namespace, `connect` and `disconnect` included. Middleware can inspect and
/// measure an event, respond to it, or replace its result. Added with
/// [`middleware`](crate::SocketIoBuilder::middleware) or [`middleware_in`](crate::SocketIoBuilder::middleware_in). The
/// method `trigger_event` of a namespace impl is the innermost middleware of its namespace.
///
/// Async functions and closures of this form are middleware. Their error type is any type that converts into [`BoxError`]:
///
/// ```
/// use socketio_core::{EventCall, HandlerError, Next, Response, SocketIo};
///
/// async fn timed(call: EventCall, next: Next) -> Result<Response, HandlerError> {
///     let event = call.event().to_owned();
///     let begun = std::time::Instant::now();
///     let result = next.run(call).await;
///     println!("{event} took {:?}, failed: {}", begun.elapsed(), result.is_err());
///     result
/// }
///
/// let io = SocketIo::bare().middleware(timed).build().unwrap();
/// ```
///
/// Types can implement the trait. `E` is their error type: [`BoxError`] by default, [`HandlerError`] to pass on the
/// error of [`Next::run`], or any other that converts into [`BoxError`].
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use socketio_core::{EventCall, HandlerError, Middleware, Next, Response, SocketIo};
///
/// struct AtMost {
///     events: u64,
///     seen: AtomicU64,
/// }
///
/// impl Middleware<HandlerError> for AtMost {
///     async fn handle(&self, call: EventCall, next: Next) -> Result<Response, HandlerError> {
///         if self.seen.fetch_add(1, Ordering::Relaxed) >= self.events && call.reason().is_none() {
///             return Ok(Response::new("enough"));
///         }
///         next.run(call).await
///     }
/// }
///
/// let enough = AtMost { events: 1_000, seen: AtomicU64::new(0) };
/// let io = SocketIo::bare().middleware_in("/", enough).build().unwrap();
/// ```
///
/// * Middleware runs before the guards, and with the client as the current one: the functions of the crate act for it.
/// * An `Err` fails the event and goes to the error handlers, which run outside of all middleware. In `connect` it
///   refuses the client. [`RespondWith`](crate::RespondWith) is a response, not a failure.
/// * Without `next.run(call)`, neither guards nor the handler run. A `connect` is still accepted if middleware returns
///   `Ok`.
/// * Middleware also runs for events without a handler: `next.run(call)` fails with
///   [`is_unknown_event`](HandlerError::is_unknown_event).
#[diagnostic::on_unimplemented(
    message = "this can't be middleware",
    label = "not middleware",
    note = "write `async fn name(call: EventCall, next: Next) -> Result<Response, HandlerError>`, with any error that converts into `BoxError`; or implement `Middleware<E>` for a type"
)]
pub trait Middleware<E = BoxError>: Send + Sync + 'static {
    /// Handles an event: passes it on with `next.run(call)`, or responds to it.
    fn handle(
        &self,
        call: EventCall,
        next: Next,
    ) -> impl Future<Output = Result<Response, E>> + Send;
}

impl<F, Fut, E> Middleware<E> for F
where
    F: Fn(EventCall, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, E>> + Send,
{
    fn handle(
        &self,
        call: EventCall,
        next: Next,
    ) -> impl Future<Output = Result<Response, E>> + Send {
        self(call, next)
    }
}

/// An event, as middleware receives it.
#[derive(Debug)]
pub struct EventCall {
    socket: Socket,
    event: String,
    /// The handler that [`Lookup::route`] found.
    entry: Option<Arc<Entry>>,
    input: CallInput,
}

/// An [`Input`] that owns the `auth` object.
#[derive(Debug)]
enum CallInput {
    Event {
        arguments: Arguments,
        ack: Option<Arc<AckState>>,
    },
    Connect(Payload),
    Disconnect(Reason),
}

impl EventCall {
    pub(super) fn new(
        error_ack: &ErrorAck,
        socket: &Socket,
        event: &str,
        entry: Option<&Arc<Entry>>,
        input: &Input<'_>,
    ) -> Self {
        let input = match input {
            Input::Connect(auth) => CallInput::Connect((*auth).clone()),
            Input::Disconnect(reason) => CallInput::Disconnect(*reason),
            Input::Event { arguments, ack } | Input::Error { arguments, ack, .. } => {
                CallInput::Event {
                    arguments: arguments.clone(),
                    ack: match ack {
                        AckSource::None | AckSource::Stored => None,
                        AckSource::Request(request) => {
                            Some(Arc::clone(request.state(error_ack, socket, event)))
                        }
                        AckSource::State(state) => Some(Arc::clone(state)),
                    },
                }
            }
        };
        EventCall {
            socket: socket.clone(),
            event: event.to_owned(),
            entry: entry.cloned(),
            input,
        }
    }

    /// Returns the event's name, or `connect` or `disconnect`.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Returns the client that sent the event.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Returns the request that opened the client's connection.
    pub fn request(&self) -> &Request {
        self.socket.client().request()
    }

    /// Returns the server's state of type `T`, if the server was built with one.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.socket.node().states.get()
    }

    /// Returns the client's session of type `T`.
    pub fn session<T: Default + Send + 'static>(&self) -> Session<T> {
        self.socket.session()
    }

    /// Returns a copy of the event's arguments: a tuple takes several arguments, `()` none, anything else the first. An
    /// absent argument is `null`. The handler reads them again.
    ///
    /// # Errors
    ///
    /// If an argument is of another type.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, BoxError> {
        Ok(self.copied_arguments().read()?)
    }

    /// Returns a copy of all arguments, of any number. [`Data`](crate::Data) takes any value.
    ///
    /// # Errors
    ///
    /// If an argument is of another type.
    pub fn all_arguments<T: DeserializeOwned>(&self) -> Result<Vec<T>, BoxError> {
        Ok(self.copied_arguments().rest()?)
    }

    /// Returns whether the client asked for an acknowledgement.
    pub fn wants_ack(&self) -> bool {
        self.acknowledge().unwrap_or(false)
    }

    /// Hands the acknowledgement over to the middleware, which sends it later. If the middleware returns another response than
    /// `Response::new(NoAck)` before, that response is the acknowledgement.
    #[track_caller]
    pub fn ack(&self) -> Ack {
        Ack::of_middleware(match &self.input {
            CallInput::Event { ack, .. } => ack.clone(),
            CallInput::Connect(_) | CallInput::Disconnect(_) => None,
        })
    }

    /// Returns the reason of a `disconnect`; `None` for other events.
    pub fn reason(&self) -> Option<Reason> {
        match self.input {
            CallInput::Disconnect(reason) => Some(reason),
            CallInput::Event { .. } | CallInput::Connect(_) => None,
        }
    }

    fn copied_arguments(&self) -> Arguments {
        match &self.input {
            CallInput::Event { arguments, .. } => arguments.clone(),
            CallInput::Connect(_) | CallInput::Disconnect(_) => Arguments::default(),
        }
    }

    /// Returns whether an acknowledgement was asked for; `None` for `connect`, which has no response.
    fn acknowledge(&self) -> Option<bool> {
        match self.input {
            CallInput::Event { ref ack, .. } => Some(ack.is_some()),
            CallInput::Disconnect(_) => Some(false),
            CallInput::Connect(_) => None,
        }
    }

    fn input(&self) -> Input<'_> {
        match &self.input {
            CallInput::Event { arguments, ack } => Input::Event {
                arguments: arguments.clone(),
                ack: ack
                    .as_ref()
                    .map_or(AckSource::None, |ack| AckSource::State(Arc::clone(ack))),
            },
            CallInput::Connect(auth) => Input::Connect(auth),
            CallInput::Disconnect(reason) => Input::Disconnect(*reason),
        }
    }
}

/// The part of an event's processing that a middleware wraps: inner middleware, the guards, the handler.
pub struct Next {
    dispatcher: Dispatcher,
    handlers: Arc<Lookup>,
    /// The number of outer middleware.
    position: usize,
}

impl Next {
    pub(super) fn new(dispatcher: Dispatcher, handlers: Arc<Lookup>) -> Self {
        Next {
            dispatcher,
            handlers,
            position: 0,
        }
    }

    /// Runs the inner middleware, the guards and the handler. Returns the response of the handler, or the one that an
    /// inner middleware replaced it with.
    ///
    /// Dropping the future drops the handler: a timeout around it cancels the handler.
    ///
    /// # Errors
    ///
    /// If the handler, one of its arguments, a guard or an inner middleware failed or panicked.
    pub async fn run(mut self, call: EventCall) -> Result<Response, HandlerError> {
        let (dispatcher, handlers) = (self.dispatcher.clone(), Arc::clone(&self.handlers));
        let (socket, acknowledge) = (call.socket.clone(), call.acknowledge());
        let event = call.event.clone();
        let result = match handlers.middleware().get(self.position) {
            Some(middleware) => {
                self.position += 1;
                dispatcher.run_middleware(middleware, call, self).await
            }
            None => {
                let (entry, input) = (call.entry.as_ref(), call.input());
                dispatcher
                    .handle(&handlers, &socket, &event, entry, input)
                    .await
            }
        };
        let result = match acknowledge {
            Some(acknowledge) => dispatcher.settle(result, &socket, &event, acknowledge),
            None => result,
        };
        result.map_err(|failure| match failure {
            EventFailure::Failed(error) => error,
            // Arguments were checked before the outermost middleware ran.
            EventFailure::Malformed(error) => dispatcher.argument_error(error, &event, &socket),
        })
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// A middleware of one server.
pub(crate) struct MiddlewareEntry {
    /// The namespaces whose events it wraps: a path, a pattern or `*`.
    pub(super) namespace: String,
    /// `Rooms::trigger_event`, or `middleware` if it was given to the builder; and where it is registered.
    pub(super) origin: Origin,
    call: MiddlewareCall,
}

impl MiddlewareEntry {
    pub(super) fn given<E: Into<BoxError> + 'static>(
        namespace: &str,
        middleware: impl Middleware<E>,
        location: &'static Location<'static>,
    ) -> Self {
        MiddlewareEntry {
            namespace: namespace.to_owned(),
            origin: Origin::new(Cow::Borrowed(GIVEN), location),
            call: MiddlewareCall::new(middleware),
        }
    }

    /// Creates the `trigger_event` of a namespace impl, with the value that is served at a path.
    pub(super) fn from_namespace_impl(
        type_name: &str,
        namespace: &str,
        trigger: Trigger,
        instance: Instance,
    ) -> Self {
        let name = format!("{type_name}::trigger_event");
        MiddlewareEntry {
            namespace: namespace.to_owned(),
            origin: Origin::new(Cow::Owned(name), trigger.location),
            call: MiddlewareCall::trigger(trigger, instance),
        }
    }

    pub(super) fn call(&self, call: EventCall, next: Next) -> HandlerFuture {
        self.call.call(call, next)
    }
}

/// The name of middleware that was given to the builder.
const GIVEN: &str = "middleware";

impl fmt::Debug for MiddlewareEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { name, location, .. } = &self.origin;
        write!(f, "{name} of {} ({location})", self.namespace)
    }
}

/// ``the middleware of "/chat" (src/chat.rs:12)``, or `` `Rooms::trigger_event` (src/rooms.rs:12) ``
impl fmt::Display for MiddlewareEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { name, location, .. } = &self.origin;
        match &**name {
            GIVEN => write!(f, "the middleware of {:?}", self.namespace)?,
            name => write!(f, "`{name}`")?,
        }
        write!(f, " ({}:{})", location.file(), location.line())
    }
}
