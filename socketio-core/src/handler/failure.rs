//! Failed events: which error is reported to the client, and which is logged.
//!
//! Called by `dispatch`. Only errors that are meant for clients are sent to them.

use serde_json::{Value, json};

use crate::{
    base::{ArgumentError, Cause, ConnectionRefused, Forbidden, HandlerError, fault},
    handler::{Outcome, RespondWith, ResponseEncoder},
};

/// The reason why an event failed.
#[derive(Debug)]
pub(crate) enum EventFailure {
    /// It failed, and no error handler handled the error.
    Failed(HandlerError),
    /// Its arguments are not valid JSON, which is a protocol violation. Error handlers do not run.
    Malformed(ArgumentError),
}

/// The reason why user code did not start.
pub(super) enum StartFailure {
    Failed(Cause),
    Malformed(ArgumentError),
}

impl EventFailure {
    /// Returns the failure for arguments that no user code has read: an argument that is not valid JSON is a violation.
    pub(super) fn argument<T>(error: ArgumentError) -> Result<T, Self> {
        Err(EventFailure::Malformed(error))
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

pub(super) fn internal_error() -> Value {
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

/// Logs a failed event.
pub(super) fn log_failure(error: &HandlerError, message: &str) {
    let (namespace, event, sid) = (error.namespace(), error.event(), error.sid());
    let (function, location) = (error.function(), error.location());
    // Formatting an error and its sources runs user code.
    let text = fault::catch(|| {
        let clients_fault = error.argument_error().is_some() || Forbidden::find(error).is_some();
        (error.to_string(), clients_fault)
    });
    let (error, clients_fault) = text.unwrap_or_else(|panic| (panic.to_string(), false));
    // Mistakes of clients are logged as warnings, so that they can't fill the log of errors.
    if clients_fault {
        tracing::warn!(target: "socketio", %error, namespace, event, %sid, function, %location, "{message}");
    } else {
        tracing::error!(target: "socketio", %error, namespace, event, %sid, function, %location, "{message}");
    }
}
