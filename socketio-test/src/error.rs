//! The errors of test clients.

use std::{error::Error, fmt};

use serde_json::Value;
use socketio_core::{
    HandlerError, Reason,
    protocol::{ArgumentError, EncodeError},
};

/// The error of joining a namespace.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server refused the client with the content of a `ConnectionRefused`. An unknown namespace is refused with
    /// `Invalid namespace`.
    Refused {
        /// The message.
        message: String,
        /// The data, if there is any.
        data: Option<Value>,
    },
    /// The connection was closed before the server responded.
    Closed(Reason),
    /// The [`auth`](crate::TestClientBuilder::auth) is not a JSON object.
    Auth(EncodeError),
    /// The headers, cookies or the URI are invalid.
    Request(http::Error),
    /// The given namespace does not start with `/`, or contains a comma: other clients that name it would be refused, or would join
    /// another one. Nothing was sent.
    Namespace(String),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Refused {
                message,
                data: None,
            } => write!(f, "the server refused the client: {message}"),
            ConnectError::Refused {
                message,
                data: Some(data),
            } => write!(f, "the server refused the client: {message} ({data})"),
            ConnectError::Closed(reason) => {
                write!(f, "the connection was closed: {}", reason.detail())
            }
            ConnectError::Auth(error) => error.fmt(f),
            ConnectError::Request(error) => write!(f, "the request can't be made: {error}"),
            ConnectError::Namespace(path) if path.starts_with('/') => write!(
                f,
                "the namespace {path:?} can't contain `,`, which ends it in a packet"
            ),
            ConnectError::Namespace(path) => {
                let absolute = format!("/{path}");
                write!(
                    f,
                    "the namespace {path:?} must start with `/`: write `{absolute:?}`"
                )
            }
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ConnectError::Refused { .. } | ConnectError::Closed(_) | ConnectError::Namespace(_) => {
                None
            }
            ConnectError::Auth(error) => Some(error),
            ConnectError::Request(error) => Some(error),
        }
    }
}

/// The reason why an event failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum EmitFailed {
    /// The handler failed and no error handler handled the error, or there is no handler for the event
    /// ([`is_unknown_event`](HandlerError::is_unknown_event)).
    Handler(HandlerError),
    /// The client is not in its namespace any more, with the reason.
    Disconnected(Reason),
    /// The event's name is reserved, or its payload can't be encoded; nothing was sent.
    Encode(EncodeError),
    /// The event did not ask for an acknowledgement ([`ack`](crate::TestClient::ack)).
    NoAckRequested,
}

impl fmt::Display for EmitFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EmitFailed::Handler(error) => handler(error, f),
            EmitFailed::Disconnected(reason) => disconnected(*reason, f),
            EmitFailed::Encode(error) => error.fmt(f),
            EmitFailed::NoAckRequested => {
                f.write_str("the event did not ask for an acknowledgement")
            }
        }
    }
}

impl Error for EmitFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            EmitFailed::Handler(error) => Some(error),
            EmitFailed::Encode(error) => Some(error),
            EmitFailed::Disconnected(_) | EmitFailed::NoAckRequested => None,
        }
    }
}

/// The reason why a call has no acknowledgement of the expected type.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallFailed {
    /// The handler failed and no error handler handled the error, or there is no handler for the event
    /// ([`is_unknown_event`](HandlerError::is_unknown_event)).
    Handler(HandlerError),
    /// The acknowledgement is of another type.
    InvalidAck(ArgumentError),
    /// No acknowledgement was received within the timeout: five seconds, or that of
    /// [`timeout`](crate::TestClientBuilder::timeout).
    Timeout,
    /// The client is not in its namespace any more, with the reason.
    Disconnected(Reason),
    /// The event's name is reserved, or its payload can't be encoded; nothing was sent.
    Encode(EncodeError),
}

impl fmt::Display for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallFailed::Handler(error) => handler(error, f),
            CallFailed::InvalidAck(error) => write!(f, "the acknowledgement: {error}"),
            CallFailed::Timeout => f.write_str("no acknowledgement was received in time"),
            CallFailed::Disconnected(reason) => disconnected(*reason, f),
            CallFailed::Encode(error) => error.fmt(f),
        }
    }
}

impl Error for CallFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            CallFailed::Handler(error) => Some(error),
            CallFailed::InvalidAck(error) => Some(error),
            CallFailed::Encode(error) => Some(error),
            CallFailed::Timeout | CallFailed::Disconnected(_) => None,
        }
    }
}

fn handler(error: &HandlerError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (event, location) = (error.event(), error.location());
    if error.is_unknown_event() {
        return write!(f, "there is no handler for the event {event:?}");
    }
    write!(f, "the handler of {event:?} failed ({location}): {error}")
}

fn disconnected(reason: Reason, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "the client is not connected: {}", reason.detail())
}
