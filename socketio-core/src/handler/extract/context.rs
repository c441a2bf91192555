//! [`EventContext`]: the event from which the arguments of a handler are read.
//!
//! The dispatcher creates one for each handler and guard. A protocol violation in an argument is remembered, even if user code
//! discards the error.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{
    base::{ArgumentError, BoxError, HandlerError, Reason, Request},
    client::Socket,
    handler::{
        Ack, ErrorAck, ResponseEncoder,
        ack_request::{AckOwner, AckSource},
        origin::Origin,
    },
    packet::{Arguments, Payload},
};

/// An event, as [`FromEvent`](super::FromEvent) implementations read it.
#[derive(Debug)]
pub struct EventContext<'a> {
    error_ack: &'a ErrorAck,
    socket: &'a Socket,
    event: &'a str,
    /// The namespace as it was registered: `/job/{id}`.
    pattern: &'a str,
    /// The user code that reads the arguments.
    origin: &'a Origin,
    input: Input<'a>,
    /// The first argument that was a protocol violation. Stored, because user code may discard the error.
    malformed: Option<Box<ArgumentError>>,
    /// Whether an `Ack` sends the acknowledgement, instead of the return value.
    ack_taken: bool,
}

/// The kind of event that a handler is called for, with its data.
#[derive(Clone, Debug)]
pub(crate) enum Input<'a> {
    /// An event of the client.
    Event {
        arguments: Arguments,
        ack: AckSource<'a>,
    },
    /// A client asks to join, with these credentials.
    Connect(&'a Payload),
    /// A client has disconnected.
    Disconnect(Reason),
    /// An event failed; for error handlers. Only events have arguments.
    Error {
        error: &'a HandlerError,
        arguments: Arguments,
        ack: AckSource<'a>,
    },
}

impl Input<'_> {
    /// Encodes the response even if the client asks for no acknowledgement.
    pub(in crate::handler) fn with_response(mut self) -> Self {
        if let Input::Event { ack, .. } = &mut self
            && !ack.is_requested()
        {
            *ack = AckSource::Stored;
        }
        self
    }

    fn arguments(&mut self) -> Option<&mut Arguments> {
        match self {
            Input::Event { arguments, .. } | Input::Error { arguments, .. } => Some(arguments),
            Input::Connect(_) | Input::Disconnect(_) => None,
        }
    }
}

impl<'a> EventContext<'a> {
    pub(crate) fn new(
        error_ack: &'a ErrorAck,
        socket: &'a Socket,
        event: &'a str,
        pattern: &'a str,
        origin: &'a Origin,
        input: Input<'a>,
    ) -> Self {
        EventContext {
            error_ack,
            socket,
            event,
            pattern,
            origin,
            input,
            malformed: None,
            ack_taken: false,
        }
    }

    /// Returns the next argument of the event as a `T`. An absent argument is `null`.
    ///
    /// # Errors
    ///
    /// If the argument is of another type.
    #[expect(
        clippy::should_implement_trait,
        reason = "no iterator: each argument has its own type"
    )]
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<T, BoxError> {
        self.read(Arguments::next)
    }

    /// Returns the remaining arguments.
    pub(crate) fn rest<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, BoxError> {
        self.read(Arguments::rest)
    }

    fn read<T>(
        &mut self,
        read: impl FnOnce(&mut Arguments) -> Result<T, ArgumentError>,
    ) -> Result<T, BoxError> {
        let result = match self.input.arguments() {
            Some(arguments) => read(arguments),
            None => read(&mut Arguments::default()),
        };
        result.map_err(|error| {
            if error.is_malformed() && self.malformed.is_none() {
                self.malformed = Some(error.clone().into());
            }
            error.into()
        })
    }

    /// Returns whether an argument was a protocol violation.
    pub(crate) fn is_malformed(&self) -> bool {
        self.malformed.is_some()
    }

    /// Takes the first argument that was a protocol violation. It closes the connection, no matter what user code did with
    /// the error.
    pub(crate) fn take_malformed(&mut self) -> Option<ArgumentError> {
        self.malformed.take().map(|error| *error)
    }

    /// Returns the client that sent the event.
    pub fn socket(&self) -> &Socket {
        self.socket
    }

    /// Returns the request that opened the connection.
    pub fn request(&self) -> &Request {
        self.socket.client().request()
    }

    /// Returns the server's state of type `T`, if the server was built with one.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.socket.node().states.get()
    }

    /// Returns the event's name as the client wrote it, or `connect` or `disconnect`.
    pub fn name(&self) -> &str {
        self.event
    }

    pub(crate) fn auth(&self) -> Option<&'a Payload> {
        match self.input {
            Input::Connect(auth) => Some(auth),
            _ => None,
        }
    }

    pub(crate) fn reason(&self) -> Option<Reason> {
        match self.input {
            Input::Disconnect(reason) => Some(reason),
            _ => None,
        }
    }

    pub(crate) fn error(&self) -> Option<&'a HandlerError> {
        match self.input {
            Input::Error { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Hands the acknowledgement over to the handler.
    pub(crate) fn take_ack(&mut self) -> Ack {
        let state = match &self.input {
            Input::Event { ack, .. } | Input::Error { ack, .. } => match ack {
                AckSource::None | AckSource::Stored => None,
                AckSource::Request(request) => {
                    Some(request.state(self.error_ack, self.socket, self.event))
                }
                AckSource::State(state) => Some(state),
            },
            Input::Connect(_) | Input::Disconnect(_) => None,
        };
        self.ack_taken = true;
        Ack::new(state.cloned(), || AckOwner::of(self.origin))
    }

    /// Returns whether an `Ack` sends the acknowledgement, instead of the return value.
    pub(crate) fn is_ack_taken(&self) -> bool {
        self.ack_taken
    }

    pub(crate) fn pattern(&self) -> &'a str {
        self.pattern
    }

    /// Returns the encoder of the handler's return value, for generated code.
    #[doc(hidden)]
    pub fn encoder(&self) -> ResponseEncoder {
        match self.input {
            Input::Connect(_) => ResponseEncoder::accepting(),
            Input::Disconnect(_) => ResponseEncoder::new(None),
            Input::Event { ref ack, .. } | Input::Error { ref ack, .. } => {
                let form = || self.socket.node().hub.codec.form();
                ResponseEncoder::new(ack.is_requested().then(form))
            }
        }
    }

    /// Checks that surplus arguments are valid JSON, and ignores them, for generated code.
    #[doc(hidden)]
    pub fn finish(&mut self) -> Result<(), BoxError> {
        if let Some(arguments) = self.input.arguments()
            && arguments.has_non_finite()
        {
            let (namespace, sid) = (self.socket.namespace(), self.socket.sid());
            self.origin.report_non_finite(self.event, namespace, sid);
        }
        match self.read(Arguments::finish)? {
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
