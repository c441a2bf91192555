//! [`HandlerError`]: an event that failed, with its cause.

use std::{error::Error, fmt, panic::Location, sync::Arc};

use crate::base::{ArgumentError, BoxError, Sid, fault::Panic};

/// An event that failed: the argument of `on_error` handlers, and the error of [`Next::run`](crate::Next::run).
///
/// Cheap to clone. `Display` is the text of the error itself.
#[derive(Clone)]
pub struct HandlerError(Arc<Inner>);

struct Inner {
    cause: Cause,
    event: String,
    namespace: Arc<str>,
    sid: Sid,
    function: String,
    location: &'static Location<'static>,
}

/// The cause of a failed event.
pub(crate) enum Cause {
    /// The handler (or one of its arguments) returned an error.
    Error(BoxError),
    /// The handler panicked, with this message.
    Panic(String),
    /// There is no handler for the event.
    Unknown,
}

impl From<Panic> for Cause {
    fn from(panic: Panic) -> Self {
        Cause::Panic(panic.into_message())
    }
}

impl HandlerError {
    pub(crate) fn new(
        cause: Cause,
        event: &str,
        namespace: Arc<str>,
        sid: Sid,
        function: &str,
        location: &'static Location<'static>,
    ) -> Self {
        HandlerError(Arc::new(Inner {
            cause,
            event: event.to_owned(),
            namespace,
            sid,
            function: function.to_owned(),
            location,
        }))
    }

    /// Returns the same failure with another cause.
    pub(crate) fn with_cause(&self, cause: Cause) -> Self {
        let Inner {
            event,
            namespace,
            sid,
            function,
            location,
            ..
        } = &*self.0;
        HandlerError::new(
            cause,
            event,
            Arc::clone(namespace),
            sid.clone(),
            function,
            location,
        )
    }

    /// Returns the event's name as the client wrote it, or `connect` or `disconnect`.
    pub fn event(&self) -> &str {
        &self.0.event
    }

    /// Returns the namespace of the event.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// Returns the id of the client that sent the event.
    pub fn sid(&self) -> &Sid {
        &self.0.sid
    }

    /// Returns the handler's name: `join`, or `Rooms::on_say`. Empty if there is no handler for the event.
    pub fn function(&self) -> &str {
        &self.0.function
    }

    /// Returns where the handler is registered, or where the server was built if there is no handler for the event.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// Returns whether the handler panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.0.cause, Cause::Panic(_))
    }

    /// Returns whether there is no handler for the event. Error handlers do not see these errors; `error_ack` does.
    pub fn is_unknown_event(&self) -> bool {
        matches!(self.0.cause, Cause::Unknown)
    }

    /// Returns the error in the client's arguments, if the event failed because of them.
    pub fn argument_error(&self) -> Option<&ArgumentError> {
        self.downcast_ref()
    }

    /// Returns the error that the handler returned, if it is of type `T`. `anyhow` and `eyre` may hide the type of a
    /// wrapped error: [`error`](HandlerError::error) then has its message and its sources.
    pub fn downcast_ref<T: Error + 'static>(&self) -> Option<&T> {
        match &self.0.cause {
            Cause::Error(error) => error.downcast_ref(),
            Cause::Panic(_) | Cause::Unknown => None,
        }
    }

    /// Returns the error that the handler returned; `None` after a panic.
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.0.cause {
            Cause::Error(error) => Some(&**error),
            Cause::Panic(_) | Cause::Unknown => None,
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Error(error) => fmt::Display::fmt(error, f),
            Cause::Panic(message) => write!(f, "the handler panicked: {message}"),
            Cause::Unknown => f.write_str("there is no handler for this event"),
        }
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerError")
            .field("error", &format_args!("{self}"))
            .field("event", &self.event())
            .field("namespace", &self.namespace())
            .field("sid", self.sid())
            .field("function", &self.function())
            .field("location", &format_args!("{}", self.location()))
            .finish()
    }
}

impl Error for HandlerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.cause {
            Cause::Error(error) => Some(&**error),
            Cause::Panic(_) | Cause::Unknown => None,
        }
    }
}
