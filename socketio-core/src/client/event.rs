//! [`Event`]: values that know their event's name and namespace, and how many arguments they are.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    base::ArgumentError,
    node::EventDefinition,
    packet::{Arguments, Several},
};

/// Outgoing events that have a type: values of it know their name and namespace. Implemented by `#[derive(socketio::Event)]`.
///
/// `emit_event` of every handle sends one: [`To::emit_event`](crate::To::emit_event). The test client reads it back, with
/// `next_event`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event with a type",
    note = "put `#[derive(serde::Serialize, socketio::Event)]` and `#[socketio(event = \"name\", namespace = \"/path\")]` on it, or give the name: `.emit(\"name\", value)`"
)]
pub trait Event: Serialize {
    #[doc(hidden)]
    type Shape: Shape;
    #[doc(hidden)]
    const DEFINITION: &'static EventDefinition;
}

/// [Events](Event) that ask for an acknowledgement: those with `ack = T` in their attribute. `call_event` sends one and returns it.
#[diagnostic::on_unimplemented(
    message = "the event `{Self}` asks for no acknowledgement",
    label = "no `ack = ..` in its attribute",
    note = "write `#[socketio(event = \"name\", ack = T)]` with the type of the acknowledgement, or send it with `emit_event`"
)]
pub trait AsksForAck: Event {
    /// The acknowledgement; a tuple is several arguments, `()` is none.
    type Ack: DeserializeOwned;
}

/// How an event becomes arguments, and is read from them.
pub trait Shape {
    #[doc(hidden)]
    type Payload<'a, E: Serialize + 'a>: Serialize;

    #[doc(hidden)]
    fn payload<E: Serialize>(event: &E) -> Self::Payload<'_, E>;

    /// Reads an event from its arguments.
    ///
    /// # Errors
    ///
    /// If an argument is of another type.
    #[doc(hidden)]
    fn read<E: DeserializeOwned>(arguments: &mut Arguments) -> Result<E, ArgumentError>;
}

/// The shape of unit structs.
#[derive(Debug)]
pub struct NoArguments;

/// The shape of tuple structs with several fields, which are the arguments.
#[derive(Debug)]
pub struct SeveralArguments;

/// The shape of all other types.
#[derive(Debug)]
pub struct OneArgument;

impl Shape for NoArguments {
    type Payload<'a, E: Serialize + 'a> = ();

    fn payload<E: Serialize>(_: &E) {}

    fn read<E: DeserializeOwned>(_: &mut Arguments) -> Result<E, ArgumentError> {
        // A unit struct is read from `null`.
        Arguments::default().next()
    }
}

impl Shape for OneArgument {
    type Payload<'a, E: Serialize + 'a> = &'a E;

    fn payload<E: Serialize>(event: &E) -> &E {
        event
    }

    fn read<E: DeserializeOwned>(arguments: &mut Arguments) -> Result<E, ArgumentError> {
        arguments.next()
    }
}

impl Shape for SeveralArguments {
    type Payload<'a, E: Serialize + 'a> = Several<&'a E>;

    fn payload<E: Serialize>(event: &E) -> Several<&E> {
        Several(event)
    }

    fn read<E: DeserializeOwned>(arguments: &mut Arguments) -> Result<E, ArgumentError> {
        arguments.read::<Several<E>>().map(|Several(event)| event)
    }
}

/// Returns the name of an event, for the test client.
#[doc(hidden)]
pub fn event_name<E: Event>() -> &'static str {
    E::DEFINITION.name
}

/// Returns the namespace of an event, for the test client.
#[doc(hidden)]
pub fn event_namespace<E: Event>() -> &'static str {
    E::DEFINITION.namespace
}

/// Reads an event, for the test client.
///
/// # Errors
///
/// If an argument is of another type.
#[doc(hidden)]
pub fn read_event<E: Event + DeserializeOwned>(
    mut arguments: Arguments,
) -> Result<E, ArgumentError> {
    E::Shape::read(&mut arguments)
}
