//! Middleware: what stands around every event.

use std::{borrow::Cow, fmt, panic::Location, sync::Arc};

use serde::de::DeserializeOwned;

use super::{HandlerFuture, Instance, Trigger, dispatch::Dispatcher, registry::Lookup};
use crate::{
    base::{BoxError, HandlerError, Reason},
    client::Socket,
    handler::{Parts, Response},
    packet::{Arguments, Payload},
};

/// What stands around every event of a server or a namespace, `connect` and `disconnect` included: it may look at it, measure
/// it, answer it, or turn what came of it into something else. Added with
/// [`middleware`](crate::SocketIoBuilder::middleware) or [`middleware_in`](crate::SocketIoBuilder::middleware_in); a class-based
/// namespace has its own in a method `trigger_event`, inside of these.
///
/// Async functions and closures of this form are middleware, with any error that converts into [`BoxError`]:
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
/// A type that keeps something implements the trait:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use socketio_core::{RespondWith, EventCall, Middleware, Next, Response, Result, SocketIo};
///
/// struct AtMost {
///     events: u64,
///     seen: AtomicU64,
/// }
///
/// impl Middleware for AtMost {
///     async fn handle(&self, call: EventCall, next: Next) -> Result<Response> {
///         if self.seen.fetch_add(1, Ordering::Relaxed) >= self.events && call.reason().is_none() {
///             return Err(RespondWith::new("enough").into());
///         }
///         Ok(next.run(call).await?)
///     }
/// }
///
/// let enough = AtMost { events: 1_000, seen: AtomicU64::new(0) };
/// let io = SocketIo::bare().middleware_in("/", enough).build().unwrap();
/// ```
///
/// * It runs in the context of the client, before the guards; the functions of the crate speak for the client.
/// * An `Err` fails the event: it goes to the error handlers, which stand around all middleware. In `connect` it refuses the
///   client. [`RespondWith`](crate::RespondWith) is an answer, not a failure.
/// * Without `next.run(call)` neither guards nor the handler run; a `connect` that is given an `Ok` is accepted all the same.
/// * Events that no handler knows come by, too: `next.run(call)` fails with
///   [`is_unknown_event`](HandlerError::is_unknown_event).
pub trait Middleware: Send + Sync + 'static {
    /// Has an event handled, by `next.run(call)`, or not.
    fn handle(
        &self,
        call: EventCall,
        next: Next,
    ) -> impl Future<Output = Result<Response, BoxError>> + Send;
}

impl<F, Fut, E> Middleware for F
where
    F: Fn(EventCall, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, E>> + Send,
    E: Into<BoxError>,
{
    async fn handle(&self, call: EventCall, next: Next) -> Result<Response, BoxError> {
        self(call, next).await.map_err(Into::into)
    }
}

/// An event on its way to its handler.
#[derive(Debug)]
pub struct EventCall {
    socket: Socket,
    event: String,
    arguments: Arguments,
    acknowledge: bool,
    /// `connect`: what the client sent along.
    auth: Option<Payload>,
    /// `disconnect`.
    reason: Option<Reason>,
}

impl EventCall {
    /// The event's name; `connect` and `disconnect` included.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The client that sent it.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// A copy of its arguments: a tuple takes several, `()` none, anything else the first (absent = null). The handler reads
    /// them anew.
    ///
    /// # Errors
    ///
    /// When they are of another type.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, BoxError> {
        Ok(self.arguments.clone().read()?)
    }

    /// A copy of all its arguments, whatever their number; a [`Data`](crate::Data) can be any.
    ///
    /// # Errors
    ///
    /// When one of them is of another type.
    pub fn all_arguments<T: DeserializeOwned>(&self) -> Result<Vec<T>, BoxError> {
        Ok(self.arguments.clone().rest()?)
    }

    /// Whether the client asked for an acknowledgement.
    pub fn wants_answer(&self) -> bool {
        self.acknowledge
    }

    /// Why the client has gone, in `disconnect`.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    pub(super) fn new(socket: &Socket, event: &str, parts: Parts<'_>) -> Self {
        EventCall {
            socket: socket.clone(),
            event: event.to_owned(),
            arguments: parts.arguments,
            acknowledge: parts.acknowledge,
            auth: parts.auth.cloned(),
            reason: parts.reason,
        }
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            arguments: self.arguments.clone(),
            acknowledge: self.acknowledge,
            auth: self.auth.as_ref(),
            reason: self.reason,
            ..Parts::default()
        }
    }
}

