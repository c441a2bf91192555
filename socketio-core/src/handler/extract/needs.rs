//! [`Needs`]: what the arguments of handlers require, for the checks of `build()`.

use std::any::{TypeId, type_name};

use crate::handler::return_value::is_sent;

/// Collects the requirements of a handler's arguments, so that `build()` reports what is missing.
#[derive(Debug, Default)]
pub struct Needs(Vec<Need>);

/// One requirement.
#[derive(Debug)]
pub(crate) enum Need {
    /// An argument of the event. `connect` and `disconnect` have none.
    EventArgument(&'static str),
    /// All remaining arguments.
    Rest,
    /// The `auth` object of a CONNECT packet.
    Auth,
    /// The reason of a disconnect.
    Reason,
    /// The error that is being handled.
    Error,
    /// The parameters of the namespace's pattern.
    Path,
    /// An acknowledgement. `connect` and `disconnect` have none.
    Ack,
    /// Not a requirement: the return value is meant to be sent.
    ReturnValue,
    /// A state of this type.
    State(TypeId, &'static str),
}

impl Needs {
    /// Requires a state of type `T`: `SocketIo::builder().state(..)`.
    pub fn state<T: 'static>(&mut self) {
        self.0
            .push(Need::State(TypeId::of::<T>(), type_name::<T>()));
    }

    /// Requires the next argument of the event, read with [`EventContext::next`](super::EventContext::next): the type
    /// can't be used in `connect` and `disconnect`. `type_name` appears in the error of `build()`.
    pub fn event_argument(&mut self, type_name: &'static str) {
        self.0.push(Need::EventArgument(type_name));
    }

    pub(crate) fn rest(&mut self) {
        self.0.push(Need::Rest);
    }

    pub(crate) fn auth(&mut self) {
        self.0.push(Need::Auth);
    }

    pub(crate) fn reason(&mut self) {
        self.0.push(Need::Reason);
    }

    pub(crate) fn error(&mut self) {
        self.0.push(Need::Error);
    }

    pub(crate) fn path(&mut self) {
        self.0.push(Need::Path);
    }

    pub(crate) fn ack(&mut self) {
        self.0.push(Need::Ack);
    }

    pub(crate) fn return_value(&mut self) {
        self.0.push(Need::ReturnValue);
    }

    /// For generated code: declares the return type of a handler that seems to take an [`Ack`](super::Ack).
    #[doc(hidden)]
    pub fn returns<T>(&mut self) {
        if is_sent(type_name::<T>()) {
            self.return_value();
        }
    }

    pub(crate) fn list(&self) -> &[Need] {
        &self.0
    }
}
