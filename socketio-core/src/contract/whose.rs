//! [`Whose`]: the argument or value whose type has no schema.

use std::panic::Location;

use crate::node::{Described, EventDefinition};

/// The argument or value that a warning is about.
pub(super) struct Whose<'a> {
    what: &'a str,
    event: &'a str,
    place: &'static Location<'static>,
    is_closure: bool,
}

impl<'a> Whose<'a> {
    pub(super) fn of(handler: &Described<'a>, what: &'a str) -> Self {
        Whose {
            what,
            event: &handler.info.event,
            place: handler.info.location,
            is_closure: handler.info.function == "closure",
        }
    }

    pub(super) fn outgoing(definition: &EventDefinition, what: &'a str) -> Self {
        Whose {
            what,
            event: definition.name,
            place: definition.location,
            is_closure: false,
        }
    }

    /// Returns the warning that a type in it is unknown.
    pub(super) fn warning(&self, name: &str) -> String {
        let Whose {
            what, event, place, ..
        } = self;
        let (file, line) = (place.file(), place.line());
        let cure = match (name, self.is_closure) {
            ("Ack", _) => {
                "the handler sends it itself; if it can return the value instead, its type is known"
            }
            ("Stream", _) => "write the type as `impl Stream<Item = ..>`",
            (_, true) => {
                "give the event a function with an attribute, whose types are described by `schemars::JsonSchema`"
            }
            _ => "derive `schemars::JsonSchema` for it",
        };
        format!("{file}:{line}: the type `{name}` of {what} of {event:?} is `unknown`: {cure}")
    }
}
