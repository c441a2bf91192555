//! [`FromEvent`]: the trait of a handler's arguments.

use std::any::{Any, TypeId};

use serde::de::DeserializeOwned;

use super::{EventContext, Needs};
use crate::base::{BoxError, Reason};

/// Types that can be an argument of a handler.
///
/// A type that implements `DeserializeOwned` is the next argument of the event. The crate's own types ([`Socket`],
/// [`Auth`], [`Path`], [`State`], [`Session`], [`Reason`], [`EventName`], [`Rest`], [`Request`], [`HandlerError`],
/// [`SocketIo`], [`Ack`]) and types that implement this trait are created from the rest of the context:
///
/// ```
/// use socketio_core::{BoxError, EventContext, FromEvent};
///
/// /// The language that the client asked for when it connected.
/// struct Language(String);
///
/// impl FromEvent for Language {
///     fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
///         let language = cx.request().header("accept-language").ok_or("no language")?;
///         Ok(Language(language.to_owned()))
///     }
/// }
///
/// async fn greet(name: String, Language(language): Language) -> String {
///     match &*language {
///         "fr" => format!("bonjour {name}"),
///         _ => format!("hello {name}"),
///     }
/// }
/// ```
///
/// The conversion is synchronous. Load data that takes time, such as a user from a database, in `connect`, and keep it
/// in a [`Session`].
///
/// [`Socket`]: crate::Socket
/// [`Auth`]: crate::Auth
/// [`Path`]: crate::Path
/// [`State`]: crate::State
/// [`Session`]: crate::Session
/// [`Reason`]: crate::Reason
/// [`EventName`]: crate::EventName
/// [`Rest`]: crate::Rest
/// [`Request`]: crate::Request
/// [`HandlerError`]: crate::HandlerError
/// [`SocketIo`]: crate::SocketIo
/// [`Ack`]: crate::Ack
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of an event handler",
    label = "neither `serde::Deserialize` nor one of the crate's own arguments",
    note = "derive `serde::Deserialize` for it, if clients send it; implement `socketio::FromEvent`, if it is made from the request or the session; wrap it in `State<..>`, if it belongs to the server",
    note = "`Option` goes inside: `Auth<Option<T>>` instead of `Option<Auth<T>>`; a `State<T>` is always there, since `build()` checks it, and its `T` must be `Send + Sync`; an `Ack` is always there, and `is_requested()` tells whether the client waits; the `T` of a `Session<T>` must be `Default`; an error handler takes `HandlerError`"
)]
pub trait FromEvent: Sized {
    /// Creates the argument, or fails the event.
    ///
    /// # Errors
    ///
    /// An error fails the event before its handler runs: it goes to the error handlers, like an error of the handler.
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError>;

    /// Declares what this argument needs of the server and of the kind of event, for `build()` to check.
    fn needs(needs: &mut Needs) {
        let _ = needs;
    }
}

/// All types except [`Reason`] are arguments of the event. `Reason` is also deserializable, but is the reason of the
/// disconnect.
#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + 'static> FromEvent for T {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        if !is_reason::<T>() {
            return cx.next();
        }
        let reason = cx.reason().ok_or("no reason: this is not a disconnect")?;
        let mut reason = Some(reason);
        let reason = (&mut reason as &mut dyn Any).downcast_mut::<Option<T>>();
        reason
            .and_then(Option::take)
            .ok_or_else(|| "unreachable: the types are the same".into())
    }

    fn needs(needs: &mut Needs) {
        match is_reason::<T>() {
            true => needs.reason(),
            false => needs.event_argument(std::any::type_name::<T>()),
        }
    }
}

/// Evaluated at compile time.
fn is_reason<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<Reason>()
}

/// Calls a macro for every arity of closures and guards: zero to eight arguments.
macro_rules! arities {
    ($implement:ident) => {
        $implement!();
        $implement!(A1);
        $implement!(A1 A2);
        $implement!(A1 A2 A3);
        $implement!(A1 A2 A3 A4);
        $implement!(A1 A2 A3 A4 A5);
        $implement!(A1 A2 A3 A4 A5 A6);
        $implement!(A1 A2 A3 A4 A5 A6 A7);
        $implement!(A1 A2 A3 A4 A5 A6 A7 A8);
    };
}

pub(in crate::handler) use arities;
