//! [`Needs`]: the requirements of the arguments of handlers, for the checks of `build()`.

use std::any::{TypeId, type_name};

use crate::handler::return_value::is_sent;

/// Collects the requirements of a handler's arguments, so that `build()` reports what is missing.
#[derive(Debug, Default)]
pub struct Needs {
    list: Vec<Need>,
    #[cfg(feature = "contract")]
    pub(super) described: super::described::Described,
}

/// One requirement.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "contract"),
    expect(dead_code, reason = "some types are only for contracts")
)]
pub(crate) enum Need {
    /// An argument of the event. `connect` and `disconnect` have none.
    EventArgument(&'static str),
    /// All remaining arguments, with the type of one.
    Rest(&'static str),
    /// The `auth` object of a CONNECT packet, of this type.
    Auth(&'static str),
    /// The reason of a disconnect.
    Reason,
    /// The error that is being handled.
    Error,
    /// The parameters of the namespace's pattern, of this type.
    Path(&'static str),
    /// An acknowledgement. `connect` and `disconnect` have none.
    Ack,
    /// An upload, of which each event is a chunk. `connect` and `disconnect` have none.
    Upload,
    /// Not a requirement: the return value, of this type, is meant to be sent.
    ReturnValue(&'static str),
    /// A state of this type.
    State(TypeId, &'static str),
}

impl Needs {
    /// Requires a state of type `T`: `SocketIo::builder().state(..)`.
    pub fn state<T: 'static>(&mut self) {
        self.list
            .push(Need::State(TypeId::of::<T>(), type_name::<T>()));
    }

    /// Requires the next argument of the event, read with [`EventContext::next`](super::EventContext::next): the type
    /// can't be used in `connect` and `disconnect`. `type_name` appears in the error of `build()`.
    pub fn event_argument(&mut self, type_name: &'static str) {
        self.list.push(Need::EventArgument(type_name));
    }

    pub(crate) fn rest<T>(&mut self) {
        self.list.push(Need::Rest(type_name::<T>()));
    }

    pub(crate) fn upload(&mut self) {
        self.list.push(Need::Upload);
    }

    pub(crate) fn has_upload(&self) -> bool {
        self.list.iter().any(|need| matches!(need, Need::Upload))
    }

    pub(crate) fn auth<T>(&mut self) {
        self.list.push(Need::Auth(type_name::<T>()));
    }

    pub(crate) fn reason(&mut self) {
        self.list.push(Need::Reason);
    }

    pub(crate) fn error(&mut self) {
        self.list.push(Need::Error);
    }

    pub(crate) fn path<T>(&mut self) {
        self.list.push(Need::Path(type_name::<T>()));
    }

    pub(crate) fn ack(&mut self) {
        self.list.push(Need::Ack);
    }

    pub(crate) fn return_value(&mut self, type_name: &'static str) {
        self.list.push(Need::ReturnValue(type_name));
    }

    /// For generated code: declares the return type of a handler that seems to take an [`Ack`](super::Ack).
    #[doc(hidden)]
    pub fn returns<T>(&mut self) {
        if is_sent(type_name::<T>()) {
            self.return_value(type_name::<T>());
        }
    }

    pub(crate) fn list(&self) -> &[Need] {
        &self.list
    }
}
