//! `emit_event` and `call_event` of every handle: [events](Event) that know their name and namespace.

use std::{panic::Location, sync::Arc};

use super::{AsksForAck, Event, Socket, SocketIo, To, event::Shape, scope};
use crate::{
    base::{CallError, EmitError, NoCurrentClient, Sid},
    node::{EventDefinition, Node},
};

/// Returns whether an event may be sent to a namespace.
fn check(node: &Node, definition: &EventDefinition, namespace: &str) -> Result<(), EmitError> {
    match node.events.may_go_to(definition, namespace) {
        true => Ok(()),
        false => Err(EmitError::wrong_namespace(
            definition.name,
            definition.namespace,
            namespace,
        )),
    }
}

impl To {
    /// Sends an event that knows its name: a value of a type with `#[derive(socketio::Event)]`.
    ///
    /// The recipients are in the namespace of the handle, which must be the event's own namespace. Recipients that a [`SocketIo`] has
    /// addressed without [`of`](To::of) are in the event's namespace.
    ///
    /// If the namespace is another one, or the event can't be encoded, nothing is sent, and the error is handled as by
    /// [`emit`](To::emit). [`try_emit_event`](To::try_emit_event) returns it instead.
    ///
    /// ```
    /// # use socketio_core::{Event, SocketIo};
    /// # fn example<ChatMessage: Event>(io: SocketIo, message: ChatMessage) {
    /// io.of("/chat").to("lobby").emit_event(&message);
    /// io.to("lobby").emit_event(&message);
    /// # }
    /// ```
    #[track_caller]
    pub fn emit_event<E: Event>(self, event: &E) {
        let origin = Location::caller();
        let from = self.from.clone();
        if let Err(error) = self.try_emit_event(event) {
            scope::fail(error, origin, from.as_ref());
        }
    }

    /// Sends an event that knows its name, or returns why it was not sent: [`emit_event`](To::emit_event).
    ///
    /// # Errors
    ///
    /// If it is sent to another namespace than its own, and as [`try_emit`](To::try_emit).
    pub fn try_emit_event<E: Event>(self, event: &E) -> Result<(), EmitError> {
        self.for_event(E::DEFINITION)?
            .try_emit(E::DEFINITION.name, E::Shape::payload(event))
    }

    /// Sends an event that knows its name and asks for an acknowledgement, and waits for the first that arrives: [`call`](To::call).
    ///
    /// Cancel-safe, as [`call`](To::call).
    ///
    /// # Errors
    ///
    /// As [`call`](To::call), and if it is sent to another namespace than its own.
    pub async fn call_event<E: AsksForAck>(self, event: &E) -> Result<E::Ack, CallError> {
        let to = self.for_event(E::DEFINITION).map_err(CallError::Emit)?;
        to.call(E::DEFINITION.name, E::Shape::payload(event)).await
    }

    /// Sends an event that knows its name and asks for an acknowledgement, and waits for the acknowledgements of all recipients:
    /// [`call_all`](To::call_all).
    ///
    /// # Errors
    ///
    /// As [`call_all`](To::call_all), and if it is sent to another namespace than its own.
    pub async fn call_event_all<E: AsksForAck>(
        self,
        event: &E,
    ) -> Result<Vec<(Sid, Result<E::Ack, CallError>)>, CallError> {
        let to = self.for_event(E::DEFINITION).map_err(CallError::Emit)?;
        to.call_all(E::DEFINITION.name, E::Shape::payload(event))
            .await
    }

    /// Checks the namespace, or sets it if the server has addressed recipients without one.
    fn for_event(mut self, definition: &EventDefinition) -> Result<Self, EmitError> {
        if self.any_namespace
            && let Some(own) = self.node.events.namespace_of(definition)
        {
            self.namespace = Arc::from(own);
            return Ok(self);
        }
        check(&self.node, definition, &self.namespace)?;
        Ok(self)
    }
}

