//! What the arguments of handlers need, for `build()` to check.

use std::any::{TypeId, type_name};

/// Collects what the arguments of a handler need, so that `build()` finds what is missing.
#[derive(Debug, Default)]
pub struct Needs(Vec<Need>);

/// One need.
#[derive(Debug)]
pub(crate) enum Need {
    /// An argument of the event. `connect` and `disconnect` have none.
    EventArgument(&'static str),
    /// All arguments that are left.
    Rest,
    /// What the client sent with its CONNECT.
    Auth,
    /// Why the client was disconnected.
    Reason,
    /// The error that an error handler handles.
    Error,
    /// The parameters of the namespace's pattern.
    Path,
    /// A state of this type.
    State(TypeId, &'static str),
}

impl Needs {
    /// Needs a value of type `T` given to `SocketIo::builder().state(..)`.
    pub fn state<T: 'static>(&mut self) {
        self.0
            .push(Need::State(TypeId::of::<T>(), type_name::<T>()));
    }

    /// Needs the next argument of the event, read with [`EventContext::next`](super::EventContext::next), so it cannot be used in
    /// `connect` and `disconnect`. `type_name` appears in the error of `build()`.
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

    pub(crate) fn list(&self) -> &[Need] {
        &self.0
    }
}
