//! Events that do not end well: what failed, what the client is told, and what is logged.

use serde_json::{Value, json};

use crate::{
    base::{ArgumentError, Cause, ConnectionRefused, Forbidden, HandlerError, fault},
    handler::{Outcome, RespondWith, ResponseEncoder},
};

/// Why an event did not end well.
#[derive(Debug)]
pub(crate) enum EventFailure {
    /// It failed, and no error handler took it.
    Failed(HandlerError),
    /// Its arguments are not valid JSON: the client breaks the protocol. Error handlers do not see it.
    Malformed(ArgumentError),
}

/// Why user code did not start.
pub(super) enum StartFailure {
    Failed(Cause),
    Malformed(ArgumentError),
}

impl EventFailure {
    /// For arguments that nothing has tried to read: one that is not valid JSON is a violation.
    pub(super) fn argument<T>(error: ArgumentError) -> Result<T, Self> {
        Err(EventFailure::Malformed(error))
    }

    /// Returns the error that error handlers see; a violation of the protocol is passed on.
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

/// Returns `{"error": "<text>"}`, which says what was wrong with the client's arguments or why it may not, and nothing about
/// the server's own errors.
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

/// Returns what a client is told that is refused on purpose.
pub(super) fn connection_refused(error: &HandlerError) -> Option<ConnectionRefused> {
    // The errors beneath are found by user code.
    let refused = || {
        let refused = ConnectionRefused::find(error);
        refused.or_else(|| Forbidden::find(error).map(ConnectionRefused::new))
    };
    fault::catch(refused).unwrap_or_default()
}

/// Returns the response that an error is, or that lies beneath it.
pub(super) fn find_response(error: &HandlerError, encoder: ResponseEncoder) -> Option<Outcome> {
    RespondWith::find(error, encoder)
}

/// Logs a failed event.
pub(super) fn log_failure(error: &HandlerError, message: &str) {
    let (namespace, event, sid) = (error.namespace(), error.event(), error.sid());
    let (function, location) = (error.function(), error.location());
    // The text of an error, and the errors beneath it, are made by user code.
    let text = fault::catch(|| {
        let clients_fault = error.argument_error().is_some() || Forbidden::find(error).is_some();
        (error.to_string(), clients_fault)
    });
    let (error, clients_fault) = text.unwrap_or_else(|panic| (panic.to_string(), false));
    // What a client has done wrong must not fill the log of errors.
    if clients_fault {
        tracing::warn!(target: "socketio", %error, namespace, event, %sid, function, %location, "{message}");
    } else {
        tracing::error!(target: "socketio", %error, namespace, event, %sid, function, %location, "{message}");
    }
}
