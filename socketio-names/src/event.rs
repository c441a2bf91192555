//! Event names, and the names that the protocol reserves.

use std::{error::Error, fmt};

/// Names that no packet of a client or a server may carry: JavaScript clients emit them to their own listeners.
pub const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// The name of an event that tells a client with a session its offset, and nothing else. Sent if changes of the session can't be stored.
pub const OFFSET_EVENT: &str = "socketio:offset";

/// Returns whether `name` is one of [`RESERVED`].
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Returns whether an event of this name reports that a client joins or leaves a namespace. Clients can't send it.
pub fn is_lifecycle(name: &str) -> bool {
    name == "connect" || is_end(name)
}

/// Returns whether an event of this name reports that a client leaves its namespace: `disconnecting` while it is still in
/// its rooms, or `disconnect` afterwards.
pub fn is_end(name: &str) -> bool {
    matches!(name, "disconnecting" | "disconnect")
}

/// Checks whether an event of this name can have a handler.
///
/// `connect`, `disconnecting` and `disconnect` are valid: their handlers run when a client joins, leaves or has left a namespace.
///
/// # Errors
///
/// If the name is empty, or reserved and never handled.
pub fn check_handled(name: &str) -> Result<(), EventNameError> {
    match name {
        "" => Err(EventNameError::Empty),
        name if is_lifecycle(name) => Ok(()),
        name => match RESERVED.iter().find(|reserved| **reserved == name) {
            Some(reserved) => Err(EventNameError::Reserved(reserved)),
            None => Ok(()),
        },
    }
}

/// An event name that no handler can have. `Display` names the problem and the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventNameError {
    /// The name is the empty string.
    Empty,
    /// The name is one of [`RESERVED`].
    Reserved(&'static str),
}

impl fmt::Display for EventNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            EventNameError::Empty => return f.write_str("the event's name is empty: give it one"),
            EventNameError::Reserved(name) => *name,
        };
        let cure = match name {
            "connect_error" => "servers never receive it; errors of handlers go to `on_error`",
            _ => "no client can send it",
        };
        write!(f, "`{name}` is a reserved event name: {cure}")
    }
}

impl Error for EventNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_have_no_handlers_except_lifecycle_events() {
        let handled = RESERVED.iter().filter(|name| check_handled(name).is_ok());
        let handled: Vec<_> = handled.copied().collect();
        assert_eq!(handled, ["connect", "disconnect", "disconnecting"]);
    }

    #[test]
    fn other_names_have_handlers_unless_they_are_empty() {
        for name in ["say", "*", "any name at all", "Connect"] {
            assert_eq!(check_handled(name), Ok(()));
        }
        assert_eq!(check_handled(""), Err(EventNameError::Empty));
    }
}