/// The rest of the way: further middleware, the guards, the handler.
pub struct Next {
    dispatcher: Dispatcher,
    handlers: Arc<Lookup>,
    /// How many middlewares have had their turn.
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

    /// Has the event handled. What comes back is what the handler came to, or what middleware on the way has made of it.
    ///
    /// Dropped before its end, it ends the handler, too: a timeout around it is one.
    ///
    /// # Errors
    ///
    /// [`HandlerError`], whatever failed: the handler, one of its arguments, a guard; by an `Err` or by a panic.
    pub async fn run(mut self, call: EventCall) -> Result<Response, HandlerError> {
        let (dispatcher, handlers) = (self.dispatcher.clone(), Arc::clone(&self.handlers));
        let (socket, acknowledge) = (call.socket.clone(), call.acknowledge);
        let result = match handlers.middleware().get(self.position) {
            Some(middleware) => {
                self.position += 1;
                dispatcher.run_middleware(middleware, call, self).await
            }
            None => {
                let parts = call.parts();
                dispatcher
                    .handle(&handlers, &socket, &call.event, parts)
                    .await
            }
        };
        dispatcher.settled(result, &socket, acknowledge)
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// A middleware of one server.
pub(crate) struct MiddlewareEntry {
    /// `Rooms::trigger_event`; empty for one that was given to the builder.
    name: Cow<'static, str>,
    /// What it stands around: a path, a pattern or `*`.
    pub(super) namespace: String,
    pub(super) location: &'static Location<'static>,
    run: Box<dyn Fn(EventCall, Next) -> HandlerFuture + Send + Sync>,
}

impl MiddlewareEntry {
    pub(super) fn given(
        namespace: &str,
        middleware: impl Middleware,
        location: &'static Location<'static>,
    ) -> Self {
        let middleware = Arc::new(middleware);
        MiddlewareEntry {
            name: Cow::Borrowed(""),
            namespace: namespace.to_owned(),
            location,
            run: Box::new(move |call, next| {
                let middleware = Arc::clone(&middleware);
                Box::pin(async move { middleware.handle(call, next).await })
            }),
        }
    }

    /// The `trigger_event` of a class, with the value that is served at a path.
    pub(super) fn from_namespace_impl(
        class: &str,
        namespace: &str,
        trigger: Trigger,
        instance: Instance,
    ) -> Self {
        MiddlewareEntry {
            name: Cow::Owned(format!("{class}::trigger_event")),
            namespace: namespace.to_owned(),
            location: trigger.location,
            run: Box::new(move |call, next| (trigger.shim)(&instance, call, next)),
        }
    }

    pub(super) fn handle(&self, call: EventCall, next: Next) -> HandlerFuture {
        (self.run)(call, next)
    }

    pub(super) fn name(&self) -> &str {
        if self.name.is_empty() {
            "middleware"
        } else {
            &self.name
        }
    }
}

impl fmt::Debug for MiddlewareEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, namespace) = (self.name(), &self.namespace);
        write!(f, "{name} of {namespace} ({})", self.location)
    }
}

/// ``the middleware of "/chat" (src/chat.rs:12)``, or `` `Rooms::trigger_event` (src/rooms.rs:12) ``
impl fmt::Display for MiddlewareEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.name {
            "" => write!(f, "the middleware of {:?}", self.namespace)?,
            name => write!(f, "`{name}`")?,
        }
        write!(f, " ({}:{})", self.location.file(), self.location.line())
    }
}
