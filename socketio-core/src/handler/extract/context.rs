//! What an argument can be made from.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{
    base::{BoxError, HandlerError, Reason, Request},
    client::Socket,
    handler::ResponseEncoder,
    packet::{Arguments, Payload},
};

/// An event on its way to a handler: what [`FromEvent`](super::FromEvent) implementations read.
#[derive(Debug)]
pub struct EventContext<'a> {
    socket: &'a Socket,
    event: &'a str,
    parts: Parts<'a>,
}

/// What only some events have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts<'a> {
    /// The event's arguments.
    pub(crate) arguments: Arguments,
    /// Whether an acknowledgement was asked for.
    pub(crate) acknowledge: bool,
    /// `connect`: what the client sent along.
    pub(crate) auth: Option<&'a Payload>,
    /// `disconnect`.
    pub(crate) reason: Option<Reason>,
    /// Error handlers.
    pub(crate) error: Option<&'a HandlerError>,
    /// The namespace as the handler was registered: `/job/{id}`.
    pub(crate) pattern: &'a str,
}

impl<'a> EventContext<'a> {
    pub(crate) fn new(socket: &'a Socket, event: &'a str, parts: Parts<'a>) -> Self {
        EventContext {
            socket,
            event,
            parts,
        }
    }

    /// The next argument of the event, as a `T`; an absent one is `null`.
    ///
    /// # Errors
    ///
    /// When it is of another type.
    #[expect(
        clippy::should_implement_trait,
        reason = "no iterator: each argument has its own type"
    )]
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<T, BoxError> {
        Ok(self.parts.arguments.next()?)
    }

    /// All arguments that have not been read.
    pub(crate) fn rest<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, BoxError> {
        Ok(self.parts.arguments.rest()?)
    }

    /// The client that sent the event.
    pub fn socket(&self) -> &Socket {
        self.socket
    }

    /// The request that opened the connection.
    pub fn request(&self) -> &Request {
        self.socket.client().request()
    }

    /// The server's state of type `T`, if it was built with one.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.socket.node().states.get()
    }

    /// The event's name, as the client wrote it; `connect` and `disconnect` included.
    pub fn name(&self) -> &str {
        self.event
    }

    pub(crate) fn auth(&self) -> Option<&'a Payload> {
        self.parts.auth
    }

    pub(crate) fn reason(&self) -> Option<Reason> {
        self.parts.reason
    }

    pub(crate) fn error(&self) -> Option<&'a HandlerError> {
        self.parts.error
    }

    pub(crate) fn pattern(&self) -> &'a str {
        self.parts.pattern
    }

    /// For generated code: how the handler's value is answered.
    #[doc(hidden)]
    pub fn answer(&self) -> ResponseEncoder {
        if self.parts.auth.is_some() && self.parts.error.is_none() {
            return ResponseEncoder::accepting();
        }
        let form = || self.socket.node().hub.codec.form();
        ResponseEncoder::new(self.parts.acknowledge.then(form))
    }

    /// For generated code: the handler has all its arguments. Surplus ones are passed over, once they are known to be
    /// JSON.
    #[doc(hidden)]
    pub fn finish(&mut self) -> Result<(), BoxError> {
        match self.parts.arguments.finish()? {
            0 => {}
            surplus => tracing::debug!(
                target: "socketio",
                event = self.event,
                surplus,
                "the event has more arguments than its handler takes"
            ),
        }
        Ok(())
    }
}
