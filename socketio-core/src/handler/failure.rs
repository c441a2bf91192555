//! Failed events: which errors are reported to the client, and which are logged.
//!
//! Called by `dispatch`. Only errors that are meant for clients are sent to them.

use std::{fmt, sync::Arc};

use serde_json::{Value, json};

use super::origin::Origin;
use crate::{
    base::{ArgumentError, Cause, ConnectionRefused, Escaped, Forbidden, HandlerError, fault},
    client::Socket,
    counters::ErrorKind,
    handler::{Outcome, RespondWith, ResponseEncoder},
    packet::{Arguments, Payload},
};

/// Creates the acknowledgements of events that failed: `error_ack`.
#[derive(Clone)]
pub(crate) struct ErrorAck {
    create: Arc<dyn Fn(&HandlerError) -> Value + Send + Sync>,
    /// Whether it is the user's function.
    #[cfg_attr(
        not(feature = "contract"),
        expect(dead_code, reason = "contracts contain it")
    )]
    pub(crate) is_own: bool,
}

impl ErrorAck {
    pub(crate) fn new(create: impl Fn(&HandlerError) -> Value + Send + Sync + 'static) -> Self {
        ErrorAck {
            create: Arc::new(create),
            is_own: true,
        }
    }

    /// Returns the acknowledgement of a failed event.
    pub(super) fn values(&self, error: &HandlerError, socket: &Socket) -> Option<Payload> {
        let form = socket.node().hub.codec.form();
        match fault::catch(|| form.payload(&(self.create)(error))) {
            Ok(values) => values.ok(),
            Err(panic) => {
                let (event, namespace) = (error.event(), error.namespace());
                tracing::error!(target: "socketio", event, namespace, %panic, "`error_ack` failed");
                form.payload(&internal_error()).ok()
            }
        }
    }
}

/// `{"error": ".."}`.
impl Default for ErrorAck {
    fn default() -> Self {
        ErrorAck {
            is_own: false,
            ..ErrorAck::new(default_error_ack)
        }
    }
}

impl fmt::Debug for ErrorAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorAck").finish_non_exhaustive()
    }
}

/// The reason why an event failed.
#[derive(Debug)]
pub(crate) enum EventFailure {
    /// It failed, and no error handler handled the error.
    Failed(HandlerError),
    /// Its packet is not valid JSON, which is a protocol violation. Error handlers do not run.
    Malformed(ArgumentError),
}

/// The reason why user code did not start.
pub(super) enum StartFailure {
    Failed(Cause),
    Malformed(ArgumentError),
}

impl EventFailure {
    /// Checks arguments that no user code has read. Only a protocol violation is a failure: a single value that is not valid JSON
    /// fails the code that reads it.
    pub(super) fn check(mut arguments: Arguments) -> Result<(), Self> {
        match arguments.finish() {
            Err(error) if error.is_malformed() => Err(EventFailure::Malformed(error)),
            _ => Ok(()),
        }
    }

    /// Returns the error for error handlers, or the failure itself if it is a protocol violation.
    pub(super) fn into_error(self) -> Result<HandlerError, Self> {
        match self {
            EventFailure::Failed(error) => Ok(error),
            malformed => Err(malformed),
        }
    }
}

impl From<HandlerError> for EventFailure {
    fn from(error: HandlerError) -> Self {
        EventFailure::Failed(error)
    }
}

/// Returns `{"error": ".."}` with the problem of the arguments or the message of a refusal. Internal errors are not
/// disclosed.
pub(crate) fn default_error_ack(error: &HandlerError) -> Value {
    let text = match error.argument_error() {
        Some(error) => error.to_string(),
        None if error.is_unknown_event() => String::from("unknown event"),
        None => match Forbidden::find(error) {
            Some(message) => message.to_owned(),
            None => return internal_error(),
        },
    };
    json!({ "error": text })
}

fn internal_error() -> Value {
    json!({ "error": "internal error" })
}

/// Returns the message for a client that is refused on purpose.
pub(super) fn connection_refused(error: &HandlerError) -> Option<ConnectionRefused> {
    // Searching the sources of an error runs user code.
    let refused = || {
        let refused = ConnectionRefused::find(error);
        refused.or_else(|| Forbidden::find(error).map(ConnectionRefused::new))
    };
    fault::catch(refused).unwrap_or_default()
}

/// Returns the response of a `RespondWith`, if the error is one or has one among its sources.
pub(super) fn find_response(error: &HandlerError, encoder: ResponseEncoder) -> Option<Outcome> {
    RespondWith::find(error, encoder)
}

/// Counts a failed event for its handler, and returns its outcome. Events without a handler are counted when they are received.
pub(super) fn count_failure(origin: Option<&Origin>, error: &HandlerError) -> &'static str {
    let Some(counters) = origin.and_then(|origin| origin.counters.as_ref()) else {
        return "unhandled";
    };
    // Searching the sources of an error runs user code.
    let is_forbidden = || fault::catch(|| Forbidden::find(error).is_some()).unwrap_or(false);
    let kind = match () {
        () if error.is_panic() => ErrorKind::Panic,
        () if error.argument_error().is_some() => ErrorKind::InvalidArguments,
        () if is_forbidden() => ErrorKind::Forbidden,
        () => ErrorKind::Error,
    };
    counters.failed(kind);
    // The event's span, if there is one; a span without this field ignores it.
    tracing::Span::current().record("error", kind.name());
    kind.name()
}

/// Logs a failed event, unless there were too many failures of this handler, because a client can cause any number of them.
pub(super) fn log_failure(socket: &Socket, error: &HandlerError, message: &'static str) {
    let problems = &socket.node().options.engine.problems;
    let Some(left_out) = problems.admit(error.location(), message) else {
        return;
    };
    let (namespace, event, sid) = (error.namespace(), error.event(), error.sid());
    let (function, location) = (error.function(), error.location());
    // Formatting an error and its sources runs user code.
    let text = fault::catch(|| {
        let clients_fault = error.argument_error().is_some() || Forbidden::find(error).is_some();
        (error.to_string(), clients_fault)
    });
    let (text, clients_fault) = text.unwrap_or_else(|panic| (panic.to_string(), false));
    // Errors may quote what a client sent.
    let error = Escaped(&text);
    // Mistakes of clients are logged as warnings, so that they can't fill the log of errors.
    if clients_fault {
        tracing::warn!(target: "socketio", %error, namespace, event, %sid, function, %location, left_out, "{message}");
    } else {
        tracing::error!(target: "socketio", %error, namespace, event, %sid, function, %location, left_out, "{message}");
    }
}
