//! Events that failed.

use std::{any::Any, error::Error, fmt, panic::Location, sync::Arc};

use crate::base::{ArgumentError, BoxError, Sid};

/// An event that failed: what `on_error` handlers are given.
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

/// How an event failed.
pub(crate) enum Cause {
    /// The handler (or one of its arguments) returned an error.
    Error(BoxError),
    /// The handler panicked, with this message.
    Panic(String),
    /// No handler knows the event.
    Unknown,
}

impl Cause {
    pub(crate) fn from_panic(payload: Box<dyn Any + Send>) -> Self {
        let message = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| String::from("no message"));
        Cause::Panic(message)
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

    /// The event, as the client named it; `connect` and `disconnect` included.
    pub fn event(&self) -> &str {
        &self.0.event
    }

    /// The namespace of the event.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The client that sent the event.
    pub fn sid(&self) -> &Sid {
        &self.0.sid
    }

    /// The handler's name: `join`, or `Rooms::on_say`; empty when no handler knows the event.
    pub fn function(&self) -> &str {
        &self.0.function
    }

    /// Where the handler is registered; where the server was built, when no handler knows the event.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// Whether the handler panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.0.cause, Cause::Panic(_))
    }

    /// Whether no handler knows the event. Error handlers don't see these; `error_ack` does.
    pub fn is_unknown_event(&self) -> bool {
        matches!(self.0.cause, Cause::Unknown)
    }

    /// What was wrong with the arguments that the client sent, if it was that.
    pub fn argument_error(&self) -> Option<&ArgumentError> {
        self.downcast_ref()
    }

    /// The error that the handler returned, if it is of type `T`. `anyhow` and `eyre` may hide the type of what they wrap: then
    /// [`error`](HandlerError::error) has its text and what lies beneath.
    pub fn downcast_ref<T: Error + 'static>(&self) -> Option<&T> {
        match &self.0.cause {
            Cause::Error(error) => error.downcast_ref(),
            Cause::Panic(_) | Cause::Unknown => None,
        }
    }

    /// The error that the handler returned; `None` after a panic.
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
            Cause::Unknown => f.write_str("no handler knows this event"),
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