impl Socket {
    /// Sends an event that knows its name to this client: a value of a type with `#[derive(socketio::Event)]`.
    ///
    /// Its namespace must be this client's. If it is not, or the event can't be encoded, nothing is sent, and the error is handled as by
    /// [`emit`](Socket::emit). [`try_emit_event`](Socket::try_emit_event) returns it instead.
    #[track_caller]
    pub fn emit_event<E: Event>(&self, event: &E) {
        let origin = Location::caller();
        if let Err(error) = self.try_emit_event(event) {
            scope::fail(error, origin, Some(self.client()));
        }
    }

    /// Sends an event that knows its name to this client, or returns why it was not sent.
    ///
    /// # Errors
    ///
    /// If this client is in another namespace than the event's, and as [`try_emit`](Socket::try_emit).
    pub fn try_emit_event<E: Event>(&self, event: &E) -> Result<(), EmitError> {
        check(self.node(), E::DEFINITION, self.namespace())?;
        self.try_emit(E::DEFINITION.name, E::Shape::payload(event))
    }

    /// Sends an event that knows its name and asks for an acknowledgement to this client, and waits for it: [`call`](Socket::call).
    ///
    /// Cancel-safe, as [`To::call`].
    ///
    /// # Errors
    ///
    /// As [`To::call`], and if this client is in another namespace than the event's.
    pub async fn call_event<E: AsksForAck>(&self, event: &E) -> Result<E::Ack, CallError> {
        self.to_self().call_event(event).await
    }
}

impl SocketIo {
    /// Sends an event that knows its name to everyone in its namespace: a value of a type with `#[derive(socketio::Event)]`.
    ///
    /// If its namespace is a pattern, name one namespace with `of(path)`. If the event can't be sent, the error is logged.
    /// [`try_emit_event`](SocketIo::try_emit_event) returns it instead.
    #[track_caller]
    pub fn emit_event<E: Event>(&self, event: &E) {
        self.broadcast().emit_event(event);
    }

    /// Sends an event that knows its name to everyone in its namespace, or returns why it was not sent.
    ///
    /// # Errors
    ///
    /// If its namespace is a pattern, and as [`try_emit`](SocketIo::try_emit).
    pub fn try_emit_event<E: Event>(&self, event: &E) -> Result<(), EmitError> {
        self.broadcast().try_emit_event(event)
    }

    /// Sends an event that knows its name and asks for an acknowledgement to everyone in its namespace, and waits for the first
    /// acknowledgement: [`To::call`].
    ///
    /// # Errors
    ///
    /// As [`To::call`], and if the event's namespace is a pattern.
    pub async fn call_event<E: AsksForAck>(&self, event: &E) -> Result<E::Ack, CallError> {
        self.broadcast().call_event(event).await
    }
}

/// Sends an event that knows its name to the current client: [`Socket::emit_event`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn emit_event<E: Event>(event: &E) {
    super::context::expect_current("emit_event").emit_event(event);
}

/// Sends an event that knows its name and asks for an acknowledgement to the current client, and waits for it:
/// [`Socket::call_event`].
///
/// # Errors
///
/// As [`To::call`], and if the client is in another namespace than the event's.
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn call_event<E: AsksForAck>(
    event: &E,
) -> impl Future<Output = Result<E::Ack, CallError>> + use<'_, E> {
    let socket = super::context::expect_current("call_event");
    async move { socket.call_event(event).await }
}

/// Sends an event that knows its name to the current client: [`emit_event`](fn@crate::emit_event).
///
/// # Errors
///
/// As [`Socket::try_emit_event`], and if there is no current client.
pub fn try_emit_event<E: Event>(event: &E) -> Result<(), EmitError> {
    let socket = scope::current().ok_or(NoCurrentClient)?;
    socket.try_emit_event(event)
}

/// Sends an event that knows its name and asks for an acknowledgement to the current client, and waits for it:
/// [`call_event`](fn@crate::call_event).
///
/// # Errors
///
/// As [`Socket::call_event`], and [`CallError::NoCurrentClient`].
pub fn try_call_event<E: AsksForAck>(
    event: &E,
) -> impl Future<Output = Result<E::Ack, CallError>> + use<'_, E> {
    let socket = scope::current().ok_or(NoCurrentClient);
    async move { socket?.call_event(event).await }
}
