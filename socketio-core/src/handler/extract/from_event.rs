//! The one trait of a handler's arguments.

use serde::de::DeserializeOwned;

use super::{EventContext, Needs};
use crate::base::BoxError;

/// What can be an argument of a handler.
///
/// Every type that serde can deserialize is the next argument of the event. The crate's own types ([`Socket`],
/// [`Auth`], [`State`], [`Session`], [`Reason`], [`EventName`], [`Rest`], [`Request`], [`HandlerError`], [`SocketIo`])
/// are something else, and so is what you implement this trait for:
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
/// It is synchronous: what must wait (a user from a database) is done once in `connect` and kept in a [`Session`].
///
/// [`Socket`]: crate::Socket
/// [`Auth`]: crate::Auth
/// [`State`]: crate::State
/// [`Session`]: crate::Session
/// [`Reason`]: crate::Reason
/// [`EventName`]: crate::EventName
/// [`Rest`]: crate::Rest
/// [`Request`]: crate::Request
/// [`HandlerError`]: crate::HandlerError
/// [`SocketIo`]: crate::SocketIo
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of an event handler",
    label = "neither `serde::Deserialize` nor one of the crate's own arguments",
    note = "derive `serde::Deserialize` for it, if clients send it; implement `socketio::FromEvent`, if it is made from the request or the session; wrap it in `State<..>`, if it belongs to the server"
)]
pub trait FromEvent: Sized {
    /// Makes the value, or fails the event.
    ///
    /// # Errors
    ///
    /// Any error reaches the error handlers and answers the acknowledgement; the handler does not run.
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError>;

    /// What this argument needs of the server and of the kind of event, for `build()` to check.
    fn needs(needs: &mut Needs) {
        let _ = needs;
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromEvent for T {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        cx.next()
    }

    fn needs(needs: &mut Needs) {
        needs.event_argument(std::any::type_name::<T>());
    }
}
