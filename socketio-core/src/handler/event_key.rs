//! [`EventKey`]: functions that return the key of an event that runs once.

use std::fmt;

use serde::Serialize;

use super::extract::arities;
use crate::{
    base::BoxError,
    handler::{EventContext, FromEvent, Needs},
};

/// Functions and closures that return the key of an event, for `once = ..` in the attributes and for
/// [`EventHandlerExt::once`](crate::EventHandlerExt::once).
///
/// They take the same arguments as a handler, up to eight, each a [`FromEvent`], and read a copy of them. The key is any
/// value that is [`Serialize`]: text, a number, or a tuple of several. `None`, or any other value that is `null` in JSON, is no
/// key: the handler then always runs. The compiler infers `M`.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: Option<String>,
///     item: String,
/// }
///
/// fn order_id(order: Order) -> Option<String> {
///     order.id
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "this can't be the key of an event",
    label = "not a key",
    note = "a key is an argument (`once = id`), a field of one (`once = order.id`), or a function that is not `async`, whose arguments are `FromEvent` and that returns a `Serialize` value"
)]
pub trait EventKey<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn read(&self, cx: &mut EventContext<'_>) -> KeyResult;

    #[doc(hidden)]
    fn needs(needs: &mut Needs);
}

/// The JSON of a key; `None` for an event without one.
pub type KeyResult = Result<Option<String>, BoxError>;

/// Encodes a key. For generated code, which reads it from an argument.
pub fn event_key<T: Serialize + ?Sized>(key: &T) -> KeyResult {
    let key = serde_json::to_string(key)?;
    Ok((key != "null").then_some(key))
}

macro_rules! keys {
    ($($argument:ident)*) => {
        #[allow(non_snake_case, unused_variables, reason = "the same code for any number of arguments")]
        impl<F, R, $($argument,)*> EventKey<(R, $($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Send + Sync + 'static,
            R: Serialize,
            $($argument: FromEvent,)*
        {
            fn read(&self, cx: &mut EventContext<'_>) -> KeyResult {
                $(let $argument = $argument::from_event(cx)?;)*
                event_key(&self($($argument),*))
            }

            fn needs(needs: &mut Needs) {
                $($argument::needs(needs);)*
            }
        }
    };
}

arities!(keys);

/// The key of a handler, as an attribute describes it.
#[derive(Clone, Copy)]
pub struct KeyDefinition {
    pub(super) name: &'static str,
    pub(super) needs: fn(&mut Needs),
    pub(super) read: fn(&mut EventContext<'_>) -> KeyResult,
}

impl KeyDefinition {
    /// Describes a key. `name` is the text after `once =`.
    pub const fn new(
        name: &'static str,
        needs: fn(&mut Needs),
        read: fn(&mut EventContext<'_>) -> KeyResult,
    ) -> Self {
        KeyDefinition { name, needs, read }
    }
}

impl fmt::Debug for KeyDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
