//! [`ReturnValue`]: the return values of handlers, and [`NoAck`], which sends nothing.

use serde::Serialize;

use super::response::{Outcome, ResponseEncoder};

/// The return values of handlers: anything that is `Serialize`, which is sent as the acknowledgement, and [`NoAck`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the return value of a handler",
    label = "not `Serialize`",
    note = "derive `serde::Serialize` for it, or return nothing; `NoAck` sends no acknowledgement; a `Stream` needs `stream = \"..\"` in the attribute"
)]
pub trait ReturnValue {
    #[doc(hidden)]
    fn encode(&self, encoder: ResponseEncoder) -> Outcome;
}

/// Returns whether values of a type are acknowledgements with arguments: any type except `()`, [`NoAck`] and `Result`s of these.
///
/// The name of the type decides, as for the arity of payloads; the tests fail if the standard library changes it.
pub(crate) fn is_sent(type_name: &str) -> bool {
    let value = type_name
        .strip_prefix("core::result::Result<")
        .unwrap_or(type_name);
    let no_ack = std::any::type_name::<NoAck>();
    ["()", no_ack].into_iter().all(|unsent| {
        let rest = value.strip_prefix(unsent);
        rest.is_none_or(|rest| !rest.is_empty() && !rest.starts_with(','))
    })
}

impl<T: Serialize> ReturnValue for T {
    fn encode(&self, encoder: ResponseEncoder) -> Outcome {
        encoder.value(self)
    }
}

/// A return value that sends no acknowledgement, even if the client asked for one. The client then waits forever, or until the
/// timeout that it has set.
///
/// A `Result<NoAck>` sends an acknowledgement only if the handler fails. In middleware, `Response::new(NoAck)` sends none. To
/// acknowledge later, take an [`Ack`](crate::Ack).
///
/// ```
/// use socketio_core::NoAck;
///
/// async fn ignored(text: String) -> NoAck {
///     println!("{text}");
///     NoAck
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoAck;

impl ReturnValue for NoAck {
    fn encode(&self, encoder: ResponseEncoder) -> Outcome {
        encoder.no_ack()
    }
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use super::*;

    #[test]
    fn unit_and_no_ack_are_not_sent() {
        assert!(!is_sent(type_name::<()>()));
        assert!(!is_sent(type_name::<NoAck>()));
        assert!(!is_sent(type_name::<Result<(), String>>()));
        assert!(!is_sent(type_name::<Result<NoAck, std::io::Error>>()));
        assert!(!is_sent(type_name::<crate::Result>()));
    }

    #[test]
    fn everything_else_is_sent() {
        assert!(is_sent(type_name::<u8>()));
        assert!(is_sent(type_name::<&str>()));
        assert!(is_sent(type_name::<((), u8)>()));
        assert!(is_sent(type_name::<Option<()>>()));
        assert!(is_sent(type_name::<Result<u8, ()>>()));
        assert!(is_sent(type_name::<Result<((), ()), NoAck>>()));
    }
}
